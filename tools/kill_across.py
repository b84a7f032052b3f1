"""SIGKILL and lost answers in a swap between two linked real mints, each behind a fault proxy: no sat is lost.

    kill_across.py --bin ARCHIPELAGO --proxy FAULT_PROXY [--pair KIND:KIND]... [--deed NAME]... [--loss L] [--death D]
                   [--points N] [--jobs N]

The deeds are the four requests of a swap that a loss can be at: `quote` (the target is asked for an invoice), `price` (the
source is asked what paying it takes), `pay`, `claim`. Losses: as in kill_money.py. Deaths, with the rows K1 to K19 they are:
  disk    SIGKILL as a call that changes the disk or sends a request is entered: K1 to K5, K7 to K12, K14, K15, K17
  held    SIGKILL while the request lies at the mint, before it is executed or after: K2, K4, K9, K14
  lives   the loss alone
  cancel  as held, and then the user calls the swap off: K18
  both    as held, and then two processes go on with it at once: K19
Afterwards (`wallet resume`) the balances are what the two mints owe by their own databases, the payments of their Lightning
are what both have booked, and what has gone is the fees that the wallet's history owns up to.
"""

import argparse
import multiprocessing
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import money_mints  # noqa: E402
import struck  # noqa: E402
from money_cells import ENDED, HELD, LOSSES, OUTCOMES, RESUME, AtDisk, AtRequest, Watched, recover, run_cell  # noqa: E402
from money_deeds import LinkedWallet, rows_of  # noqa: E402

KINDS = ("cdk", "nutshell")
ROUTES = {"quote": "POST /v1/mint/quote/bolt11", "price": "POST /v1/melt/quote/bolt11", "pay": "POST /v1/melt/bolt11",
          "claim": "POST /v1/mint/bolt11"}
DEATHS = ("disk", "held", "lives", "cancel", "both")
SWAPPED, MOST_FEE = 30, 20
SHOWN = 5
RESUME_S = 180  # an invoice of a mint lives so long, and longer


class Deed:
    """What money_cells.py asks of one."""

    def __init__(self, name):
        self.name, self.route = name, ROUTES[name]


class World:
    """One pair of mints, and a wallet that is a new one in each row. `elsewhere`: what those before it hold at each mint."""

    def __init__(self, given, kinds, root):
        self.binary, self.wallets = given.bin, root
        root.mkdir(parents=True)
        self.mint = money_mints.LinkedMints(kinds, given)
        self.ours = LinkedWallet(self, "ours")
        self.deed, self.elsewhere = None, (0, 0)

    def take_up(self, deed):
        self.deed = deed
        self.forget()

    def forget(self):
        shutil.rmtree(self.ours.node.folder, ignore_errors=True)
        self.elsewhere = self.mint.outstanding()

    def ready(self):
        """The words of the swap, and its wallet's last operation before it."""
        self.ours.fund(2 * (SWAPPED + MOST_FEE))
        words = ["swap", str(SWAPPED), "--from", self.mint.urls[0], "--to", self.mint.urls[1], "--max-fee", str(MOST_FEE)]
        return words, max(row["operation"] for row in self.ours.history())


def is_open(row):
    """A quote of the target that nobody has paid or will pay stays one until it ends."""
    return row["state"] not in ENDED and (row["kind"], row["stage"]) != ("mint", "quoted")


def judge(world, before, _words, printed):
    """Errors: AssertionError, and harness.Failed of the mints' ledger."""
    ours = world.ours
    recover(ours, RESUME_S, is_open)
    world.mint.pair.agrees()
    held, owed = ours.balances(), world.mint.outstanding()
    for name, own, old, owes in zip("ab", held, world.elsewhere, owed):
        assert own + old == owes, f"at {name} the wallet holds {own} + {old} sat, the mint owes {owes}"
    history = ours.history()
    stuck = [row for row in history if is_open(row)]
    assert not stuck, f"{stuck[0]['kind']} is {stuck[0]['state']} at {stuck[0]['stage']}"
    swaps = [row for row in history if row["kind"] == "cross_swap"]
    done = [row for row in swaps if row["state"] == "done"]
    fees = sum(row["fee_sats"] for row in swaps)
    assert sum(held) + fees == ours.funded, f"it holds {held}, {fees} went as fees, and it was given {ours.funded}"
    assert held[1] == len(done) * SWAPPED, f"{held[1]} sat at the target after {len(done)} swaps"
    assert all(row["fee_sats"] <= MOST_FEE for row in swaps), "it cost more than its cap"
    new = [row["operation"] for row in done if row["operation"] > before]
    assert len(new) <= 1, "it was done twice"
    for row in rows_of(printed):
        assert row.get("state") != "done" or row["operation"] in new, "it was printed as done, and is not"


