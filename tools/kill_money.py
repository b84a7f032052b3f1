"""SIGKILL at every disk call and every request of `archipelago wallet`, with every answer lost: no sat is lost, none counted twice.

    kill_money.py --bin ARCHIPELAGO --testmint TESTMINT --proxy FAULT_PROXY
                  [--mint testmint|uncached|nutshell|cdk]... [--deed NAME]... [--loss L] [--death D]
                  [--points N] [--pairs N] [--jobs N] [--plants [--plant NAME]...]

Each cell is a deed (mint, swap, melt, exact: a melt with a swap before it, send, receive, restore), a loss and a death:
  loss   none | before: the request never arrives | after: executed, no answer | page: executed, a proxy's 502 instead of
         the answer | refused: a 503, not executed | double: it arrives twice, and the second answer is told
  death  disk: SIGKILL as the n-th call that changes the disk or sends a request is entered; the deed's own request has
         the loss. held: SIGKILL while the n-th request lies at the mint. lives: the n-th request has the loss, no SIGKILL.
         twice: as disk, and again in the `wallet resume` after it.
Then the wallet goes on (`wallet resume`; receive and restore are given again), and what it holds must be what the mint owes
by the mint's own database, and what the wallet's own history says; nothing may be open or pending, what was printed as done is.

Ours is put back before each cell, so all points are met exactly. A real mint goes on, so its wallets do: there the calls
around requests are taken, and every sync, rename and removal; a call that a cell did not come to is a cell without SIGKILL.
"""

import argparse
import multiprocessing
import os
import pathlib
import random
import shutil
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import money_mints  # noqa: E402
import struck  # noqa: E402
from money_cells import HELD, LOSSES, AtDisk, AtRequest, Watched, recover, run_cell  # noqa: E402
from money_deeds import DEEDS, Wallet, declared, rows_of  # noqa: E402

LIKELY = 40  # a second death before the resume has so many calls of a kind is likely
SHOWN = 5  # failures of a row that are told
RESUME_S = 60  # a wallet that has not ended what it began by then never will
# Bugs that the outcome shows, and the rows that do: mint, deed, loss, death. The others of test_hooks.hpp need a mint that
# is later than its own answers, or one that looks at the bytes (money_sim plants).
PLANTS = {
    "wallet_release_after_unknown": ("testmint", "swap", "before", "disk"),
    "wallet_no_restore": ("testmint", "receive", "after", "disk"),
    "wallet_counter_goes_back": ("testmint", "swap", "none", "disk"),
    "wallet_mark_after_send": ("testmint", "swap", "none", "disk"),
    "wallet_spent_is_failure": ("uncached", "send", "double", "lives"),
    "wallet_books_in_two": ("testmint", "send", "none", "disk"),
    "wallet_change_dropped": ("testmint", "exact", "none", "disk"),
}


class World:
    """One mint and the wallets of one row. `elsewhere`: what wallets that are no longer looked at hold there."""

    def __init__(self, given, kind, root):
        self.binary, self.root, self.wallets = given.bin, root, root / "wallets"
        self.wallets.mkdir(parents=True)
        self.mint = money_mints.open_mint(kind, given, root)
        self.ours, self.theirs = Wallet(self, "ours"), Wallet(self, "theirs")
        self.deed, self.elsewhere, self.scene = None, 0, None

    def take_up(self, deed):
        """Its rows are next. Wallets are new."""
        assert self.deed is None or not self.mint.can_be_put_back, "what is put back is one deed's"
        self.deed = deed
        self.forget()

    def ready(self):
        """Before each cell: the words of the deed, and the last operation before it."""
        if not self.mint.can_be_put_back:
            if self.deed.forgets and self.ours.node.folder.exists():
                self.elsewhere += self.held()
                shutil.rmtree(self.ours.node.folder)
            return self.deed.set(self), last_operation(self.ours)
        if self.scene is None:
            self.scene = self.deed.set(self), last_operation(self.ours)
            shutil.copytree(self.wallets, self.root / "wallets.kept")
            self.mint.keep()
            return self.scene
        shutil.rmtree(self.wallets)
        shutil.copytree(self.root / "wallets.kept", self.wallets)
        self.mint.put_back()
        return self.scene

    def forget(self):
        """After a cell that failed: others begin anew."""
        for wallet in (self.ours, self.theirs):
            shutil.rmtree(wallet.node.folder, ignore_errors=True)
        if not self.mint.can_be_put_back:
            self.elsewhere = self.mint.outstanding()

    def held(self, row=None):
        """What all wallets together hold, each sat once. `row`: the balance of ours, when it has been read."""
        row = row or self.ours.balance()
        assert row["in_recovery_sats"] == row["quarantined_sats"] == 0, f"{row} although nothing is open"
        held = row["balance_sats"] + row["given_sats"]
        if self.deed.is_restore or not self.theirs.node.folder.exists():
            return held
        return held + self.theirs.balance()["balance_sats"]  # its token that is out is ours by now


