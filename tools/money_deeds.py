"""What a wallet does with money, for tools/kill_money.py: each deed with what has to be there before it."""

import json
import shutil
import time

import struck
from local_node import Node

MONEY = 75  # sat in a wallet that is to spend some; one that is used again has more
FUNDS = 1000  # of one that swaps between mints
SWAP = "POST /v1/swap"


class Wallet:
    """`archipelago wallet` on one data directory that is met at one mint."""

    def __init__(self, world, name):
        self.world, self.node = world, Node(world.binary, world.wallets / name)

    def command(self, *words):
        return self.node.command("wallet", *words)

    def run(self, *words):
        ended = struck.run(self.command(*words))
        return ended.code, rows_of(ended.out), ended.errors.strip()

    def must(self, *words):
        code, rows, errors = self.run(*words)
        if code != 0:
            raise AssertionError(f"wallet {words[0]}: exit {code}: {errors}")
        return rows

    def open(self):
        if not self.node.folder.exists():
            self.must("init")
            self.must("mints", "add", self.world.mint.url)
        return self

    def fund(self, least, sats=None):
        if self.open().balance()["balance_sats"] < least:
            self.must("mint", str(sats or (MONEY if self.world.mint.can_be_put_back else 8 * MONEY)))
        return self

    def balance(self):
        rows = self.must("balance")[0]["mints"]
        return next((row for row in rows if row["url"] == self.world.mint.url), None) or {
            "balance_sats": 0, "given_sats": 0, "in_recovery_sats": 0, "quarantined_sats": 0}

    def history(self):
        return self.must("history", "--limit", "1000")


class LinkedWallet(Wallet):
    """One that is met at two linked mints; `funded` is what it was given at the first."""

    funded = 0

    def open(self):
        if not self.node.folder.exists():
            self.funded = 0
            self.must("init")
            for url in self.world.mint.urls:
                self.must("mints", "add", url)
        return self

    def balances(self):
        rows = self.must("balance")[0]["mints"]
        for row in rows:
            assert row["in_recovery_sats"] == row["quarantined_sats"] == 0, f"{row} although nothing is open"
        return tuple(next((row["balance_sats"] for row in rows if row["url"] == url), 0) for url in self.world.mint.urls)

    def fund(self, least):
        """Somebody outside pays its invoice."""
        if self.open().balances()[0] >= least:
            return
        mint = self.world.mint
        made = self.must("mint", str(FUNDS), "--mint", mint.urls[0], "--no-wait")[0]
        mint.pair.lightning.outside_pays(made["invoice"])
        until = time.monotonic() + 60
        while not any(row["operation"] == made["operation"] and row["state"] == "done" for row in self.history()):
            assert time.monotonic() < until, "its invoice was paid, and it does not see it"
            self.run("resume")
        self.funded += FUNDS


def rows_of(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def declared(history):
    """What the wallet's own operations say that it holds, tokens that are out among it."""
    held = 0
    for row in history:
        if row["state"] != "done":
            continue
        if row["kind"] in ("mint", "receive"):
            held += row["amount_sats"]
        else:
            held -= row["fee_sats"] + (row["amount_sats"] if row["kind"] == "melt" else 0)
    return held


class Deed:
    """`route`: the request whose answer a row of the matrix loses. `kind`: of its operation in the wallet's history."""

    route, kind = SWAP, None
    again = False  # whether the same command is given again after a death
    forgets = False  # whether each time needs a new wallet
    is_restore = False

    def set(self, world):
        """Makes what has to be there; gives the words of the command."""
        raise NotImplementedError


class Mint(Deed):
    name, kind, route = "mint", "mint", "POST /v1/mint/bolt11"

    def set(self, world):
        world.ours.open()
        return ["mint", "21", "--timeout", "20"]


class Swap(Deed):
    """A token of ours that nobody has redeemed is swapped back."""

    name, kind = "swap", "take_back"

    def set(self, world):
        sent = world.ours.fund(40).must("send", "13")[0]
        return ["reclaim", str(sent["operation"])]


class Melt(Deed):
    name, kind, route = "melt", "melt", "POST /v1/melt/bolt11"

    def set(self, world):
        world.ours.fund(60)
        return ["melt", world.mint.invoice(30)]


class Exact(Deed):
    """Far more than the payment needs is swapped before it."""

    name, kind, forgets = "exact", "melt", True

    def set(self, world):
        world.ours.fund(1, 256)
        return ["melt", world.mint.invoice(30)]


class Send(Deed):
    """Locked where the wallet is used again: with the exact proofs there, a plain token needs no request."""

    name, kind = "send", "send"

    def set(self, world):
        world.ours.fund(40)
        if world.mint.can_be_put_back:
            return ["send", "13"]
        return ["send", "13", "--lock", world.ours.must("pubkey")[0]["pubkey"]]


class Receive(Deed):
    name, kind, again = "receive", "receive", True

    def set(self, world):
        world.ours.open()
        token = world.theirs.fund(40).must("send", "13")[0]["token"]
        path = world.wallets / "token"
        path.write_text(token + "\n")
        return ["receive", str(path)]


class Restore(Deed):
    """The words of a wallet that is still there: what the two hold is one and the same."""

    name, again, is_restore, route = "restore", True, True, "POST /v1/restore"

    def set(self, world):
        if not world.theirs.node.folder.exists():
            sent = world.theirs.fund(40).must("send", "13")[0]
            world.theirs.must("reclaim", str(sent["operation"]))
        path = world.wallets / "words"
        path.write_text(world.theirs.must("words")[0]["words"] + "\n")
        shutil.rmtree(world.ours.node.folder, ignore_errors=True)
        return ["restore", "--words", str(path), "--mint", world.mint.url]


DEEDS = {deed.name: deed for deed in (Mint(), Swap(), Melt(), Exact(), Send(), Receive(), Restore())}
