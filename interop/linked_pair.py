"""Two real mints on one Lightning: an invoice of one that is paid at the other settles there, and only then.

    pair = linked_pair(test, "cdk", "nutshell")     # pair.a, pair.b, pair.lightning
    pair.fund(wallet, pair.a, 1000)                 # somebody outside pays the wallet's invoice
    pair.lightning.next("pending")                  # how the next payment of a CDK mint goes
    pair.conserved(wallet)                          # both databases and the ledger agree

nutshell's fake Lightning believes no payment by itself: a watcher reads in the payer's database that a melt is PAID
and only then has the quote marked paid.
"""

import threading
import time

from cashu_mints import conserved, outstanding
from harness import STEP, Failed, check, equal
from linked_mints import OUTSIDE, Lightning, LinkedCdk, LinkedNutshell, eventually, meanwhile


class Pair:
    """Two linked mints, started or to be started by the caller."""

    def __init__(self, test, lightning, a, b):
        self.lightning, self.a, self.b = lightning, a, b
        self.failure, self.looks, self.ended = None, 0, threading.Event()
        self.foreign = [mint for mint in self.both if isinstance(mint, LinkedNutshell)]
        if self.foreign:
            self.watcher = threading.Thread(target=self.watch, daemon=True)
            self.watcher.start()
            test.at_end(self.stop)

    @property
    def both(self):
        return self.a, self.b

    def stop(self):
        self.ended.set()
        self.watcher.join(STEP)

    def watch(self):
        while not self.ended.wait(0.05):  # databases of other processes: polled
            try:
                self.look()
                self.failure = None
                self.looks += 1
            except Exception as error:  # a mint that is down just now, or something `conserved` will tell
                self.failure = error

    def look(self):
        """Tells the network what nutshell's mints have paid, and them what has been paid to them."""
        known = {row["invoice"] for row in self.lightning.payments() if row["state"] == "paid"}
        for mint in self.foreign:
            for invoice in mint.melts().keys() - known:
                self.lightning.ask("paid_by", invoice=invoice, payer=mint.name, fee=mint.lightning_fee(invoice))
        for row in self.lightning.payments():
            if row["state"] == "paid" and not row["late"] and not row["told"]:
                self.pass_on(row["invoice"], row["payer"])

    def pass_on(self, invoice, payer):
        payee = next((mint for mint in self.foreign if invoice in mint.quotes()), None)
        if payee and (payer == OUTSIDE or any(invoice in mint.melts() for mint in self.both if mint.name == payer)):
            payee.settle(invoice)
            self.lightning.ask("told", invoice=invoice, payee=payee.name)

    def looked(self):
        """The watcher has seen what holds now, and acted upon it."""
        until, deadline = self.looks + 2, time.monotonic() + STEP  # a look that is under way has begun earlier
        while self.foreign and self.looks < until:
            check(time.monotonic() < deadline, f"the watcher: {self.failure}")
            time.sleep(0.02)  # another thread, on other processes' databases: polled

    def fund(self, wallet, mint, sats):
        """Minted by the wallet, which waits, and paid by somebody outside."""
        known = mint.quotes()
        with meanwhile(wallet.mint, mint.url, sats) as minted:
            self.lightning.outside_pays(eventually(
                lambda: next(iter(mint.quotes().keys() - known.keys()), None), "a quote of the wallet"))
            minted.result()

    def conserved(self, *wallets, in_flight=(0, 0)):
        """`agrees`, and at each mint the wallets hold what it owes (`in_flight`: in tokens nobody claimed)."""
        self.agrees()
        for mint, flying in zip(self.both, in_flight):
            conserved(mint, *wallets, in_flight=flying)

    def agrees(self):
        """Each mint has paid and got what the ledger says, and between them nothing came or went but through it."""
        self.looked()
        reasons = []

        def checked():
            try:
                check(self.failure is None, f"the watcher: {self.failure}")
                self.check_ledger()
                return True
            except Failed as why:
                reasons.append(str(why))
                return False

        try:
            eventually(checked, "the ledger agrees")
        except Failed:
            raise Failed(reasons[-1]) from None

    def check_ledger(self):
        rows = [row for row in self.lightning.payments() if row["state"] == "paid"]
        names = [mint.name for mint in self.both]
        for mint in self.both:
            sent = [row for row in rows if row["payer"] == mint.name]
            got = [row for row in rows if row["payee"] == mint.name and row["told"]]
            equal(mint.melts(), {row["invoice"]: row["sats"] for row in sent}, f"{mint}: paid, against the ledger")
            equal({invoice: paid for invoice, (_, paid, _) in mint.quotes().items() if paid},
                  {row["invoice"]: row["sats"] for row in got}, f"{mint}: got, against the ledger")
            equal(mint.books().paid_out - mint.paid_within(), sum(row["sats"] + row["fee"] for row in sent),
                  f"{mint}: paid with fees, against the ledger")
        owed = sum(outstanding(mint) - mint.lost + mint.books().input_fees + mint.unclaimed() for mint in self.both)
        came = sum(row["sats"] for row in rows if row["payer"] not in names)
        left = sum(row["sats"] for row in rows if row["payee"] not in names)
        fees = sum(row["fee"] for row in rows)
        untold = sum(row["sats"] for row in rows if row["payee"] in names and not row["told"])
        equal(owed + untold, came - left - fees, "owed, unclaimed and untold, against came less left less fees")


def linked_pair(test, kind_a="cdk", kind_b="cdk", fee_ppk=0, v2=True):
    """A started pair, named a and b; a case that has one needs "linked" and both kinds."""
    kinds = {"a": kind_a, "b": kind_b}
    lightning = Lightning(test, *(name for name, kind in kinds.items() if kind == "cdk"))
    mints = [
        LinkedCdk(test, lightning, name, fee_ppk=fee_ppk, v2=v2) if kind == "cdk"
        else LinkedNutshell(test, name, fee_ppk=fee_ppk, v2=v2) for name, kind in kinds.items()]
    return Pair(test, lightning, *(mint.start() for mint in mints))