def judge(world, before, words, printed):
    """Goes on as a user would, and holds the wallet against the mint's database. Errors: AssertionError."""
    deed, ours = world.deed, world.ours
    if deed.again:
        for row in ours.must(*words):
            assert row.get("state", "done") == "done", f"given again it is {row['state']}"
    recover(ours, RESUME_S)
    own, owed = ours.balance(), world.mint.outstanding()
    if deed.is_restore:
        there = world.theirs.balance()
        assert own["balance_sats"] == there["balance_sats"], f"restored {own['balance_sats']} of {there['balance_sats']} sat"
    held = world.held(own)
    assert held + world.elsewhere == owed, f"wallets hold {held} + {world.elsewhere} sat, the mint owes {owed}"
    history = ours.history()
    stuck = [row for row in history if row["state"] not in ("done", "failed")]
    assert not stuck, f"{stuck[0]['kind']} is {stuck[0]['state']} at {stuck[0]['stage']}"
    said, has = declared(history), own["balance_sats"] + own["given_sats"]
    assert deed.is_restore or said == has, f"the history says {said} sat, the balance {has}"
    new = [row for row in history if row["operation"] > before]
    done = {row["operation"] for row in new if row["state"] == "done"}
    assert sum(row["kind"] == deed.kind for row in new if row["operation"] in done) <= 1, "it was done twice"
    for row in rows_of(printed):
        if "token" in row or row.get("state") == "done":
            assert row["operation"] in done, "it was printed as done, and is not"


def last_operation(wallet):
    return max((row["operation"] for row in wallet.history()), default=0) if wallet.node.folder.exists() else 0


class Row:
    """All cells of one deed, loss and death, one after another."""

    def __init__(self, deed, loss, death):
        self.deed, self.loss, self.death = deed, loss, death
        self.cells = self.died = 0
        self.problems = []

    def __str__(self):
        return f"{self.deed:8} {self.loss:8} {self.death:6}"

    def plan(self, given, world):
        first = Watched(self.loss if self.death in ("disk", "twice") else "none")
        yield first
        if self.death in ("held", "lives"):
            count = sum(struck.is_request(call) for call in first.calls)
            for nth in struck.spread(range(1, count + 1), given.points):
                yield AtRequest(self.loss, self.death == "held", nth=nth)
            return
        calls = first.calls if world.mint.can_be_put_back else struck.around_requests(first.calls)
        if self.death == "disk":
            for call in struck.spread(calls, given.points):
                yield AtDisk(self.loss, call)
            return
        draw = random.Random(f"{given.seed} {self.deed} {self.loss}")
        for _ in range(given.pairs):
            yield AtDisk(self.loss, draw.choice(calls), draw.choice([call for call in calls if call.nth <= LIKELY]))

    def run(self, given, world):
        for cell in self.plan(given, world):
            problem = run_cell(world, cell, judge)
            self.cells += 1
            self.died += cell.died
            if not problem and not cell.died and cell.must_die and world.mint.can_be_put_back:
                problem = "it was to die and did not"
            if problem:
                self.problems.append(f"{cell}: {problem}")
            if self.problems and given.stop_early:
                return


