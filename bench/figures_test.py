"""The gate can fail: python3 bench/figures_test.py. run.py runs it before it measures anything."""

import pathlib
import tempfile
import unittest

from figures import Figure, at_least, at_most, gate_passes, ratio_figure, read_known_misses

CPU, SPEED = at_most(0.65), at_least(1.7)


def figure(value, bar=CPU):
    return Figure("T1", value, bar, "")


class Gate(unittest.TestCase):
    def test_a_bar_that_holds_passes(self):
        self.assertTrue(gate_passes([figure(0.65), figure(1.7, SPEED)], {}))

    def test_a_missed_bar_fails_in_both_directions(self):
        self.assertFalse(gate_passes([figure(0.66)], {}))
        self.assertFalse(gate_passes([figure(1.69, SPEED)], {}))

    def test_one_miss_among_many_fails(self):
        self.assertFalse(gate_passes([figure(0.5), figure(0.9), figure(0.5)], {}))

    def test_a_listed_miss_is_excused_until_it_gets_worse(self):
        self.assertTrue(gate_passes([figure(0.75)], {"T1": 0.7}))
        self.assertFalse(gate_passes([figure(0.9)], {"T1": 0.7}))
        self.assertTrue(gate_passes([figure(1.4, SPEED)], {"T1": 1.5}))
        self.assertFalse(gate_passes([figure(1.2, SPEED)], {"T1": 1.5}))

    def test_what_did_not_run_is_never_excused(self):
        self.assertFalse(gate_passes([figure(None)], {"T1": 9.0}))

    def test_measuring_nothing_is_no_pass(self):
        self.assertFalse(gate_passes([], {}))

    def test_a_figure_without_a_bar_is_never_judged(self):
        self.assertTrue(gate_passes([Figure("T1-discard", 99.0, None, "")], {}))


class Reading(unittest.TestCase):
    def test_ratios_are_taken_pair_by_pair(self):
        ratio = ratio_figure("T1", [1.0, 2.0, 9.0], [2.0, 4.0, 9.0], CPU, "a", "b", "s")
        self.assertEqual(ratio.value, 0.5)

    def test_known_misses_are_rows_with_every_cell_filled(self):
        head = "| figure | measured | bar | profile, reason | tried |\n|---|---|---|---|---|\n"
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "misses.md"
            path.write_text(head + "| T1 | 0.70 | <= 0.65 | copies | this |\n")
            self.assertEqual(read_known_misses(path), {"T1": 0.70})
            path.write_text(head + "| T1 | 0.70 | <= 0.65 | | |\n")
            self.assertRaises(ValueError, read_known_misses, path)


if __name__ == "__main__":
    unittest.main()
