"""Real mints on loopback, what their own databases say they owe, and a proxy that holds their requests or answers.

A mint belongs to one Test and dies with it. `stop` and `start` keep its database and its port: what a
restart changes is given to `restart`. `rotate` makes a new active keyset, leaves the old one redeemable,
and returns the ids (old, new).
"""

import contextlib
import dataclasses
import http.client
import http.server
import json
import os
import socket
import sqlite3
import threading
import time
import urllib.request

from harness import PROGRAMS, Failed, case, check, equal

START_S = 180
NO_PROXY = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "")


def tcp_port():
    with socket.socket() as probe:  # our own network namespace: nobody else takes it meanwhile
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclasses.dataclass(frozen=True)
class Books:
    """A mint's database in sats. `outstanding` is what all wallets together must hold."""

    issued: int  # blind signatures given out, melt change included
    spent: int  # proofs redeemed
    pending: int  # proofs inside an unfinished melt: still outstanding
    paid_in: int  # invoices of quotes whose ecash was issued
    paid_out: int  # invoices paid for others, with what Lightning took
    input_fees: int  # the mint's own count
    own_outstanding: int  # the mint's own running count, kept apart from the rows summed here

    @property
    def outstanding(self):
        return self.issued - self.spent


class Mint:
    """What both kinds share. `v2` chooses the keyset id's version; `fee_ppk` its input fee."""

    kind = "mint"

    def __init__(self, test, fee_ppk=0, v2=True, name=None):
        self.test, self.fee_ppk, self.v2 = test, fee_ppk, v2
        self.name = name or self.kind
        self.port = tcp_port()
        self.dir = test.path(f"{self.name}-{self.port}", "x").parent
        self.child = None
        self.donors = []  # wallets that hold something here on the side
        self.lost = 0  # what it paid for others above what it took, where a test has made it

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def __str__(self):
        return f"{self.name} ({self.fee_ppk} ppk, {'v2' if self.v2 else 'v1'})"

    def start(self):
        self.child = self.test.spawn(self.name, self.command(), env=NO_PROXY | self.environment(), cwd=self.dir)
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:  # neither prints a line on stdout when it listens
            if self.child.process.poll() is not None:
                raise Failed(f"{self}: ended (exit {self.child.process.returncode}); {self.child.story()}")
            try:
                self.info()
                return self
            except OSError:
                time.sleep(0.05)
        raise Failed(f"{self}: does not answer after {START_S} s; {self.child.story()}")

    def stop(self):
        self.child.process.terminate()
        self.child.wait(START_S)
        self.child.kill()

    def restart(self, **changes):
        self.stop()
        for name, value in changes.items():
            check(hasattr(self, name), f"{self}: nothing called {name} to change")
            setattr(self, name, value)
        return self.start()

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=30) as answer:
            return json.load(answer)

    def post(self, path, body):
        request = urllib.request.Request(
            self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def info(self):
        return self.get("/v1/info")

    def keysets(self):
        return [keyset for keyset in self.get("/v1/keysets")["keysets"] if keyset["unit"] == "sat"]

    def active_keyset(self):
        active = [keyset["id"] for keyset in self.keysets() if keyset["active"]]
        equal(len(active), 1, f"active keysets of {self}")
        check(active[0].startswith("01" if self.v2 else "00"), f"{self}: its keyset is {active[0]}")
        return active[0]

    def invoice(self, amount, description=""):
        """An invoice of this mint, which pays it to itself a moment later."""
        asked = {"amount": amount, "unit": "sat", "description": description}
        return self.post("/v1/mint/quote/bolt11", asked)["request"]

    def rows(self, query):
        database = sqlite3.connect(f"file:{self.database()}?mode=ro", uri=True, timeout=10)
        try:
            return database.execute(query).fetchall()
        finally:
            database.close()

    def books(self):
        return Books(*(self.rows(f"select coalesce(({query}), 0)")[0][0] for query in self.queries))


def outstanding(mint):
    """What the mint still owes, from its rows and, as a cross-check, by its own running count."""
    books = mint.books()
    equal(books.own_outstanding, books.outstanding, f"{mint}: its own count against its rows, {books}")
    left = books.paid_in - books.paid_out - books.input_fees + mint.lost
    if mint.kind == "nutshell" and len(mint.keysets()) > 1:  # rounds up for each keyset of a request, and takes less
        check(left <= books.outstanding <= left + books.input_fees, f"{mint}: Lightning in less out less fees, {books}")
    else:
        equal(left, books.outstanding, f"{mint}: Lightning in less out less input fees, {books}")
    return books.outstanding


class Redis:
    """A cache for the answers of nutshell, in memory only."""

    def __init__(self, test):
        self.port = tcp_port()
        folder = test.path("redis", "x").parent
        self.child = test.spawn("redis", [
            PROGRAMS["redis"], "--bind", "127.0.0.1", "--port", self.port, "--save", "", "--appendonly", "no",
            "--dir", folder, "--daemonize", "no"], cwd=folder)
        self.child.line(lambda line: "Ready to accept connections" in line, START_S, "ready")

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}"


