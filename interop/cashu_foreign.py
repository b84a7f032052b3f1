"""Wallets others wrote, each with one seed: nutshell's command line wallet and a program over cashu-ts."""

import base64
import json
import pathlib
import re
import sqlite3
import time
import urllib.request

from cashu_mints import NO_PROXY
from harness import HERE, PROGRAMS, Failed, check, equal

NUTSHELL_S = 180


def proofs_in(token):
    """How many, by the text alone: in a V3 token JSON, in a V4 token each C is 33 bytes under the key "c"."""
    raw = base64.urlsafe_b64decode(token[6:] + "=" * (-len(token[6:]) % 4))
    return raw.count(b'"secret"') if token.startswith("cashuA") else raw.count(b"\x61c\x58\x21")


def mint_quote_state(mint, quote):
    with urllib.request.urlopen(f"{mint}/v1/mint/quote/bolt11/{quote}", timeout=30) as answer:
        return json.load(answer)["state"]


class NutshellWallet:
    """`cashu`, a process a command. `words` restores into a new folder."""

    def __init__(self, test, name="nutshell-wallet"):
        self.test, self.name = test, name
        self.dir = test.path(name, "x").parent
        self.program = pathlib.Path(PROGRAMS["nutshell"]).with_name("cashu")

    def command(self, mint, *words):
        return [self.program, "--host", mint, "--yes", *words]

    def environment(self):
        return NO_PROXY | {"CASHU_DIR": str(self.dir), "HOME": str(self.dir), "TOR": "FALSE", "DEBUG": "FALSE"}

    def run(self, mint, *words, feed=None):
        """Its output; an error of its is an exception with a traceback, hence an exit code."""
        child = self.test.spawn(f"{self.name}-{words[0]}", self.command(mint, *words), env=self.environment(),
                                cwd=self.dir)
        if feed is not None:
            child.send(feed)
        code = child.end_input(NUTSHELL_S)
        out = []
        while (line := child.lines.get(timeout=NUTSHELL_S)) is not None:
            out.append(line)
        text = "\n".join(out)
        if code != 0 or "Error" in text:
            raise Failed(f"{self.name} {words[0]}: exit {code}, {text[-300:]!r}; {child.story()}")
        return text

    def mint(self, mint, amount):
        """In two steps: the wallet that waits by WebSocket now and then misses the payment and waits for ever."""
        text = self.run(mint, "invoice", str(amount), "--no-check")
        found = re.search(r"--id (\S+)", text)
        check(found, f"nutshell invoice: no quote in {text!r}")
        deadline = time.monotonic() + NUTSHELL_S
        while mint_quote_state(mint, found.group(1)) != "PAID":
            check(time.monotonic() < deadline, "the mint's own invoice was not paid")
            time.sleep(0.1)
        check("Invoice paid." in self.run(mint, "invoice", str(amount), "--id", found.group(1)), "nutshell: not minted")

    def send(self, mint, amount, *options):
        """A token; `--lock P2PK:KEY`, `--legacy` for a V3 token, `--include-fees`, `--dleq`, `--force-swap`."""
        text = self.run(mint, "send", str(amount), *options)
        found = re.search(r"^cashu[AB]\S+$", text, re.MULTILINE)
        check(found, f"nutshell send: no token in {text!r}")
        return found.group()

    def receive(self, mint, token):
        text = self.run(mint, "receive", token)
        found = re.search(r"^Received (\d+) sat", text, re.MULTILINE)
        check(found, f"nutshell receive: {text!r}")
        return int(found.group(1))

    def pay(self, mint, invoice):
        text = self.run(mint, "pay", invoice)
        check("Invoice paid" in text, f"nutshell pay: {text!r}")

    def lock(self, mint):
        """The public key tokens for this wallet are locked to."""
        found = re.search(r"P2PK:(0[23][0-9a-f]{64})", self.run(mint, "locks"))
        check(found, "nutshell locks: no key")
        return found.group(1)

    def words(self, mint):
        found = re.search(r"Mnemonic:\s*\n?\s*-?\s*((?:[a-z]+ ){11}[a-z]+)", self.run(mint, "info", "--mnemonic"))
        check(found, "nutshell info: no words")
        return found.group(1)

    def restore(self, mint, words):
        """Only in a wallet never used; from this mint alone. What it then holds there."""
        self.run(mint, "restore", feed=words)
        return self.balance(mint)

    def balance(self, mint):
        """What it can spend, by its own database: a token sent is not in it."""
        database = sqlite3.connect(f"file:{self.dir / 'wallet' / 'wallet.sqlite3'}?mode=ro", uri=True, timeout=10)
        try:
            return database.execute(
                "select coalesce(sum(amount), 0) from proofs where coalesce(reserved, 0) = 0 and id in "
                "(select id from keysets where mint_url = ?)", (mint,)).fetchone()[0]
        finally:
            database.close()


class CashuTs:
    """`cashu_npm/wallet.mjs`: one process, its proofs in memory."""

    def __init__(self, test, name="cashu-ts", words=None):
        self.name = name
        prefix = pathlib.Path(PROGRAMS["cashu_ts"]).parent
        self.child = test.spawn(
            name, [PROGRAMS["cashu_ts"], "--no-deprecation", HERE / "cashu_npm/wallet.mjs"],
            env=NO_PROXY | {"ARCHIPELAGO_CASHU_TS": str(prefix)})
        self.sequence = 0
        if words is not None:
            self.ok("words", words=words)

    def ask(self, command, **options):
        self.sequence += 1
        number = self.sequence
        self.child.send(json.dumps({"cmd": command, "seq": number, **options}))
        return self.child.json(lambda value: value.get("seq") == number, NUTSHELL_S, f"answer to {command}")

    def ok(self, command, **options):
        answer = self.ask(command, **options)
        check(answer["ok"], f"cashu-ts {command}: {answer}")
        return answer

    def mint(self, mint, amount, **options):
        equal(self.ok("mint", mint=mint, amount=amount, **options)["amount"], amount, "minted by cashu-ts")

    def send(self, mint, amount, **options):
        return self.ok("send", mint=mint, amount=amount, **options)["token"]

    def receive(self, mint, token, **options):
        answer = self.ok("receive", token=token, **options)
        equal(answer["mint"], mint, "mint of the token")
        return answer["amount"]

    def pay(self, mint, invoice):
        answer = self.ok("melt", mint=mint, invoice=invoice)
        equal(answer["state"], "PAID", "cashu-ts melt")
        return answer

    def lock(self, mint=None):
        return self.ok("key")["pubkey"]

    def restore(self, mint):
        return self.ok("restore", mint=mint)

    def balance(self, mint):
        return self.ok("balance", mint=mint)["balance"]


def fund(wallet, mint, amount):
    """`amount` into the wallet: minted, or given by another where nutshell's wallet cannot mint, at CDK's
    mint (see README.md on NUT-20)."""
    if mint.kind != "cdk" or not isinstance(wallet, NutshellWallet):
        wallet.mint(mint.url, amount)
        return
    if not mint.donors:
        mint.donors.append(CashuTs(wallet.test, f"donor-{mint.port}"))
    donor = mint.donors[0]
    donor.mint(mint.url, amount + 10)
    equal(wallet.receive(mint.url, donor.send(mint.url, amount, fees=True)), amount, "received from the donor")
