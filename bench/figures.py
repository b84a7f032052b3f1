"""What a figure is, how it is judged against its bar, and how it is printed.

Every figure is a ratio (or an absolute size, latency or memory peak) with a bar. A figure without a bar is printed
for the reader and never judged.
"""

import dataclasses
import pathlib
import re
import statistics

# A known miss may not get worse than what its row says by more than this.
KNOWN_MISS_SLACK = 1.15


@dataclasses.dataclass(frozen=True)
class Bar:
    relation: str  # "<=" or ">="
    limit: float

    def holds(self, value: float) -> bool:
        return value <= self.limit if self.relation == "<=" else value >= self.limit

    def no_worse_than(self, value: float, known: float) -> bool:
        if self.relation == "<=":
            return value <= known * KNOWN_MISS_SLACK
        return value >= known / KNOWN_MISS_SLACK

    def __str__(self) -> str:
        return f"{self.relation} {self.limit:g}"


def at_most(limit: float) -> Bar:
    return Bar("<=", limit)


def at_least(limit: float) -> Bar:
    return Bar(">=", limit)


@dataclasses.dataclass(frozen=True)
class Figure:
    name: str
    value: float | None  # None: not run, `detail` says why
    bar: Bar | None
    detail: str
    unit: str = ""

    @property
    def missed(self) -> bool:
        return self.bar is not None and (self.value is None or not self.bar.holds(self.value))

    def line(self, known: dict[str, float]) -> str:
        bar = f"bar {self.bar}{self.unit}" if self.bar else "no bar"
        if self.value is None:
            return f"{self.name:<10} {'-':>8}  {bar:<14} not run: {self.detail}"
        return f"{self.name:<10} {show(self.value) + self.unit:>8}  {bar:<14} {verdict(self, known):<10} ({self.detail})"


def show(value: float) -> str:
    return f"{value:.2f}" if value < 100 else f"{value:.0f}"


def verdict(figure: Figure, known: dict[str, float]) -> str:
    if figure.bar is None:
        return "INFO"
    if not figure.missed:
        return "PASS"
    return "KNOWN MISS" if excused(figure, known) else "MISS"


def excused(figure: Figure, known: dict[str, float]) -> bool:
    """A miss that is written down and no worse than written. What did not run is never excused."""
    if figure.value is None or figure.name not in known:
        return False
    return figure.bar.no_worse_than(figure.value, known[figure.name])


def gate_passes(figures: list[Figure], known: dict[str, float]) -> bool:
    """False too when nothing was measured at all."""
    return bool(figures) and all(not figure.missed or excused(figure, known) for figure in figures)


def read_known_misses(path: pathlib.Path) -> dict[str, float]:
    """Rows `| figure | measured | ...`: the name and the measured value."""
    known = {}
    for line in path.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 5 and re.fullmatch(r"[0-9.]+", cells[1]):
            if not all(cells):
                raise ValueError(f"{path.name}: the row of {cells[0]} has an empty cell")
            known[cells[0]] = float(cells[1])
    return known


def ratio_figure(name: str, ours: list[float], theirs: list[float], bar: Bar | None, label: str, peer: str, unit: str) -> Figure:
    """The median of the pairwise ratios ours/theirs; `unit` names what the two lists hold."""
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    detail = (f"{label} {show(statistics.median(ours))} {unit}, {peer} {show(statistics.median(theirs))} {unit}, "
              f"{len(ratios)} pairs, spread {show(min(ratios))}-{show(max(ratios))}")
    return Figure(name, statistics.median(ratios), bar, detail)
