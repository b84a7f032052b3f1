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
        why = next((line for line in done.stderr.splitlines() if "ERROR" in line or "runtime error" in line), f"{count} of {runs} runs")
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


def coverage(build: pathlib.Path, thing: str) -> tuple[bool, str]:
    """Line coverage, by the committed corpus alone, of the .cpp files that the fuzzer names in `// covers:` lines or includes."""
    source = next((ROOT / "src").rglob(f"{thing}_fuzz.cpp"))
    text = source.read_text(encoding="utf-8")
    named = re.findall(r"^// covers: (\S+)", text, re.M) or [header.replace(".hpp", ".cpp") for header in re.findall(r'#include "([^"]+)"', text)]
    files = [str(ROOT / "src" / name) for name in named if (ROOT / "src" / name).exists() and not name.startswith("base/")]
    with tempfile.TemporaryDirectory() as temp:
        raw, merged = f"{temp}/raw", f"{temp}/merged"
        subprocess.run([str(build / f"fuzz_{thing}"), str(ROOT / "corpus" / thing)], env=os.environ | {"LLVM_PROFILE_FILE": raw}, capture_output=True)
        subprocess.run(["llvm-profdata-19", "merge", "-sparse", raw, "-o", merged], check=True)
        report = subprocess.run(["llvm-cov-19", "export", "-summary-only", str(build / f"fuzz_{thing}"), f"-instr-profile={merged}", *files],
                                check=True, capture_output=True, text=True)
    rows = {os.path.relpath(row["filename"], ROOT / "src"): row["summary"]["lines"] for row in json.loads(report.stdout)["data"][0]["files"]}
    low = {name: lines for name, lines in rows.items() if lines["percent"] < COVERAGE_BAR}
    text = ", ".join(f"{name} {lines['percent']:.0f} %" for name, lines in sorted(rows.items()))
    return not low and bool(rows), text or "nothing measured"


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
    print(f"{len(names) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
