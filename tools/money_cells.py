"""One thing that goes wrong while a wallet does something with money, for tools/kill_money.py and tools/kill_across.py.

A world has `mint` (faults, counters), `deed` (with the route that a loss is at) and `ours` (the wallet).
"""

import subprocess
import time

import money_mints
import struck

LOSSES = {
    "none": None,
    "before": {"fault": "drop_before"},
    "after": {"fault": "drop_after"},
    "page": {"fault": "answer_after", "status": 502},
    "refused": {"fault": "answer_before", "status": 503},
    "double": {"fault": "duplicate"},
}
HELD = {"before": "delay_before", "after": "delay_after"}
HOLD_MS = 600_000  # it is cut off before
RESUME = ["resume"]
OUTCOMES = (0, 8)  # of it; 8: some of it is not decided
ENDED = ("done", "failed")


def faults_of(loss, **where):
    return [] if LOSSES[loss] is None else [{**LOSSES[loss], **where}]


class Cell:
    """`act` gives what the process printed before its end."""

    must_die = False

    def __init__(self, loss):
        self.loss, self.died = loss, False


class AtDisk(Cell):
    must_die = True

    def __init__(self, loss, call, again=None):
        super().__init__(loss)
        self.call, self.again = call, again

    def __str__(self):
        return f"{self.call}" + (f", then {self.again}" if self.again else "")

    def act(self, world, words):
        world.mint.faults(*faults_of(self.loss, route=world.deed.route))
        ended = struck.struck(world.ours.command(*words), self.call)
        self.died = ended.died
        if self.again and world.ours.node.folder.exists():
            struck.struck(world.ours.command(*RESUME), self.again)
        return ended.out


class Watched(Cell):
    """Nothing dies; the calls are written down for the cells after it."""

    calls = ()

    def __str__(self):
        return "watched"

    def act(self, world, words):
        world.mint.faults(*faults_of(self.loss, route=world.deed.route))
        ended, self.calls = struck.watched(world.ours.command(*words))
        return ended.out


class AtRequest(Cell):
    """`where`: nth=N of all requests, or route=R. `held`: SIGKILL while it lies at the mint."""

    def __init__(self, loss, held, **where):
        super().__init__(loss)
        self.where = where
        self.must_die = self.held = held

    def __str__(self):
        return f"request {next(iter(self.where.values()))}"

    def act(self, world, words):
        mint = world.mint
        script = faults_of(self.loss, **self.where)
        if not self.held:
            mint.faults(*script)
            return struck.run(world.ours.command(*words)).out
        happened, unexecuted = mint.happened(), mint.unexecuted()
        mint.faults(*script, {"fault": HELD[self.loss], "ms": HOLD_MS, **self.where})
        if self.loss == "before":
            unexecuted += 1
        process = subprocess.Popen(world.ours.command(*words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        while process.poll() is None and not (mint.happened() > happened and mint.unexecuted() == unexecuted):
            time.sleep(0.002)  # another process's counters: polled
        self.died = process.poll() is None
        process.kill()
        return process.communicate()[0]


def recover(wallet, limit_s, is_open=lambda row: row["state"] not in ENDED):
    """`wallet resume` until nothing is open any more. Errors: AssertionError."""
    until = time.monotonic() + limit_s
    while True:
        code, rows, errors = wallet.run(*RESUME)
        assert code in OUTCOMES, f"resume: exit {code}: {errors}"
        still = [row for row in rows if is_open(row)]
        if not still:
            return
        assert time.monotonic() < until, f"still open after {limit_s} s: {still[0]['kind']} at {still[0]['stage']}: {still[0]['note']}"
        time.sleep(0.1)  # a mint that pays, or hears of a payment, later


def run_cell(world, cell, judge):
    """What is wrong after it, or nothing. `judge(world, before, words, printed)`, errors: AssertionError, harness.Failed."""
    world.mint.no_faults()
    try:
        words, before = world.ready()
        printed = cell.act(world, words)
        world.mint.no_faults()
        world.mint.settle()
        judge(world, before, words, printed)
        return ""
    except (AssertionError, subprocess.TimeoutExpired, KeyError, ValueError, money_mints.harness.Failed) as problem:
        world.forget()
        return f"{type(problem).__name__}: {problem}"
