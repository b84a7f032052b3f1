"""One trade, for tools/kill_trade.py: a node with ecash of mint A buys a file from one that takes only ecash of mint B.

ask -> price -> swap from A to B -> pay -> granted -> fetch -> meter -> top-up -> session closed -> what is left is received. One of
the two may die on the way; it is started again with the same ports and the same data, and asked for the same again.
"""

import http.client
import os
import shutil
import time

from local_node import Daemon, random_file, sha256_of
from money_cells import recover
from money_deeds import LinkedWallet

MIB = 1 << 20
SIZE = 11 * MIB
STEP, PRICE, LEAST_STEPS = MIB, 2, 4
BUDGET, MOST_FEE = 1000, 20  # of a purchase; an instalment is a hundredth of the budget: 10 sat for 5 MiB
PAID = (26, 28)  # three instalments: of the last one, 8 sat for 4 MiB, something is left. The second is one of 4 or of 5 MiB
INSTALMENT = 5 * MIB
TRADE_S, OPEN_S, ASK_S = 90, 90, 25  # a token that nobody answered for is had back within a minute
SWARM = {"ARCHIPELAGO_SWARM_ENABLED": "true"}
CAPS = {"ARCHIPELAGO_PAYMENT_BUDGET_SATS": str(BUDGET), "ARCHIPELAGO_PAYMENT_MAX_FEE_SATS": str(MOST_FEE),
        "ARCHIPELAGO_PAYMENT_PEER_SATS": str(4 * BUDGET), "ARCHIPELAGO_PAYMENT_DAY_SATS": str(4 * BUDGET)}
OVER = ("paid", "none", "had_back")


class Died(Exception):
    """The node that was asked."""


class SellersWallet(LinkedWallet):
    """Knows mint B alone."""

    def open(self):
        if not self.node.folder.exists():
            self.must("init")
            self.must("mints", "add", self.world.mint.urls[1])
        return self


class Party:
    """A node with its wallet. It keeps its ports for its life."""

    def __init__(self, wallet, **environment):
        self.wallet, self.node, self.environment, self.daemon = wallet, wallet.node, environment, None
        self.ports = {"SWARM_BIND": "127.0.0.1:0"}

    @property
    def database(self):
        return self.node.folder / "db" / "wallet.db"

    def start(self):
        ports = {f"ARCHIPELAGO_{name}": value for name, value in self.ports.items()}
        with open(f"{self.node.folder}.log", "a") as log:
            self.daemon = Daemon(self.node, stderr=log, **SWARM, **self.environment, **ports)
        at = self.daemon.ports
        self.ports = {"SWARM_BIND": at["swarm"][0], "CONTROL_PORT": at["control"].rsplit(":", 1)[1], "CONTENT_PORT": at["content"].rsplit(":", 1)[1]}

    def stop(self):
        if self.daemon is not None:
            self.daemon.stop()

    @property
    def peer(self):
        return f"{self.daemon.hello['endpoint_id']}@{self.ports['SWARM_BIND']}"