def rows_for(deed, given):
    deaths = [("disk", loss) for loss in LOSSES] + [("held", loss) for loss in HELD]
    deaths += [("lives", loss) for loss in LOSSES if loss != "none"] + ([("twice", loss) for loss in LOSSES] if given.pairs else [])
    return [Row(deed, loss, death) for death, loss in deaths if given.death in (None, death) and given.loss in (None, loss)]


def run_group(group):
    """Some deeds on one mint: rows, cells, failures. Prints each row as it ends."""
    given, kind, deeds, root = group
    cells = failed = 0
    world = World(given, kind, root)
    try:
        for deed in deeds:
            world.take_up(DEEDS[deed])
            for row in rows_for(deed, given):
                row.run(given, world)
                cells, failed = cells + row.cells, failed + len(row.problems)
                if not given.quiet:
                    print(f"{kind:9} {row} {row.cells:6} {row.died:6} {len(row.problems):6}", flush=True)
                for problem in row.problems[:SHOWN]:
                    print(f"  {kind} {row}: {problem}", flush=True)
                if failed and given.stop_early:
                    return cells, failed
    finally:
        world.mint.stop()
    return cells, failed


def groups_for(given, root):
    """A real mint is started once; ours for each deed. What takes longest is first."""
    for kind in sorted(given.mint, key=money_mints.OURS.__contains__):
        if why := money_mints.lack(kind):
            print(f"NOTRUN {kind}: {why}", flush=True)
        elif kind in money_mints.OURS:
            yield from ((given, kind, [deed], root / f"{kind}-{deed}") for deed in given.deed)
        else:
            yield given, kind, given.deed, root / kind


def run_matrix(given):
    """Cells and failures."""
    cells = failed = 0
    with tempfile.TemporaryDirectory(prefix="archipelago-kills-", ignore_cleanup_errors=True) as temp:
        with multiprocessing.get_context("fork").Pool(given.jobs, money_mints.harness.die_with_parent) as pool:
            for more, wrong in pool.imap_unordered(run_group, groups_for(given, pathlib.Path(temp))):
                cells, failed = cells + more, failed + wrong
                if failed and given.stop_early:
                    break
    return cells, failed


def run_plants(given):
    """Each planted bug must be found in its row; with a build of the preset hooks."""
    found = 0
    given.stop_early = given.quiet = True
    for plant in given.plant or PLANTS:
        os.environ["ARCHIPELAGO_TEST_MUTANT"] = plant
        mint, deed, given.loss, given.death = PLANTS[plant]
        given.mint, given.deed = [mint], [deed]
        cells, failed = run_matrix(given)
        found += failed > 0
        print(f"{plant:30} {'found' if failed else 'NOT FOUND'} within {cells} cells", flush=True)
    return found, len(given.plant or PLANTS) - found


def main():
    arguments = argparse.ArgumentParser()
    for name in ("--bin", "--testmint", "--proxy"):
        arguments.add_argument(name, required=True)
    arguments.add_argument("--mint", action="append", choices=(*money_mints.OURS, *money_mints.REAL))
    arguments.add_argument("--deed", action="append", choices=tuple(DEEDS))
    arguments.add_argument("--loss", choices=tuple(LOSSES))
    arguments.add_argument("--death", choices=("disk", "held", "lives", "twice"))
    arguments.add_argument("--points", type=int)
    arguments.add_argument("--pairs", type=int, default=0)
    arguments.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    arguments.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments.add_argument("--plants", action="store_true")
    arguments.add_argument("--plant", action="append", choices=tuple(PLANTS))
    given = arguments.parse_args()
    given.bin, given.testmint, given.proxy = map(os.path.abspath, (given.bin, given.testmint, given.proxy))
    given.mint, given.deed = given.mint or [*money_mints.OURS, *money_mints.REAL], given.deed or list(DEEDS)
    given.stop_early = given.quiet = False
    money_mints.harness.isolate()
    began = time.monotonic()
    if given.plants:
        passed, failed = run_plants(given)
    else:
        if given.pairs:
            print(f"--seed {given.seed}")
        print(f"{'mint':9} {'deed':8} {'loss':8} {'death':6} {'cells':>6} {'killed':>6} {'failed':>6}", flush=True)
        cells, failed = run_matrix(given)
        passed = cells - failed
        print(f"{time.monotonic() - began:.0f} s")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
