"""SIGKILL on either side of a sale of bytes between two nodes and two linked real mints: the same end, to the sat.

    kill_trade.py --build FOLDER [--pair KIND:KIND]... [--points N] [--only TEXT] [--quick] [--list] [--logs FOLDER]

Each cell is one trade (trade_scene.py) over QUIC on loopback: ask, price, swap from mint A to mint B, pay, granted, fetch, meter,
top-up, session closed, what is left given back and received. In all but the first one node dies at one point of its journal:
  row      before: SIGKILL before the row is in wallet.db; after: when it is, and nothing was done that stands on it (trade_rows.py)
  request  SIGKILL while the request lies at the mint (behind its fault proxy): before it is executed, and it never is; after: it
           is executed, and nobody has the answer
The node is started again on the same ports and data, and what it was asked for is asked for again. The same end: the file is
there and is what was sold, nothing is open, both wallets hold what the mints owe by the mints' own databases, what is gone is the
fees that both histories own up to, the buyer's purchases are the seller's credit, profits and usage, and `wallet doctor` is content.
"""

import argparse
import collections
import dataclasses
import http.client
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import money_mints  # noqa: E402
import struck  # noqa: E402
from local_mints import control  # noqa: E402
from money_cells import HELD, HOLD_MS, faults_of  # noqa: E402
from trade_rows import RowWatch  # noqa: E402
from trade_scene import Died, Trade, cut  # noqa: E402

KINDS = ("cdk", "nutshell")
A, B = 0, 1
INVOICE, PRICE, PAY, CLAIM, SWAP = (f"POST /v1/{path}" for path in (
    "mint/quote/bolt11", "melt/quote/bolt11", "melt/bolt11", "mint/bolt11", "swap"))
ENDS = ("before", "after")


@dataclasses.dataclass(frozen=True)
class Point:
    """`row`: a query that is true from the row on. With a request the row is where it begins to be waited for; without one it is
    where `dies` dies. `watch`: whose row it is. `step`: of Trade, before which all this begins."""

    name: str
    dies: str
    end: str
    row: str = ""
    watch: str = ""
    at: int | None = None
    route: str = ""
    step: str = "buy"

    def __str__(self):
        return f"{self.dies:6} {self.name}, {self.end}"


def purchases(state, count=1):
    return f"select count(*) >= {count} from purchases where state {state}"


def payments(state, count=1):
    return f"select count(*) >= {count} from payments where state {state}"


SWAPPED = "select exists (select 1 from transfers t join operations o on o.id = t.operation where o.state = 1)"
SENT = "select count(*) >= {} from operations where kind = 3 and state = 1"
RECEIVES = "select exists (select 1 from operations where kind = 4 and state {})"
CLOSED = "select exists (select 1 from sessions where closed_ms is not null)"
# (name, row, step) of what each side stores.
BUYERS_ROWS = (
    ("purchase begun", purchases(">= 0"), "buy"),
    ("swap between mints begun", "select count(*) >= 1 from transfers", "buy"),
    ("invoice of B noted", "select count(*) >= 1 from transfers where claim is not null", "buy"),
    ("payment and claim stored", "select count(*) >= 1 from transfers where payment is not null", "buy"),
    ("paid, noted", "select count(*) >= 1 from transfers where paid_ms is not null", "buy"),
    ("swap between mints done", SWAPPED, "buy"),
    ("token stored", SENT.format(1), "buy"),
    ("token in the purchase", "select count(*) >= 1 from purchases where token is not null", "buy"),
    ("token to be handed over", purchases(">= 1"), "buy"),
    ("receipt noted", purchases("= 2"), "buy"),
    ("top-up begun", purchases(">= 0", 2), "buy"),
    ("token of a top-up stored", SENT.format(2), "buy"),
    ("token of a top-up to be handed over", purchases("in (1, 2)", 2), "buy"),
    ("receipt of a top-up noted", purchases("= 2", 2), "buy"),
    ("last receipt noted, the purchase ends", purchases("= 2", 3), "buy"),
    ("give-back stored", RECEIVES.format(">= 0"), "receive"),
    ("give-back booked", RECEIVES.format("= 1"), "receive"),
)
SELLERS_ROWS = (
    ("payment begun, session opened", payments(">= 0"), "buy"),
    ("booked and credited", payments("= 1"), "buy"),
    ("payment of a top-up begun", payments(">= 0", 2), "buy"),
    ("top-up booked and credited", payments("= 1", 2), "buy"),
    ("usage settled", "select exists (select 1 from sessions where units > 0)", "buy"),
    ("session closed, what is left fixed", CLOSED, "close"),
    ("token of the refund stored", SENT.format(1), "close"),
    ("refund noted", "select exists (select 1 from sessions where refund is not null)", "close"),
)
# (name, row that comes before, whose, mint, route, step) of what each side sends. Without a row: from the step on.
BUYERS_REQUESTS = (
    ("quote of B asked for", "", "", B, INVOICE, "buy"),
    ("price of A asked for", "", "", A, PRICE, "buy"),
    ("payment at A", "", "", A, PAY, "buy"),
    ("claim at B", "", "", B, CLAIM, "buy"),
    ("token split off at B", SWAPPED, "buyer", B, SWAP, "buy"),
    ("token at the seller, who redeems it", payments(">= 0"), "seller", B, SWAP, "buy"),
    ("top-up at the seller, who redeems it", payments(">= 0", 2), "seller", B, SWAP, "buy"),
    ("give-back redeemed at B", "", "", B, SWAP, "receive"),
)
SELLERS_REQUESTS = (
    ("token redeemed at B", payments(">= 0"), "seller", B, SWAP, "buy"),
    ("top-up redeemed at B", payments(">= 0", 2), "seller", B, SWAP, "buy"),
    ("refund split off at B", CLOSED, "seller", B, SWAP, "close"),
)
# He has granted when the buyer notes it.
GRANTED = [Point(name, "seller", "after", purchases("= 2", count), "buyer") for name, count in (
    ("granted", 1), ("top-up granted", 2), ("last one granted", 3))]