class Nutshell(Mint):
    """Cashu's mint in Python. Every invoice is paid at once; paying one costs 1 sat."""

    kind = "nutshell"
    queries = (
        "select sum(amount) from promises where c_ is not null",
        "select sum(amount) from proofs_used",
        "select sum(amount) from proofs_pending",
        "select sum(amount) from mint_quotes where state = 'ISSUED'",
        "select sum(amount + coalesce(fee_paid, 0)) from melt_quotes where state = 'PAID'",
        "select sum(fees_paid) from keysets where unit = 'sat'",
        # What is pending is already out of its own count.
        "select sum(balance) + coalesce((select sum(amount) from proofs_pending), 0) from keysets where unit = 'sat'",
    )

    def __init__(self, test, fee_ppk=0, v2=True, name=None, cache=False, pay_state="SETTLED"):
        super().__init__(test, fee_ppk, v2, name)
        self.seed, self.derivation, self.pay_state = os.urandom(16).hex(), 0, pay_state
        self.redis = Redis(test) if cache else None

    def command(self):
        return [PROGRAMS["nutshell"]]

    def environment(self):
        cache = {"MINT_REDIS_CACHE_ENABLED": "TRUE", "MINT_REDIS_CACHE_URL": self.redis.url} if self.redis else {}
        return cache | {
            "HOME": str(self.dir), "CASHU_DIR": str(self.dir), "MINT_DATABASE": str(self.dir),
            "MINT_PRIVATE_KEY": self.seed, "MINT_DERIVATION_PATH": f"m/0'/0'/{self.derivation}'",
            # Its version decides the keyset id's: v2 since 0.20.
            "VERSION": "0.20.3" if self.v2 else "0.19.2",
            "MINT_LISTEN_HOST": "127.0.0.1", "MINT_LISTEN_PORT": str(self.port), "TOR": "FALSE",
            "MINT_INPUT_FEE_PPK": str(self.fee_ppk), "MINT_BACKEND_BOLT11_SAT": "FakeWallet",
            "LIGHTNING_FEE_PERCENT": "1", "LIGHTNING_RESERVE_FEE_MIN": "2000", "FAKEWALLET_BRR": "TRUE",
            "FAKEWALLET_DELAY_INCOMING_PAYMENT": "0", "FAKEWALLET_DELAY_OUTGOING_PAYMENT": "0",
            "FAKEWALLET_PAY_INVOICE_STATE": self.pay_state,
            "MINT_RATE_LIMIT": "FALSE", "MINT_QUOTE_BACKEND_CHECK_RATE_LIMIT": "0"}

    def rotate(self, old_stays_active=False):
        """A new derivation path alone leaves the old keyset active beside the new one."""
        old = self.active_keyset()
        self.stop()
        if not old_stays_active:
            with contextlib.closing(sqlite3.connect(self.database())) as database, database:
                database.execute("update keysets set active = 0")
        self.derivation += 1
        self.start()
        active = [keyset["id"] for keyset in self.keysets() if keyset["active"]]
        equal((len(active), old in active), (1 + old_stays_active, old_stays_active), f"{self}: active {active}")
        return old, next(id_ for id_ in active if id_ != old)

    def database(self):
        return self.dir / "mint.sqlite3"


class CdkMintd(Mint):
    """CDK's mint in Rust. Every invoice is paid a second later; paying one costs 1 sat. It forgets unpaid
    invoices, and its cache, when it restarts."""

    kind = "cdk"
    queries = (
        "select sum(amount) from blind_signature where c is not null",
        "select sum(amount) from proof where state = 'SPENT'",
        "select sum(amount) from proof where state = 'PENDING'",
        "select sum(amount_issued) from mint_quote where unit = 'sat'",
        "select sum(payment_amount + payment_fee) from completed_operations where operation_kind = 'melt'",
        "select sum(fee_collected) from keyset_amounts",
        "select sum(total_issued) - sum(total_redeemed) from keyset_amounts",
    )

    def __init__(self, test, fee_ppk=0, v2=True, name=None, cache_s=60, rotations=()):
        super().__init__(test, fee_ppk, v2, name)
        self.seed, self.cache_s, self.rotations = os.urandom(16).hex(), cache_s, rotations

    def command(self):
        return [PROGRAMS["cdk"], "--work-dir", self.dir, "--config", self.dir / "config.toml"]

    def backend(self):
        """(the name of its Lightning, the tables of the configuration that are about it)"""
        rotations = "".join(
            f'[[fake_wallet.keyset_rotations]]\nunit = "sat"\nversion = "{version}"\n'
            f"input_fee_ppk = {fee_ppk}\nexpired = {str(expired).lower()}\n"
            for version, fee_ppk, expired in self.rotations)
        return "fakewallet", (
            f'[fake_wallet]\nsupported_units = ["sat"]\ncustom_payment_methods = []\nfee_percent = 0.02\n'
            f"reserve_fee_min = 1\nmin_delay_time = 1\nmax_delay_time = 1\n{rotations}")

    def environment(self):
        backend, tables = self.backend()
        (self.dir / "config.toml").write_text(
            f'[info]\nurl = "{self.url}/"\nlisten_host = "127.0.0.1"\nlisten_port = {self.port}\n'
            f'seed = "{self.seed}"\ninput_fee_ppk = {self.fee_ppk}\nuse_keyset_v2 = {str(self.v2).lower()}\n'
            f'[info.logging]\noutput = "stderr"\nconsole_level = "warn"\n'
            f"[info.quote_ttl]\nmint_ttl = 600\nmelt_ttl = 120\n"
            f'[info.http_cache]\nbackend = "memory"\nttl = {self.cache_s}\ntti = {self.cache_s}\n'
            f'[mint_info]\nname = "cdk"\n[database]\nengine = "sqlite"\n[ln]\nln_backend = "{backend}"\n'
            f"min_mint = 1\nmax_mint = 500000\nmin_melt = 1\nmax_melt = 500000\n{tables}")
        return {"HOME": str(self.dir)}

    def rotate(self):
        """A list of keysets in the configuration rotates at every start: given once, then taken out again."""
        old = self.active_keyset()
        self.restart(rotations=(("v2" if self.v2 else "v1", self.fee_ppk, False),))
        self.rotations = ()
        new = self.active_keyset()
        check(old != new, f"{self}: still {old} after the rotation")
        return old, new

    def database(self):
        return self.dir / "cdk-mintd.sqlite"


