"""Real mints that are joined to a Lightning of ours, and that Lightning as a test drives it.

CDK's mints are nodes of linked_lightning.py. nutshell keeps its own fake Lightning; a quote there is marked paid
through its management interface, and how its own payments go is its configuration:
`mint.restart(pay_state="PENDING", check_state="PENDING")`.
"""

import concurrent.futures
import contextlib
import json
import pathlib
import threading
import time

from cashu_mints import NO_PROXY, CdkMintd, Nutshell, tcp_port
from harness import HERE, PROGRAMS, STEP, check

OUTSIDE = "outside"


def eventually(holds, what, limit_s=STEP):
    """The first value that is true; another process's database or answer is polled."""
    deadline = time.monotonic() + limit_s
    while not (value := holds()):
        check(time.monotonic() < deadline, f"never: {what}")
        time.sleep(0.02)
    return value


@contextlib.contextmanager
def meanwhile(function, *arguments):
    """Runs it in a thread; the future's `result()` is what it returned, or raises what it raised."""
    pool = concurrent.futures.ThreadPoolExecutor(1)
    try:
        yield pool.submit(function, *arguments)
    finally:
        pool.shutdown()


class Lightning:
    """linked_lightning.py, which says what each command means. `invoice` is the text of one."""

    def __init__(self, test, *nodes):
        self.lock = threading.Lock()  # a watcher asks too
        self.child = test.spawn("lightning", [PROGRAMS["linked"], "-B", HERE / "linked_lightning.py", *nodes])
        self.ports = self.child.json(lambda value: "ports" in value)["ports"]

    def ask(self, do, **command):
        with self.lock:
            self.child.send(json.dumps({"do": do, **command}))
            answer = self.child.json(what=f"answer to {do}")
        check("error" not in answer, f"lightning: {answer.get('error')}")
        return answer["ok"]

    def next(self, outcome="paid", **how):
        """`fee`, `late`, `then` and `after_s`, `invoice`: see Script in linked_network.py."""
        self.ask("next", outcome=outcome, **how)

    def finish(self, invoice, outcome="paid"):
        self.ask("finish", invoice=invoice, outcome=outcome)

    def tell(self, invoice):
        self.ask("tell", invoice=invoice)

    def outside_pays(self, invoice, late=False):
        self.ask("paid_by", invoice=invoice, late=late)

    def outside_invoice(self, sats, description="", expiry_s=3600):
        return self.ask("invoice", sats=sats, description=description, expiry_s=expiry_s)

    def terms(self, **values):
        self.ask("terms", **values)

    def payments(self, invoice=None):
        return [row for row in self.ask("payments") if invoice in (None, row["invoice"])]


class Linked:
    """What a linked mint's own database says of Lightning. What it paid to itself is left out."""

    def melts(self):
        """{invoice: sats} of those it has paid."""
        own = {row[0] for row in self.rows(self.quote_rows)}
        return {invoice: sats for invoice, sats in self.rows(self.melt_rows) if invoice not in own}

    def quotes(self):
        """{invoice: (quote, sats paid, sats issued)}"""
        own = {row[0] for row in self.rows(self.melt_rows)}
        return {row[0]: row[1:] for row in self.rows(self.quote_rows) if row[0] not in own}

    def paid_within(self):
        own = {row[0] for row in self.rows(self.quote_rows)}
        return sum(sats for invoice, sats in self.rows(self.melt_rows) if invoice in own)

    def unclaimed(self):
        """Paid, and no ecash was given for it yet."""
        return sum(paid - issued for _, _, paid, issued in self.rows(self.quote_rows))

    def new_quote(self, amount):
        """(quote, invoice) of nobody's wallet."""
        made = self.post("/v1/mint/quote/bolt11", {"amount": amount, "unit": "sat"})
        return made["quote"], made["request"]

    def quote_state(self, quote):
        return self.get(f"/v1/mint/quote/bolt11/{quote}")["state"]

    def melt_state(self, invoice):
        """By its database, None before there is a quote."""
        states = [state for asked, state in self.rows(self.melt_states) if asked == invoice]
        return states[-1] if states else None


class LinkedCdk(Linked, CdkMintd):
    """A node of `lightning`, under its name there, which keeps its invoices while it restarts."""

    melt_rows = "select json_extract(request, '$.Bolt11.bolt11'), amount from melt_quote where state = 'PAID'"
    melt_states = "select json_extract(request, '$.Bolt11.bolt11'), state from melt_quote order by created_time"
    quote_rows = "select request, id, amount_paid, amount_issued from mint_quote where unit = 'sat'"

    def __init__(self, test, lightning, name, **options):
        super().__init__(test, name=name, **options)
        self.lightning = lightning

    def backend(self):
        if self.rotations:  # a list of keysets is a thing of the fake Lightning: see `rotate`
            return super().backend()
        return "grpcprocessor", (
            f'[grpc_processor]\nsupported_units = ["sat"]\naddr = "http://127.0.0.1"\n'
            f"port = {self.lightning.ports[self.name]}\n")

    def rotate(self):
        """Once by the fake Lightning, with nothing pending."""
        ids = super().rotate()
        self.restart()
        return ids


class LinkedNutshell(Linked, Nutshell):
    """Its invoices stay unpaid until `settle`. `pay_state` is how its payments go, `check_state` what it hears of
    one later: SETTLED, FAILED, PENDING or UNKNOWN."""

    melt_rows = "select request, amount from melt_quotes where state = 'PAID'"
    melt_states = "select request, state from melt_quotes order by created_time"
    quote_rows = (
        "select request, quote, case when state in ('PAID', 'PENDING', 'ISSUED') then amount else 0 end, "
        "case when state = 'ISSUED' then amount else 0 end from mint_quotes where unit = 'sat'")

    def __init__(self, test, name="nutshell", **options):
        super().__init__(test, name=name, **options)
        self.check_state, self.management = "SETTLED", tcp_port()

    def environment(self):
        return super().environment() | {
            "FAKEWALLET_BRR": "FALSE", "FAKEWALLET_PAYMENT_STATE": self.check_state,
            "MINT_RPC_SERVER_ENABLE": "TRUE", "MINT_RPC_SERVER_MUTUAL_TLS": "FALSE",
            "MINT_RPC_SERVER_ADDR": "127.0.0.1", "MINT_RPC_SERVER_PORT": str(self.management)}

    def lightning_fee(self, invoice):
        """What its payment took: 0 when it heard only later that it was paid."""
        rows = self.rows("select request, coalesce(fee_paid, 0) from melt_quotes where state = 'PAID'")
        return dict(rows)[invoice]

    def settle(self, invoice):
        """Marks the quote of this invoice paid, as its Lightning would."""
        quote, paid, _ = self.quotes()[invoice]
        check(not paid, f"{self}: {quote} is paid already")
        told = self.test.run("mint-cli", [
            pathlib.Path(PROGRAMS["nutshell"]).with_name("mint-cli"), "--host", "127.0.0.1", "--port", self.management,
            "--insecure", "update", "mint-quote", quote, "PAID"], env=NO_PROXY)
        check("Successfully" in told.out, f"{self}: {quote} was not marked paid; {told}")