class HeldThen(AtRequest):
    """`Held`, and then something happens before the wallet goes on."""

    def __init__(self, loss, route):
        super().__init__(loss, True, route=route)

    def act(self, world, words):
        printed = super().act(world, words)
        world.mint.no_faults()
        self.then(world)
        return printed


class Cancelled(HeldThen):
    def then(self, world):
        swap = next(row for row in world.ours.history() if row["kind"] == "cross_swap")
        code, rows, errors = world.ours.run("cancel", str(swap["operation"]))
        assert rows or errors, f"cancel: exit {code} without a word"


class Both(HeldThen):
    def then(self, world):
        commands = [subprocess.Popen(world.ours.command(*RESUME), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                     stderr=subprocess.PIPE, text=True) for _ in range(2)]
        ends = [(command.communicate()[1].strip(), command.returncode) for command in commands]
        for said, code in ends:
            assert code in OUTCOMES or (said and "\n" not in said), f"resume beside another: exit {code}: {said}"
        assert any(code in OUTCOMES for _, code in ends), f"neither went on: {ends}"


def plan(deed, loss, death, points):
    """The cells of a row; the first disk cell shows the calls of the others."""
    if death != "disk":
        kinds = {"held": lambda: AtRequest(loss, True, route=deed.route), "lives": lambda: AtRequest(loss, False, route=deed.route),
                 "cancel": lambda: Cancelled(loss, deed.route), "both": lambda: Both(loss, deed.route)}
        yield kinds[death]()
        return
    first = Watched(loss)
    yield first
    for call in struck.spread(struck.around_requests(first.calls), points):
        yield AtDisk(loss, call)


def rows_for(given):
    for death in DEATHS:
        for loss in LOSSES if death in ("disk", "lives") else HELD:
            if given.death in (None, death) and given.loss in (None, loss) and (death, loss) != ("lives", "none"):
                yield death, loss


def run_pair(work):
    """Cells and failures. Prints each row as it ends."""
    given, pair, root = work
    cells = failed = 0
    world = World(given, pair.split(":"), root)
    try:
        for name in given.deed:
            for death, loss in rows_for(given):
                world.take_up(Deed(name))
                died, problems, count = 0, [], 0
                for cell in plan(world.deed, loss, death, given.points):
                    problem = run_cell(world, cell, judge)
                    count, died = count + 1, died + cell.died
                    if not problem and cell.must_die and death != "disk" and not cell.died:
                        problem = "it was to die and did not"
                    if problem:
                        problems.append(f"{cell}: {problem}")
                row = f"{pair:17} {name:6} {loss:8} {death:6}"
                print(f"{row} {count:6} {died:6} {len(problems):6}", flush=True)
                for problem in problems[:SHOWN]:
                    print(f"  {row}: {problem}", flush=True)
                cells, failed = cells + count, failed + len(problems)
    finally:
        world.mint.stop()
    return cells, failed


def works(given, root):
    for pair in given.pair:
        if why := money_mints.harness.missing(["linked", *pair.split(":")]):
            print(f"NOTRUN {pair}: {why}", flush=True)
        else:
            yield given, pair, root / pair.replace(":", "-")


def main():
    pairs = [f"{a}:{b}" for a in KINDS for b in KINDS]
    arguments = argparse.ArgumentParser()
    for name in ("--bin", "--proxy"):
        arguments.add_argument(name, required=True)
    arguments.add_argument("--pair", action="append", choices=pairs)
    arguments.add_argument("--deed", action="append", choices=tuple(ROUTES))
    arguments.add_argument("--loss", choices=tuple(LOSSES))
    arguments.add_argument("--death", choices=DEATHS)
    arguments.add_argument("--points", type=int)
    arguments.add_argument("--jobs", type=int, default=os.cpu_count())
    given = arguments.parse_args()
    given.bin, given.proxy = map(os.path.abspath, (given.bin, given.proxy))
    given.pair, given.deed = given.pair or pairs, given.deed or list(ROUTES)
    money_mints.harness.isolate()
    began = time.monotonic()
    print(f"{'pair':17} {'deed':6} {'loss':8} {'death':6} {'cells':>6} {'killed':>6} {'failed':>6}", flush=True)
    cells = failed = 0
    with tempfile.TemporaryDirectory(prefix="archipelago-across-", ignore_cleanup_errors=True) as temp:
        with multiprocessing.get_context("fork").Pool(given.jobs, money_mints.harness.die_with_parent) as pool:
            for more, wrong in pool.imap_unordered(run_pair, works(given, pathlib.Path(temp))):
                cells, failed = cells + more, failed + wrong
    print(f"{time.monotonic() - began:.0f} s")
    print(f"{cells - failed} passed, {failed} failed")
    return 1 if failed or not cells else 0


if __name__ == "__main__":
    sys.exit(main())