class Trade:
    """Steps in their order: `set`, `buy`, `settle`, `close`, `receive`, `judge`. `death`: what may kill one of them, or None."""

    def __init__(self, world, root):
        self.world, self.root, self.death, self.mended = world, root, None, False
        self.seller = Party(SellersWallet(world, "seller"))
        self.buyer = Party(LinkedWallet(world, "buyer"), **CAPS)
        self.parties = {"seller": self.seller, "buyer": self.buyer}

    # --- one that died --------------------------------------------------------------------------------

    def mend(self):
        """Starts again who was killed, and says who that is."""
        if self.death is None or self.mended or not self.death.done.is_set():
            return None
        party = self.parties[self.death.dies]
        party.daemon.stop()
        party.start()
        self.mended = True
        return party

    def ask(self, party, method, **params):
        """Result and error, one of them None. Errors: Died; it was started again then."""
        try:
            _, answer = party.daemon.post(method, params)
        except (OSError, http.client.HTTPException, ValueError):
            if self.death is None or self.parties[self.death.dies] is not party or self.mended or not self.death.done.wait(60):
                raise
            self.mend()
            raise Died from None
        return answer.get("result"), answer.get("error")

    def must(self, party, method, **params):
        """Asked again of one that died, and of one that is to be asked later."""
        until = time.monotonic() + OPEN_S
        while True:
            try:
                result, error = self.ask(party, method, **params)
            except Died:
                continue
            if error is None:
                return result
            assert error["data"]["code"] == "try_later" and time.monotonic() < until, f"{method}: {error}"
            time.sleep(0.1)  # another process's work: polled

    # --- the steps ------------------------------------------------------------------------------------

    def set(self):
        for party in (self.seller, self.buyer):
            shutil.rmtree(party.node.folder, ignore_errors=True)
            open(f"{party.node.folder}.log", "w").close()
        self.elsewhere = self.world.mint.outstanding()
        self.buyer.wallet.fund(1)
        self.seller.wallet.open()
        self.file = random_file(self.root / "film", SIZE)
        code, rows, errors = self.seller.node.run("add", self.file)
        assert code == 0, f"add: {errors}"
        self.blake3 = rows[0]["blake3"]
        words = ["service", "set", "content-download", "--on", "--price", PRICE, "--step", STEP, "--min-steps", LEAST_STEPS, "--mint", self.world.mint.urls[1]]
        code, _, errors = self.seller.node.run(*words)
        assert code == 0, f"service: {errors}"
        self.seller.start()
        self.buyer.start()

    def buy(self):
        """Until the content is there. A fetch may fail of a death, one that was begun after it may not."""
        until = time.monotonic() + TRADE_S
        number = after_death = None
        while True:
            if self.mend() is self.buyer:
                number = None
            try:
                if number is None:
                    after_death = self.mended
                    number = self.must_begin()
                now, error = self.ask(self.buyer, "fetch.status", fetch=number)
            except Died:
                number = None
                continue
            assert error is None, f"fetch.status: {error}"
            now = now["fetches"][0]
            if now["state"] == "complete":
                return now
            if now["state"] in ("waiting", "running"):
                assert time.monotonic() < until, f"not fetched after {TRADE_S} s: {now}"
                time.sleep(0.01)  # another process's state: polled
                continue
            dead = self.death is not None and (self.death.done.is_set() or self.death.done.wait(2))
            assert dead and not after_death, f"a fetch {'after' if after_death else 'without'} a death: {now['state']}: {now['error']}"
            number = None

    def must_begin(self):
        result, error = self.ask(self.buyer, "fetch.start", content=self.blake3, peers=[self.seller.peer])
        assert error is None, f"fetch.start: {error}"
        return result["fetch"]

    def settle(self):
        """Until every purchase has ended."""
        until = time.monotonic() + OPEN_S
        while still := [row for row in self.purchases() if row["state"] == "open"]:
            assert time.monotonic() < until, f"a purchase is never decided: {still[0]}"
            self.mend()
            time.sleep(0.1)  # another process's book: polled

    def purchases(self):
        return self.must(self.buyer, "streaming.purchases", limit=1000)["purchases"]

    def sessions(self):
        return self.must(self.seller, "streaming.sessions", closed_too=True)["sessions"]

    def close(self):
        """The tokens that give back what is left."""
        closed = [self.must(self.seller, "streaming.session-close", session=row["session"]) for row in self.sessions()]
        self.tokens = [row["token"] for row in closed if row["token"]]
        for row in closed:
            again = self.must(self.seller, "streaming.session-close", session=row["session"])
            assert again["token"] == row["token"], "closed again it is another token"

    def receive(self):
        for token in self.tokens:
            got = self.must(self.buyer, "wallet.receive", token=token, timeout_s=ASK_S)
            assert got["state"] in ("done", "open"), f"what is given back is not taken: {got}"

    # --- the end --------------------------------------------------------------------------------------

    def judge(self):
        """Errors: AssertionError, harness.Failed."""
        held = self.judge_money()
        out = self.root / "bought"
        out.unlink(missing_ok=True)
        self.must(self.buyer, "blob.export", content=self.blake3, path=str(out))
        assert sha256_of(out) == sha256_of(self.file), "the file is not what was sold"
        self.judge_books(held)
        for name, party in self.parties.items():
            bad = [row for row in self.must(party, "wallet.doctor")["findings"] if row["health"] != "ok" and row["check"] not in ("mint", "backup")]
            assert not bad, f"the doctor of the {name}: {bad}"

    def judge_money(self):
        """What both hold, of an ended trade or of one that went wrong. Errors: AssertionError, harness.Failed."""
        self.mend()
        for party in self.parties.values():
            recover(party.wallet, OPEN_S)
        self.settle()
        self.world.mint.pair.agrees()
        held = self.buyer.wallet.balances(), self.seller.wallet.balances()
        for number, (name, old, owes) in enumerate(zip("ab", self.elsewhere, self.world.mint.outstanding())):
            assert held[0][number] + held[1][number] + old == owes, (
                f"at {name} the buyer holds {held[0][number]}, the seller {held[1][number]}, others {old}, and the mint owes {owes} sat")
        self.judge_histories(held)
        return held

    def judge_histories(self, held):
        """Nothing is open; what is gone is the fees that both own up to."""
        rows = []
        for name, party in self.parties.items():
            history = party.wallet.history()
            stuck = [row for row in history if row["state"] not in ("done", "failed")]
            assert not stuck, f"{name}: {stuck[0]['kind']} is {stuck[0]['state']} at {stuck[0]['stage']}"
            rows += history
        fees = sum(row["fee_sats"] for row in rows if row["part_of"] is None)
        there, given = sum(map(sum, held)), self.buyer.wallet.funded
        assert there + fees == given, f"both hold {held}, {fees} went as fees, and {given} were given"

    def judge_books(self, held):
        """The buyer's purchases against the seller's sessions, and both against their wallets."""
        bought = self.must(self.buyer, "streaming.purchases", limit=1000)
        odd = [row for row in bought["purchases"] if row["state"] not in OVER]
        assert not odd, f"a purchase is {odd[0]['state']}: {odd[0]}"
        sessions = self.sessions()
        credit = sum(row["credit_msat"] for row in sessions)
        assert credit == 1000 * bought["paid_sats"], f"the buyer has paid {bought['paid_sats']} sat, the seller credits {credit} msat"
        receipts = [row["receipt"] for row in bought["purchases"] if row["state"] == "paid"]
        assert all(receipts) and len(set(receipts)) == len(receipts), f"receipts: {receipts}"
        profits = self.must(self.seller, "streaming.profits")
        usage = self.must(self.seller, "streaming.usage")["usage"]
        assert profits["earned_sats"] == bought["paid_sats"] == sum(row["earned_sats"] for row in usage), f"{profits}"
        assert profits["refunded_sats"] == sum(row["refunded_sats"] for row in usage), f"{profits}, {usage}"
        assert profits["kept_sats"] == sum(held[1]), f"the seller has kept {profits['kept_sats']} sat and holds {held[1]}"
        units = sum(row["units"] for row in sessions)
        assert units == sum(row["units_paid"] for row in usage) and not any(row["grace_bytes"] for row in usage), f"{units} bytes: {usage}"
        assert all(row["closed"] and row["used_msat"] <= row["credit_msat"] for row in sessions), f"{sessions}"
        assert units <= SIZE + INSTALMENT, f"{units} bytes were metered of {SIZE}: more than an instalment is gone"
        if not self.mended:
            assert units == SIZE, f"{units} bytes were metered of {SIZE}"
            assert bought["paid_sats"] in PAID and self.tokens, f"{bought['paid_sats']} sat were paid, given back: {len(self.tokens)} times"
        left = self.buyer.wallet.funded - sum(held[0])
        came = sum(row["amount_sats"] for row in self.buyer.wallet.history() if row["kind"] == "receive")
        assert left + came == bought["paid_sats"] + bought["fees_sats"], (
            f"{left} sat are gone and {came} were given back; by the book {bought['paid_sats']} were paid, {bought['fees_sats']} in fees")
        self.story = (f"{bought['paid_sats']} sat paid in {len(receipts)} instalments, {bought['fees_sats']} in fees, {came} given back; "
                      f"{units / MIB:.1f} MiB metered")

    def stands(self):
        """How far a trade that went wrong is, as far as it can be told."""
        try:
            bought = [(row["purchase"], row["state"], row["amount_sats"]) for row in self.purchases()]
            sold = [(row["units"], row["credit_msat"], row["used_msat"], row["closed"]) for row in self.sessions()]
            held = self.must(self.buyer, "blob.get", content=self.blake3)["held_bytes"]
            return f"the buyer holds {held} bytes, purchases {bought}; sessions (bytes, msat paid, used, closed) {sold}"
        except (AssertionError, OSError, KeyError, ValueError, http.client.HTTPException) as problem:
            return f"how it stands is not to be had: {problem}"

    def end(self):
        """Whatever happened."""
        for party in self.parties.values():
            if party.daemon is not None and party.daemon.process.poll() is None:
                party.daemon.process.kill()
                party.daemon.process.communicate()


def journal(party):
    return f"{party.database}-wal"


def cut(party, length):
    """The journal as it was before a commit. `party` is dead."""
    os.truncate(journal(party), length)
