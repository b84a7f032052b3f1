"""One thing that goes wrong while a wallet does something with money, for tools/kill_money.py and tools/kill_across.py.

A world has `mint` (faults, counters), `deed` (with the route that a loss is at) and `ours` (the wallet).
"""

import subprocess
import time

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