QUICK = (
    "buyer payment and claim stored, after", "buyer payment at A, after", "buyer claim at B, before", "buyer token stored, after",
    "buyer token to be handed over, after", "buyer token at the seller, who redeems it, after", "buyer receipt noted, before",
    "buyer top-up begun, after", "buyer give-back redeemed at B, after", "seller token redeemed at B, after",
    "seller booked and credited, after", "seller granted, after", "seller usage settled, before",
    "seller session closed, what is left fixed, after", "seller refund noted, before")


def all_points():
    for dies, rows, requests in (("buyer", BUYERS_ROWS, BUYERS_REQUESTS), ("seller", SELLERS_ROWS, SELLERS_REQUESTS)):
        for name, row, step in rows:
            yield from (Point(name, dies, end, row, dies, step=step) for end in ENDS)
        for name, row, watch, at, route, step in requests:
            yield from (Point(name, dies, end, row, watch, at, route, step) for end in ENDS)
    yield from GRANTED


class Hold:
    """Waits at one mint for the next request of a route to lie there."""

    def __init__(self, mint, point):
        self.mint, self.point = mint, point
        side = mint.sides[point.at]
        self.url, self.happened, self.lost = side.url, side.happened(), side.unexecuted()
        side.faults(*faults_of(point.end, route=point.route), {"fault": HELD[point.end], "ms": HOLD_MS, "route": point.route})

    def lies(self):
        side = self.mint.sides[self.point.at]
        if side.happened() == self.happened:
            return False
        requests = control(self.url, "requests")
        waiting = requests["arrived"] - requests["executed"] - self.lost
        return waiting >= 1 if self.point.end == "before" else waiting <= 0 and requests["under_way"] >= 1


class Death:
    """SIGKILL at a point. `done`: it is dead, and nothing is held at the mints any more."""

    def __init__(self, trade, point):
        self.trade, self.point, self.dies = trade, point, point.dies
        self.done, self.over, self.watch, self.waiter, self.problem = threading.Event(), threading.Event(), None, None, None

    def begin(self):
        if self.point.row:
            party = self.trade.parties[self.point.watch]
            self.watch = RowWatch(party.daemon.process, party.database, self.point.row, self.on_row)
        else:
            self.hold()

    def on_row(self, before, after):
        """Of a node that is stopped."""
        if self.point.route:
            self.hold()
        elif self.point.watch == self.dies:
            self.strike(before if self.point.end == "before" else after)
        else:
            self.strike()

    def hold(self):
        hold = Hold(self.trade.world.mint, self.point)
        self.waiter = threading.Thread(target=self.wait, args=(hold,), daemon=True)
        self.waiter.start()

    def wait(self, hold):
        try:
            while not self.over.is_set():
                if hold.lies():
                    return self.strike()
                time.sleep(0.002)  # another process's counters: polled
        except Exception as problem:  # told by the cell
            self.problem = problem

    def strike(self, length=None):
        party, mint = self.trade.parties[self.dies], self.trade.world.mint
        party.daemon.process.kill()
        party.daemon.process.wait()
        if length is not None:
            cut(party, length)
        mint.no_faults()
        mint.settle()
        self.done.set()

    def end(self):
        self.over.set()
        if self.waiter is not None:
            self.waiter.join(60)
        if self.watch is not None:
            self.watch.stop()
            self.problem = self.problem or self.watch.problem


