#!/usr/bin/env python3
"""run.py [--list] [--strict] [NAME...]: runs the interop cases; NAME is a case, a glob, or a group
(cases_GROUP.py, cases_GROUP_*.py).

--strict: a case that could not run counts as a failure.
"""

import fnmatch
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

import harness  # noqa: E402


def load_cases():
    for path in sorted(harness.HERE.glob("cases_*.py")):
        __import__(path.stem)


def in_group(name, group):
    module = harness.CASES[name][0].__module__.removeprefix("cases_")
    return module == group or module.startswith(group + "_")


def main():
    words = sys.argv[1:]
    options = {word for word in words if word.startswith("-")}
    patterns = [word for word in words if not word.startswith("-")]
    if options - {"--list", "--strict"}:
        sys.exit(__doc__)
    load_cases()
    names = [name for name in harness.CASES
             if not patterns or any(fnmatch.fnmatchcase(name, p) or in_group(name, p) for p in patterns)]
    if not names:
        print(f"no case named {' '.join(patterns)}")
        return 2
    if "--list" in options:
        for name in names:
            doc = (harness.CASES[name][0].__doc__ or "").strip().splitlines()
            print(f"{name:44} {doc[0] if doc else ''}")
        return 0
    harness.isolate()
    counts = {"PASS": 0, "FAIL": 0, "NOTRUN": 0}
    started = time.monotonic()
    for name in names:
        verdict, why, seconds = harness.run_case(name)
        counts[verdict] += 1
        note = f": {' '.join(why.split())}" if why else ""
        print(f"{verdict} {name}{note} ({seconds:.1f} s)", flush=True)
    print(f"{time.monotonic() - started:.0f} s")
    print(f"{counts['PASS']} passed, {counts['FAIL']} failed, {counts['NOTRUN']} skipped")
    return 1 if counts["FAIL"] or ("--strict" in options and counts["NOTRUN"]) else 0


if __name__ == "__main__":
    sys.exit(main())
