"""Runs fuzz targets (libFuzzer with ASan and UBSan) from their committed corpus.

    fuzz.py --build DIR [--runs N] TARGET|--all
    fuzz.py --build DIR --planted --all     each target must find an overflow planted in front of it
    fuzz.py --build DIR --coverage --all    line coverage of what each target's corpus reaches (a coverage build)

New finds stay in a temporary folder; a crasher is copied to corpus/<thing>/crash-<sha> so that it is replayed for ever.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
SECONDS_PER_TARGET = 1500
COVERAGE_BAR = 90.0
COVERS = re.compile(r"// covers: (\S+\.cpp)")


def targets(build: pathlib.Path) -> list[str]:
    found = sorted(path.name.removeprefix("fuzz_") for path in build.glob("fuzz_*") if os.access(path, os.X_OK) and path.is_file())
    return [name for name in found if not name.endswith("_planted")]


def fuzz(build: pathlib.Path, thing: str, runs: int) -> tuple[bool, str]:
    with tempfile.TemporaryDirectory(prefix="archipelago-fuzz-") as temp:
        work = pathlib.Path(temp) / "corpus"
        shutil.copytree(ROOT / "corpus" / thing, work)
        command = [str(build / f"fuzz_{thing}"), f"-runs={runs}", f"-max_total_time={SECONDS_PER_TARGET}", "-print_final_stats=1", "-max_len=65536",
                   "-timeout=25", "-rss_limit_mb=3000", f"-artifact_prefix={temp}/", str(work)]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace")
        executed = re.search(r"number_of_executed_units:\s*(\d+)", done.stderr)
        count = int(executed[1]) if executed else 0
        if done.returncode == 0 and count >= runs:
            return True, f"{count} runs, {len(list(work.iterdir()))} inputs"
        crashers = [path for path in pathlib.Path(temp).iterdir() if path.is_file()]
        for path in crashers:
            shutil.copy(path, ROOT / "corpus" / thing / path.name)
        why = next((line for line in done.stderr.splitlines() if "ERROR" in line or "runtime error" in line), f"{count} of {runs} runs, exit code {done.returncode}")
        return False, f"{why} {[path.name for path in crashers]}"


def planted(build: pathlib.Path, thing: str) -> tuple[bool, str]:
    """The same target behind a wrapper that hands it one byte more than it allocated."""
    command = [str(build / f"fuzz_{thing}_planted"), "-runs=20000", "-max_total_time=120", str(ROOT / "corpus" / thing)]
    with tempfile.TemporaryDirectory() as temp:
        work = pathlib.Path(temp) / "corpus"
        shutil.copytree(ROOT / "corpus" / thing, work)
        done = subprocess.run(command[:-1] + [f"-artifact_prefix={temp}/", str(work)], capture_output=True, text=True, errors="replace")
    found = "heap-buffer-overflow" in done.stderr
    return found, "planted overflow found" if found else "planted overflow NOT found"


def fuzzer_source(thing: str) -> tuple[str, list[str]]:
    """The module of a fuzzer and its source, line by line."""
    path = next((ROOT / "src").rglob(f"{thing}_fuzz.cpp"))
    return path.relative_to(ROOT / "src").parts[0], path.read_text(encoding="utf-8").splitlines()


def own_files(thing: str) -> list[str]:
    """The .cpp files of its own module whose headers a fuzzer includes."""
    module, lines = fuzzer_source(thing)
    included = [match[1] + ".cpp" for line in lines if (match := re.match(r'#include "([^"]+)\.hpp"', line))]
    return [name for name in included if name.startswith(f"{module}/") and (ROOT / "src" / name).exists()]


def unread_covers(thing: str) -> list[str]:
    """Complaints about every `covers:` that judged_files would not read: one that a formatter joined to another line is lost."""
    complaints = []
    for number, line in enumerate(fuzzer_source(thing)[1], 1):
        if not re.search(r"//.*\bcovers:", line):
            continue
        named = COVERS.fullmatch(line)
        if not named:
            complaints.append(f"{thing}_fuzz.cpp:{number}: 'covers:' in the middle of a line; it stands alone, as '// covers: module/file.cpp'"
                              " below an empty '//' line")
        elif not (ROOT / "src" / named[1]).is_file():
            complaints.append(f"{thing}_fuzz.cpp:{number}: there is no src/{named[1]}")
    return complaints


def judged_files(thing: str) -> list[str]:
    """What the corpus of a target must cover: what its `// covers:` lines name, or else all its own files."""
    named = [match[1] for line in fuzzer_source(thing)[1] if (match := COVERS.fullmatch(line))]
    return named or own_files(thing)


def judged_by_none(names: list[str]) -> list[str]:
    """Files that every fuzzer leaves to another."""
    judged = {name for thing in names for name in judged_files(thing)}
    return sorted({name for thing in names for name in own_files(thing)} - judged)


def coverage(build: pathlib.Path, thing: str) -> tuple[bool, str]:
    """Line coverage of the judged files by the committed corpus alone."""
    src = build.parent / "source" / "src"  # by that way the objects were made
    files = [str(src / name) for name in judged_files(thing)]
    binary = str(build / f"fuzz_{thing}")
    with tempfile.TemporaryDirectory() as temp:
        raw, merged = f"{temp}/raw", f"{temp}/merged"
        replayed = subprocess.run([binary, str(ROOT / "corpus" / thing)], env=os.environ | {"LLVM_PROFILE_FILE": raw}, capture_output=True)
        if replayed.returncode != 0:
            return False, f"its corpus ends it with {replayed.returncode}"
        subprocess.run(["llvm-profdata-19", "merge", "-sparse", raw, "-o", merged], check=True)
        report = subprocess.run(["llvm-cov-19", "export", "-summary-only", binary, f"-instr-profile={merged}", *files],
                                check=True, capture_output=True, text=True)
    rows = {os.path.relpath(os.path.realpath(row["filename"]), ROOT / "src"): row["summary"]["lines"] for row in json.loads(report.stdout)["data"][0]["files"]}
    low = {name: lines for name, lines in rows.items() if lines["percent"] < COVERAGE_BAR}
    text = ", ".join(f"{name} {lines['percent']:.1f} %" for name, lines in sorted(rows.items()))
    return not low and len(rows) == len(set(files)), text or "nothing measured"


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--build", type=pathlib.Path, required=True)
    arguments.add_argument("--runs", type=int, default=10000)
    arguments.add_argument("--planted", action="store_true")
    arguments.add_argument("--coverage", action="store_true")
    arguments.add_argument("--all", action="store_true")
    arguments.add_argument("target", nargs="?")
    given = arguments.parse_args()
    names = targets(given.build) if given.all else [given.target]
    if not names or names == [None] or any(not (ROOT / "corpus" / str(name)).is_dir() for name in names):
        print(f"fuzz: no such target; there are: {' '.join(targets(given.build))}", file=sys.stderr)
        return 2
    if lost := [complaint for name in names for complaint in unread_covers(name)]:
        print("\n".join(f"fuzz: {complaint}" for complaint in lost), file=sys.stderr)
        return 2

    def one(thing: str) -> tuple[bool, str]:
        if given.planted:
            return planted(given.build, thing)
        if given.coverage:
            return coverage(given.build, thing)
        return fuzz(given.build, thing, given.runs)

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for thing, (ok, text) in zip(names, pool.map(one, names)):
            failed += not ok
            print(f"{'PASS' if ok else 'FAIL'} {thing}: {text}", flush=True)
    if given.coverage and given.all and (left := judged_by_none(names)):
        failed += 1
        print(f"FAIL covered by no target: {', '.join(left)}")
    print(f"{len(names) + (given.coverage and given.all) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