PROBLEMS = (AssertionError, Died, OSError, http.client.HTTPException, KeyError, ValueError, money_mints.harness.Failed, subprocess.TimeoutExpired)


def money_of(trade):
    """Of a trade that went wrong: whether sats are missing, too."""
    try:
        for step in (trade.settle, trade.close, trade.receive, trade.judge_money):
            step()
        return "no sat is missing"
    except PROBLEMS as problem:
        return f"and the money: {type(problem).__name__}: {problem}"


class World:
    """A pair of linked mints. Each cell has two nodes that are new."""

    def __init__(self, given, pair, root):
        self.binary, self.wallets, self.root = str(given.build / "archipelago"), root, root
        root.mkdir(parents=True)
        self.mint = money_mints.LinkedMints(pair.split(":"), given)


def run_cell(world, point):
    """What is wrong, whether somebody died, and what a trade that ended says of itself."""
    world.mint.no_faults()
    trade, death = Trade(world, world.root), None
    try:
        trade.set()
        for step in (trade.buy, trade.settle, trade.close, trade.receive):
            if point is not None and step.__name__ == point.step:
                trade.death = death = Death(trade, point)
                death.begin()
            step()
        if death is not None:
            death.end()
        trade.judge()
        if death is not None and death.problem is not None:
            raise AssertionError(f"how it was to die: {death.problem}")
        return "", trade.mended, trade.story
    except PROBLEMS as problem:
        told = f"{type(problem).__name__}: {problem}"
        if death is not None:
            death.end()
            told += f"; how it was to die: {death.problem}" if death.problem else ""
        return f"{told}\n  {trade.stands()}\n  {money_of(trade)}", trade.mended, ""
    finally:
        if death is not None:
            death.end()
        world.mint.no_faults()
        world.mint.settle()
        trade.end()


def chosen(given):
    points = list(all_points())
    if given.quick:
        points = [point for point in points if " ".join(str(point).split()) in QUICK]
    if given.only:
        points = [point for point in points if given.only in " ".join(str(point).split())]
    return [None, *struck.spread(points, given.points)]


def keep_logs(root, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for path in root.glob("*.log"):
        shutil.copy(path, folder)


def run_pair(given, pair, root, counts):
    world = World(given, pair, root)
    print(f"{'pair':17} {'dies at, when':60} {'took':>7}", flush=True)
    try:
        for point in chosen(given):
            began = time.monotonic()
            problem, died, story = run_cell(world, point)
            if point is not None and not died and not problem:
                problem = "the point was not reached"
            counts["failed" if problem else "passed"] += 1
            seconds = time.monotonic() - began
            print(f"{pair:17} {str(point or '-      nobody'):60} {seconds:5.1f} s  {'FAIL' if problem else 'ok'}", flush=True)
            print(f"  {problem or story}", flush=True)
            if problem and given.logs:
                keep_logs(root, given.logs / f"{pair.replace(':', '-')} {point or 'nobody'}")
    finally:
        world.mint.stop()


def main():
    pairs = [f"{a}:{b}" for a in KINDS for b in KINDS]
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--build", type=pathlib.Path, required=True)
    arguments.add_argument("--pair", action="append", choices=pairs)
    arguments.add_argument("--points", type=int)
    arguments.add_argument("--only", help="points whose name has this in it")
    arguments.add_argument("--quick", action="store_true")
    arguments.add_argument("--list", action="store_true")
    arguments.add_argument("--logs", type=pathlib.Path, help="where logs of the nodes of cells that failed are kept")
    given = arguments.parse_args()
    if given.list:
        for point in chosen(given)[1:]:
            print(point)
        return 0
    given.build = given.build.resolve()
    given.proxy = str(given.build / "testmint" / "fault_proxy")
    os.environ.update(money_mints.cashu_mints.NO_PROXY)
    money_mints.harness.isolate()
    began, counts = time.monotonic(), collections.Counter()
    with tempfile.TemporaryDirectory(prefix="archipelago-trade-", ignore_cleanup_errors=True) as temp:
        for pair in given.pair or (pairs[:1] if given.quick else pairs[:1] + pairs[2:3]):
            if why := money_mints.harness.missing(["linked", *pair.split(":")]):
                print(f"NOTRUN {pair}: {why}", flush=True)
            else:
                run_pair(given, pair, pathlib.Path(temp) / pair.replace(":", "-"), counts)
    print(f"{time.monotonic() - began:.0f} s")
    print(f"{counts['passed']} passed, {counts['failed']} failed")
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