KINDS = {"nutshell": Nutshell, "cdk": CdkMintd}


class Switch:
    """Stands before a mint and forwards everything. `swallow(path)`: the mint gets the next POST there and
    executes it, and nobody gets the answer. `hold(path)`: the next POST there waits for `release()` before
    the mint sees it. `reached` is set when either happened; `requests` are the (path, body) that came."""

    def __init__(self, mint):
        self.mint, self.requests = mint, []
        self.swallowing = self.holding = None
        self.reached, self.released, self.closing = threading.Event(), threading.Event(), threading.Event()
        switch = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                switch.requests.append((self.path, body))
                if self.command == "POST" and self.path == switch.holding:
                    switch.holding = None
                    switch.reached.set()
                    switch.released.wait()
                status, kind, answer = switch.ask(self.command, self.path, body)
                if self.command == "POST" and self.path == switch.swallowing:
                    switch.swallowing = None
                    switch.reached.set()
                    switch.closing.wait()  # the answer never comes, the connection stays
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST = forward

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.closing.set()
        self.released.set()
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def ask(self, method, path, body):
        upstream = http.client.HTTPConnection("127.0.0.1", self.mint.port, timeout=120)
        try:
            upstream.request(method, path, body or None, {"Content-Type": "application/json"} if body else {})
            answer = upstream.getresponse()
            return answer.status, answer.getheader("Content-Type", "application/json"), answer.read()
        except OSError:
            return 502, "text/plain", b"the mint is away"
        finally:
            upstream.close()

    def swallow(self, path):
        self.reached.clear()
        self.swallowing = path

    def hold(self, path):
        self.reached.clear()
        self.released.clear()
        self.holding = path

    def release(self):
        self.released.set()

    def wait_reached(self, timeout=180):
        check(self.reached.wait(timeout), f"no such request reached the mint in {timeout} s")

    def bodies(self, path):
        return [body for came, body in self.requests if came == path]


ALL = [(kind, version, fee) for kind in KINDS for version in ("v1", "v2") for fee in (0, 100)]
FOUR = [("nutshell", "v2", 100), ("nutshell", "v1", 0), ("cdk", "v2", 100), ("cdk", "v1", 0)]


def each_mint(*needs, variants=FOUR, limit=900, **options):
    """Registers a case for each kind of mint, keyset version and fee: the function gets (test, a started mint)."""

    def register(function):
        for kind, version, fee in variants:
            def one(t, kind=kind, version=version, fee=fee):
                function(t, KINDS[kind](t, fee, version == "v2", **options).start())

            one.__name__ = f"{function.__name__}_{kind}_{version}_{fee}ppk"
            one.__doc__, one.__module__ = function.__doc__, function.__module__
            case(*needs, kind, limit=limit)(one)
        return function

    return register


def fee_of(mint, inputs):
    """The input fee of one request in sats."""
    return (inputs * mint.fee_ppk + 999) // 1000


def conserved(mint, *wallets, url=None, in_flight=0):
    """What the wallets hold, with what is in tokens nobody claimed, is what the mint owes."""
    held = {wallet.name: wallet.balance(url or mint.url) for wallet in wallets}
    side = sum(donor.balance(mint.url) for donor in mint.donors)
    equal(sum(held.values()) + side + in_flight, outstanding(mint),
          f"{mint}: held {held}, {side} on the side and {in_flight} in flight against owed")
