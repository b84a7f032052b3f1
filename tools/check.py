"""`./dev check`: what a program can say about style and shape. Each check is a function from a tree to complaints.

    check.py --build DIR [--self-test] [--tidy all]

`--self-test` plants one fault of each kind in a copy of the tree and fails if its check does not notice.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
CODE_FOLDERS = ("src", "testmint", "sim", "bench", "interop", "tools")


def code_files(root: pathlib.Path, *suffixes: str) -> list[pathlib.Path]:
    found = []
    for folder in CODE_FOLDERS:
        for suffix in suffixes:
            found += [p for p in (root / folder).rglob(f"*{suffix}") if "node_modules" not in p.parts and "target" not in p.parts]
    return sorted(found)


def read(path: pathlib.Path) -> str:
    return path.read_text(encoding="utf-8")


# --- format -------------------------------------------------------------------------------------------------------


def check_format(root: pathlib.Path) -> list[str]:
    files = [str(p) for p in code_files(root, ".hpp", ".cpp")]
    done = subprocess.run(["clang-format-19", "--dry-run", "-Werror", *files], cwd=root, capture_output=True, text=True)
    bad = sorted({line.split(":")[0] for line in done.stderr.splitlines() if "error:" in line})
    return [f"{os.path.relpath(p, root)}: not formatted (clang-format-19 -i)" for p in bad]


# --- layers -------------------------------------------------------------------------------------------------------


def layer_table(root: pathlib.Path) -> tuple[dict[str, int], dict[str, set[str]], set[str]]:
    """(layer of each module, what each may include, modules the no-swarm build leaves out)."""
    layers, allowed, without = {}, {}, set()
    for line in read(root / "cmake/layers.txt").splitlines():
        if not line or line.startswith("#"):
            continue
        head, _, tail = line.partition(":")
        name, *rest = head.split()
        if name == "no-swarm-without":
            without = set(tail.split())
        else:
            layers[name], allowed[name] = int(rest[0]), set(tail.split())
    return layers, allowed, without


# Bans that the table itself must keep to, each with its reason.
BANS = [
    ({"base", "crypto", "wire", "bao", "cashu", "trust"}, {"rt"}, "pure modules never touch rt"),
    ({"fetch", "store", "blobs", "swarm"}, {"wallet", "fedimint", "streaming", "paid"}, "content never touches money"),
    ({"wallet", "fedimint"}, {"quic", "fetch", "blobs", "swarm"}, "money is auditable alone"),
    ({"swarm"}, {"paid"}, "swarm and paid never see each other"),
    ({"paid"}, {"swarm"}, "swarm and paid never see each other"),
    ({"fetch", "streaming", "updates", "trust", "wallet", "fedimint", "http", "store"}, {"quic"}, "the no-swarm build has no quic"),
]


def check_layers(root: pathlib.Path) -> list[str]:
    layers, allowed, without = layer_table(root)
    complaints = []
    for module, deps in allowed.items():
        for dep in sorted(deps):
            if dep not in layers:
                complaints.append(f"cmake/layers.txt: {module} names unknown module {dep}")
            elif layers[dep] >= layers[module] and (module, dep) not in {("rt", "base")}:
                complaints.append(f"cmake/layers.txt: {module} -> {dep} does not go down")
            for modules, banned, reason in BANS:
                if module in modules and dep in banned:
                    complaints.append(f"cmake/layers.txt: {module} -> {dep} is banned: {reason}")
    for path in sorted((root / "src").rglob("*.[hc]pp")):
        parts = path.relative_to(root / "src").parts
        module = parts[0]
        if module not in layers:
            complaints.append(f"src/{'/'.join(parts)}: module {module} is not in cmake/layers.txt")
            continue
        in_swarm_folder = "swarm" in parts[1:-1]
        for number, line in enumerate(read(path).splitlines(), 1):
            include = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if not include:
                continue
            target = include[1].split("/")[0]
            where = f"src/{'/'.join(parts)}:{number}"
            if target in ("sim", "testmint", "interop", "bench"):
                complaints.append(f"{where}: product code includes {include[1]}")
            elif target not in layers:
                complaints.append(f"{where}: include by full path from src/, not {include[1]}")
            elif target != module and target not in allowed[module]:
                complaints.append(f"{where}: {module} may not include {include[1]} (cmake/layers.txt)")
            elif target in without and module not in without and not in_swarm_folder:
                complaints.append(f"{where}: {include[1]} only from {module}/swarm/: the no-swarm build has no {target}")
    return complaints


# --- headers ------------------------------------------------------------------------------------------------------


def check_headers(build: pathlib.Path) -> list[str]:
    """Every header compiles alone: the target header_check has one translation unit for each."""
    done = subprocess.run(["ninja", "-C", str(build), "-k", "0", "header_check"], capture_output=True, text=True)
    if done.returncode == 0:
        return []
    errors = re.findall(r"^(\S+?\.hpp:\d+:\d+: (?:fatal )?error: .*)$", done.stdout, re.M)
    return errors or [done.stdout[-2000:]]


# --- fuzzers ------------------------------------------------------------------------------------------------------

PARSER = re.compile(r"\b((?:parse|decode|read)_\w+|\w+::parse|\w+::decode|static \S+ (?:parse|decode)\w*)\s*\(\s*(?:ByteView|MutableBytes|std::string_view|const Bytes)")


def check_fuzzers(root: pathlib.Path) -> list[str]:
    """A header that declares a parser of outside bytes is included by a fuzzer, and the fuzzer has a corpus."""
    fuzzers = sorted((root / "src").rglob("*_fuzz.cpp"))
    included = {m for p in fuzzers for m in re.findall(r'#include "([^"]+)"', read(p))}
    exempt = {}
    for line in read(root / "tools/no_fuzzer.txt").splitlines():
        if line and not line.startswith("#"):
            path, _, reason = line.partition(" ")
            exempt[path] = reason
    complaints = []
    for path in sorted((root / "src").rglob("*.hpp")):
        name = str(path.relative_to(root / "src"))
        parser = PARSER.search(read(path))
        if parser and name not in included and name not in exempt:
            complaints.append(f"src/{name}: {parser[1]} reads outside bytes but no *_fuzz.cpp includes it")
    for path in fuzzers:
        thing = path.name.removesuffix("_fuzz.cpp")
        corpus = root / "corpus" / thing
        if not corpus.is_dir() or not any(corpus.iterdir()):
            complaints.append(f"src/{path.relative_to(root / 'src')}: corpus/{thing}/ is missing or empty")
    return complaints


# --- documents ----------------------------------------------------------------------------------------------------


def check_links(root: pathlib.Path) -> list[str]:
    complaints = []
    documents = [p for p in root.rglob("*.md") if not {"node_modules", "target", ".git"} & set(p.parts)]
    for path in sorted(documents):
        for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", read(path)):
            if "://" not in link and not (path.parent / link).exists():
                complaints.append(f"{path.relative_to(root)}: dead link {link}")
    return complaints


def check_tests_named(root: pathlib.Path) -> list[str]:
    """Every test that doc/threats.md relies on exists."""
    known = set()
    for path in code_files(root, "_test.cpp"):
        known |= {f"{suite}.{test}" for suite, test in re.findall(r"^TEST(?:_[FP])?\((\w+),\s+(\w+)\)", read(path), re.M)}
    for path in (root / "tools").glob("*_test.py"):
        known |= set(re.findall(r"^def (\w+)\(world\)", read(path), re.M))
    named = re.findall(r"`([A-Z]\w+\.\w+|[a-z]+(?:_[a-z0-9]+){2,})`", read(root / "doc/threats.md"))
    return [f"doc/threats.md: there is no test {name}" for name in sorted(set(named) - known) if not name.startswith("fuzz_")]


def check_names(root: pathlib.Path) -> list[str]:
    vague = {"util", "utils", "common", "misc", "helper", "helpers"}
    return [f"{p.relative_to(root)}: '{p.stem}' says nothing: name the concept" for p in code_files(root, ".hpp", ".cpp", ".py") if p.stem in vague]


# --- clang-tidy ---------------------------------------------------------------------------------------------------


def check_tidy(root: pathlib.Path, build: pathlib.Path, everything: bool) -> list[str]:
    """On what changed (working tree and last commit), or on everything."""
    if everything:
        files = [p for p in code_files(root, ".cpp") if p.parts[-2] != "tools"]
    else:
        names = subprocess.run(["git", "diff", "--name-only", "HEAD~1", "--", "*.cpp"], cwd=root, capture_output=True, text=True).stdout.split()
        files = [root / n for n in names if (root / n).exists()][:12]
    known = read(build / "compile_commands.json")
    files = [p for p in files if str(p) in known and not p.name.endswith("_test.cpp")]
    if not files:
        return []
    done = subprocess.run(
        ["xargs", "-P", str(os.cpu_count()), "-n", "1", "clang-tidy-19", "-p", str(build), "--quiet"],
        input="\n".join(map(str, files)), capture_output=True, text=True, cwd=root)
    return sorted(set(re.findall(r"^(\S+:\d+:\d+: (?:warning|error): .*)$", done.stdout, re.M)))


# --- self-test ----------------------------------------------------------------------------------------------------


def self_test(build: pathlib.Path) -> list[str]:
    """Plants a fault of each kind and reports the checks that stayed silent."""
    silent = []

    def planted(name, path, text, check, expect):
        with tempfile.TemporaryDirectory() as folder:
            copy = pathlib.Path(folder) / "tree"
            shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", "node_modules", "target", "build"), symlinks=True)
            (copy / path).parent.mkdir(parents=True, exist_ok=True)
            (copy / path).write_text(text, encoding="utf-8")
            found = [c for c in check(copy) if expect in c]
            print(f"planted {name}: {found[0] if found else 'NOT NOTICED'}")
            if not found:
                silent.append(f"self-test: {name} was not noticed")

    planted("upward include", "src/bao/planted.hpp", '#pragma once\n#include "store/blob_store.hpp"\n', check_layers, "src/bao/planted.hpp:2")
    planted("banned include", "src/fetch/planted.hpp", '#pragma once\n#include "quic/types.hpp"\n', check_layers, "src/fetch/planted.hpp:2")
    planted("banned arrow", "cmake/layers.txt", read(ROOT / "cmake/layers.txt").replace("fetch   4 :", "fetch   4 : quic"), check_layers, "fetch -> quic is banned")
    planted("parser without fuzzer", "src/wire/planted.hpp", "#pragma once\nResult<int> parse_planted(ByteView bytes);\n", check_fuzzers, "src/wire/planted.hpp")
    planted("unformatted file", "src/base/planted.hpp", "#pragma once\nint   x  ;\n", check_format, "src/base/planted.hpp")
    planted("test that is gone", "doc/threats.md", "`Fetcher.DoesWhatNobodyTests`\n", check_tests_named, "there is no test Fetcher.DoesWhatNobodyTests")
    planted("dead link", "doc/planted.md", "[x](nowhere.md)\n", check_links, "doc/planted.md")

    # A header that does not compile alone, in a build of its own so that the real one stays as it is.
    with tempfile.TemporaryDirectory() as folder:
        copy, out = pathlib.Path(folder) / "tree", pathlib.Path(folder) / "build"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", "node_modules", "target", "build"))
        (copy / "src/base/planted.hpp").write_text("#pragma once\ninline std::string planted() { return {}; }\n", encoding="utf-8")
        subprocess.run(["cmake", "--preset", "dev", "-B", str(out)], cwd=copy, check=True, capture_output=True)
        done = subprocess.run(["ninja", "-C", str(out), "-k", "0", "headers_base"], capture_output=True, text=True)
        noticed = done.returncode != 0 and "planted.hpp" in done.stdout
        print(f"planted header that does not compile alone: {'src/base/planted.hpp: error' if noticed else 'NOT NOTICED'}")
        if not noticed:
            silent.append("self-test: a header that does not compile alone was not noticed")
    return silent


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--build", type=pathlib.Path, required=True)
    arguments.add_argument("--self-test", action="store_true")
    arguments.add_argument("--tidy", choices=["changes", "all", "none"], default="changes")
    given = arguments.parse_args()
    if given.self_test:
        complaints = self_test(given.build)
    else:
        complaints = []
        for name, check in {
            "format": lambda: check_format(ROOT),
            "layers": lambda: check_layers(ROOT),
            "fuzzers": lambda: check_fuzzers(ROOT),
            "links": lambda: check_links(ROOT),
            "threats": lambda: check_tests_named(ROOT),
            "names": lambda: check_names(ROOT),
            "headers": lambda: check_headers(given.build),
            "tidy": lambda: [] if given.tidy == "none" else check_tidy(ROOT, given.build, given.tidy == "all"),
        }.items():
            found = check()
            print(f"{name}: {'ok' if not found else f'{len(found)} complaints'}")
            complaints += found
    for complaint in complaints:
        print(f"  {complaint}")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
