"""Adds up what the test programs of one ctest run counted and prints the plain closing line."""

import re
import sys


def count(log_path: str, build_dir: str) -> tuple[int, int, int]:
    """Tests passed, failed, skipped. GoogleTest programs count their cases, every other ctest entry counts as one."""
    passed = failed = skipped = 0
    last_log = f"{build_dir}/Testing/Temporary/LastTest.log"
    with open(last_log, encoding="utf-8", errors="replace") as file:
        sections = re.split(r"^\d+/\d+ Testing: ", file.read(), flags=re.M)[1:]
    for section in sections:
        ok = re.search(r"^\[  PASSED  \] (\d+) test", section, re.M)
        bad = re.search(r"^\[  FAILED  \] (\d+) test", section, re.M)
        skip = re.search(r"^\[  SKIPPED \] (\d+) test", section, re.M)
        entry_failed = "Test Failed." in section or "Test timeout" in section.lower()
        if ok:
            passed += int(ok[1])
            skipped += int(skip[1]) if skip else 0
            failed += int(bad[1]) if bad else int(entry_failed)
        elif entry_failed:
            failed += 1
        else:
            passed += 1
    with open(log_path, encoding="utf-8", errors="replace") as file:
        if re.search(r"tests failed out of", file.read()) and failed == 0:
            summary = re.search(r"(\d+) tests failed out of", open(log_path, encoding="utf-8", errors="replace").read())
            failed = int(summary[1]) if summary else 0
    return passed, failed, skipped


if __name__ == "__main__":
    done = count(sys.argv[1], sys.argv[2])
    tail = f", {done[2]} skipped" if done[2] else ""
    print(f"{done[0]} passed, {done[1]} failed{tail}")
    sys.exit(1 if done[1] or not done[0] else 0)
