"""Adds up what the test programs of one ctest run counted and prints the plain closing line.

    test_summary.py BUILD_DIR

GoogleTest programs and programs with a plain closing line ("N passed, N failed") count their cases; any other ctest entry
counts as one. An entry that failed without saying how many cases did counts as one failure.
"""

import re
import sys


def count_entry(text: str) -> tuple[int, int, int]:
    """(passed, failed, skipped) of one entry of ctest's log."""
    entry_failed = "Test Passed." not in text
    gtest = re.search(r"^\[  PASSED  \] (\d+) test", text, re.M)
    plain = re.findall(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", text, re.M)
    passed = failed = skipped = 0
    if gtest:
        passed = int(gtest[1])
        failed = sum(map(int, re.findall(r"^\[  FAILED  \] (\d+) test", text, re.M)))
        skipped = sum(map(int, re.findall(r"^\[  SKIPPED \] (\d+) test", text, re.M)))
    elif plain:
        passed, failed, skipped = (int(number or 0) for number in plain[-1])
    elif not entry_failed:
        passed = 1
    if entry_failed and failed == 0:
        failed = 1
    return passed, failed, skipped


def main() -> int:
    with open(f"{sys.argv[1]}/Testing/Temporary/LastTest.log", encoding="utf-8", errors="replace") as file:
        entries = re.split(r"^\d+/\d+ Testing: ", file.read(), flags=re.M)[1:]
    passed, failed, skipped = (sum(column) for column in zip(*map(count_entry, entries))) if entries else (0, 0, 0)
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
