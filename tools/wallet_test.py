"""The wallet as its users meet it: `archipelago wallet` over mints of our own, whose books say what really happened.

    wallet_test.py --bin ARCHIPELAGO --testmint TESTMINT [name...]

Prints PASS or FAIL for each case and the plain closing line. Every program that is started ends with its case.
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from local_mints import Mints  # noqa: E402
from local_node import Daemon, Node  # noqa: E402

BAD_INPUT, NOT_FOUND, REFUSED, INSUFFICIENT, ATTENTION, INTERRUPTED = 2, 3, 4, 7, 8, 130
CASES = []


def case(function):
    CASES.append(function)
    return function


def eventually(condition, what, limit_s=30):
    until = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < until, f"never: {what}"
        time.sleep(0.05)


class Wallet:
    """`archipelago wallet` on one data directory. What it prints is kept, to be searched for secrets."""

    def __init__(self, world, name):
        self.world, self.node = world, Node(world.binary, world.root / name)

    def run(self, *words, code=0, feed=None):
        """The JSON lines of standard output; `errors` has standard error."""
        done = subprocess.run(self.node.command("wallet", *words), input=feed or "", capture_output=True, text=True, timeout=120)
        self.errors = done.stderr
        self.world.printed.append((words, done.stdout, done.stderr))
        assert done.returncode == code, f"wallet {' '.join(map(str, words))}: exit {done.returncode}, not {code}: {done.stdout}{done.stderr}"
        return [json.loads(line) for line in done.stdout.splitlines()]

    def one(self, *words, **options):
        rows = self.run(*words, **options)
        assert len(rows) == 1, rows
        return rows[0]

    def refused(self, *words, code, says, feed=None):
        """It ends with this code and one line that has the words."""
        self.run(*words, code=code, feed=feed)
        lines = self.errors.splitlines()
        assert len(lines) == 1, f"{words}: {len(lines)} lines: {self.errors!r}"
        assert says in lines[0], f"{words}: {says!r} is not in {lines[0]!r}"

    def plain(self, *words, feed=None):
        """Standard output as people see it."""
        command = [part for part in self.node.command("wallet", *words) if part != "--json"]
        done = subprocess.run(command, input=feed or "", capture_output=True, text=True, timeout=120)
        self.errors = done.stderr
        self.world.printed.append((words, done.stdout, done.stderr))
        assert done.returncode == 0, (words, done.stderr)
        return done.stdout

    def balance(self, url=None):
        answer = self.one("balance")
        rows = [row for row in answer["mints"] if url in (None, row["url"])]
        assert answer["total_sats"] == sum(row["balance_sats"] for row in answer["mints"]), answer
        return sum(row["balance_sats"] for row in rows)

    def fund(self, sats, *options):
        """Needs a mint whose invoices pay themselves."""
        rows = self.run("mint", str(sats), *options)
        assert [row.get("state") for row in rows] == [None, "done"] and rows[0]["invoice"].startswith("lnbc"), rows
        assert rows[0]["operation"] == rows[1]["operation"] and rows[1]["amount_sats"] == sats, rows
        return rows[1]

    def receive(self, token, code=0):
        return self.one("receive", "-", feed=token + "\n", code=code)

    def receive_refused(self, token, code, says):
        self.run("receive", "-", feed=token + "\n", code=code)
        assert says in self.errors, self.errors

    def start(self, *words):
        return subprocess.Popen(self.node.command("wallet", *words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


class World:
    def __init__(self, given, root):
        self.binary, self.testmint, self.root = given.bin, given.testmint, root
        self.printed = []
        self.stack = contextlib.ExitStack()

    def mints(self, *options):
        out = Mints(self.testmint, *options)
        self.stack.callback(out.stop)
        return out

    def wallet(self, name="node"):
        return Wallet(self, name)

    def ready(self, mints, name="node", sats=0):
        """A wallet that trusts the first mint and has so much there."""
        out = self.wallet(name)
        out.run("mints", "add", mints.url)
        if sats:
            out.fund(sats)
        return out


def secrets_of(world, *wallets):
    """The words, and every token that a command printed."""
    found = {wallet.one("words")["words"] for wallet in wallets}
    for _, output, _ in world.printed:
        found |= set(re.findall(r"cashu[AB][A-Za-z0-9_=-]{20,}", output))
    return found


# --- a wallet's life ------------------------------------------------------------------------------


@case
def words_are_made_once_and_kept(world):
    wallet = world.wallet()
    assert wallet.node.run("wallet", "words")[0] == NOT_FOUND
    made = wallet.one("init")
    assert made["created"] is True and len(made["words"].split()) == 12, made
    assert wallet.one("init") == {"created": False, "words": None}
    assert wallet.one("words")["words"] == made["words"] == wallet.plain("words").strip()
    path = wallet.node.folder / "keys" / "wallet.words"
    assert path.stat().st_mode & 0o777 == 0o600 and path.read_text().strip() == made["words"]
    assert re.fullmatch("0[23][0-9a-f]{64}", wallet.one("pubkey")["pubkey"])
    # A command that needs a wallet makes one, and says how it is kept.
    other = world.wallet("other")
    assert other.one("balance") == {"total_sats": 0, "mints": []}
    assert "archipelago wallet words" in other.errors, other.errors
    other.one("balance")
    assert other.errors == "", other.errors
    # Words that were never used give way to given ones, and are not lost.
    (world.root / "words").write_text(made["words"].replace(" ", "\n") + "\n")
    unused = other.one("words")["words"]
    assert other.one("init", "--words", world.root / "words")["created"] is True
    assert other.one("words")["words"] == made["words"]
    assert (other.node.folder / "keys" / "wallet.words.unused-1").read_text().strip() == unused
    other.refused("init", "--words", "-", feed="abandon " * 12, code=BAD_INPUT, says="do not fit together")
    # Without them the wallet is not simply made anew.
    path.unlink()
    wallet.refused("balance", code=5, says="missing")
    wallet.refused("init", code=5, says="missing")
    wallet.one("init", "--words", "-", feed=made["words"])
    assert wallet.one("balance")["total_sats"] == 0


@case
def ecash_goes_its_round(world):
    mints = world.mints("--mint", "a:100:v2", "--mint", "b:0:v1", "--auto-pay")
    a, b = mints.urls["a"], mints.urls["b"]
    ours, theirs = world.wallet("ours"), world.wallet("theirs")
    added = ours.one("mints", "add", a)
    assert added["home"] is True and added["became_home"] is True and added["balance_sats"] == 0, added
    assert ours.one("mints", "add", b + "/")["became_home"] is False
    assert [(row["url"], row["home"]) for row in ours.run("mints")] == [(a, True), (b, False)]
    assert ours.run("mints", "list") == ours.run("mints")
    ours.fund(1000)
    assert ours.balance(a) == 1000 and ours.balance(b) == 0

    sent = ours.one("send", "100", "--memo", "for you", "--max-fee", "5")
    assert sent["token"].startswith("cashuB") and sent["amount_sats"] == 100 and sent["mint"] == a, sent
    row = next(row for row in ours.one("balance")["mints"] if row["url"] == a)
    assert row["given_sats"] == 100 and row["balance_sats"] == 1000 - 100 - sent["fee_sats"], row
    assert ours.one("token", str(sent["operation"]))["token"] == sent["token"]

    theirs.one("balance")
    theirs.refused("receive", "-", feed=sent["token"], code=REFUSED, says="not a trusted mint")
    theirs.one("mints", "trust", a)
    got = theirs.receive(sent["token"])
    assert got["state"] == "done" and got["mint"] == a and got["amount_sats"] + got["fee_sats"] == 100, got
    assert theirs.balance() == got["amount_sats"]
    assert theirs.receive(sent["token"])["operation"] == got["operation"], "the same token is the same operation"
    third = world.ready(mints, "third")
    third.receive_refused(sent["token"], BAD_INPUT, "failed")
    ours.refused("reclaim", str(sent["operation"]), code=NOT_FOUND, says="failed")

    # So that he has all of it after the mint's fee.
    sent = ours.one("send", "50", "--include-fee")
    assert theirs.receive(sent["token"])["amount_sats"] == 50

    # Locked to him: nobody else, and not even us.
    sent = ours.one("send", "20", "--lock", theirs.one("pubkey")["pubkey"])
    third.refused("receive", "-", feed=sent["token"], code=REFUSED, says="")
    theirs.receive(sent["token"])

    before = ours.balance(a)
    paid = ours.one("melt", mints.invoice(200))
    assert paid["state"] == "done" and paid["amount_sats"] == 200 and paid["preimage"], paid
    assert ours.balance(a) == before - 200 - paid["fee_sats"]

    before = ours.balance(a)
    sent = ours.one("send", "30")
    back = ours.one("reclaim", str(sent["operation"]))
    assert back["state"] == "done" and back["amount_sats"] + back["fee_sats"] == 30, back
    assert ours.balance(a) == before - sent["fee_sats"] - back["fee_sats"]
    theirs.receive_refused(sent["token"], BAD_INPUT, "failed")

    rows = ours.run("history", "--limit", "3")
    assert len(rows) == 3 and rows[0]["kind"] == "take_back" and rows[0]["takes_back"] == sent["operation"], rows
    shown = ours.one("op", "show", str(sent["operation"]))
    assert shown["kind"] == "send" and shown["state"] == "done" and "token" not in shown, shown
    assert "send" in ours.plain("op", "show", str(sent["operation"]))
    assert ours.run("resume") == []
    assert ours.run("doctor")[-1]["failures"] == 0
    report = mints.control("report", url=a)
    held = sum(row["balance_sats"] for each in (ours, theirs, third) for row in each.one("balance")["mints"] if row["url"] == a)
    assert report["balanced"] and report["outstanding"] == held, (report["outstanding"], held)


@case
def what_people_see_is_short(world):
    mints = world.mints("--auto-pay")
    wallet = world.ready(mints)
    text = wallet.plain("mint", "64")
    assert text.startswith("lnbc") and "█" in text and "64 sat are here" in text, text
    token = wallet.plain("send", "10")
    assert re.fullmatch(r"cashuB[A-Za-z0-9_-]+\n", token), "the token alone"
    assert "reclaim" in wallet.errors
    wallet.plain("send", "10", "--qr")
    assert "█" in wallet.errors
    assert "home" in wallet.plain("mints") and "total" in wallet.plain("balance")
    assert len(wallet.plain("history").splitlines()) == 3
    assert "failures" in wallet.plain("doctor")
    assert "sat are here" in world.ready(mints, "other").plain("receive", feed=token)


@case
def an_invoice_is_claimed_when_it_is_paid(world):
    mints = world.mints()
    wallet = world.ready(mints)
    first = wallet.one("mint", "40", "--no-wait", "--key", "rent")
    assert wallet.one("mint", "40", "--no-wait", "--key", "rent") == first
    wallet.refused("mint", "41", "--no-wait", "--key", "rent", code=REFUSED, says="")
    wallet.run("mint", "40", "--key", "rent", "--timeout", "1", code=ATTENTION)
    assert f"wallet resume {first['operation']}" in wallet.errors, wallet.errors
    waiting = wallet.start("mint", "40", "--key", "rent")
    assert json.loads(waiting.stdout.readline())["operation"] == first["operation"]
    waiting.send_signal(signal.SIGINT)
    _, errors = waiting.communicate(timeout=20)
    assert waiting.returncode == INTERRUPTED and f"wallet resume {first['operation']}" in errors, errors
    mints.pay(first["invoice"])
    assert wallet.one("resume", str(first["operation"]))["state"] == "done"
    assert wallet.balance() == 40


@case
def the_same_key_is_the_same_payment(world):
    mints = world.mints("--auto-pay")
    wallet = world.ready(mints, sats=500)
    sent = wallet.one("send", "20", "--key", "one")
    assert wallet.one("send", "20", "--key", "one") == sent
    wallet.refused("send", "21", "--key", "one", code=REFUSED, says="")
    invoice = mints.invoice(50)
    paid = wallet.one("melt", invoice, "--key", "two")
    assert wallet.one("melt", invoice, "--key", "two")["operation"] == paid["operation"]
    assert wallet.balance() == 500 - 20 - 50 - sent["fee_sats"] - paid["fee_sats"]


@case
def every_refusal_has_its_exit_code_and_one_line(world):
    mints = world.mints("--mint", "a:0:v2", "--mint", "b:0:v2", "--auto-pay")
    a, b = mints.urls["a"], mints.urls["b"]
    wallet = world.wallet()
    wallet.one("balance")
    wallet.refused("send", "10", code=NOT_FOUND, says="home")
    wallet.refused("mint", "10", "--mint", a, code=REFUSED, says="not a trusted mint")
    wallet.refused("mints", "add", "ftp://x", code=BAD_INPUT, says="mint")
    wallet.refused("mints", "add", "http://127.0.0.1:9", code=NOT_FOUND, says="")
    wallet.refused("mints", "home", a, code=NOT_FOUND, says="no such mint")
    wallet.refused("restore", code=BAD_INPUT, says="--mint")
    wallet.one("mints", "add", a)
    wallet.refused("mints", "remove", a, code=REFUSED, says="home")
    wallet.one("mints", "cap", a, "100")
    assert wallet.run("mints")[0]["cap_sats"] == 100, wallet.run("mints")
    wallet.refused("mint", "101", code=REFUSED, says="100 sat that may lie at")
    wallet.refused("mints", "cap", a, "much", code=BAD_INPUT, says="none")
    wallet.one("mints", "cap", a, "none")
    wallet.fund(100)
    for words in (["send", "0"], ["mint", "0"], ["send", "-5"], ["send", "x"], ["melt", "lnbc1x"], ["send", "5", "--lock", "zz"],
                  ["receive", "-"], ["op"], ["nonsense"], ["mints", "add"]):
        wallet.run(*words, code=BAD_INPUT)
    wallet.refused("receive", "-", feed="cashuBthisisnotone", code=BAD_INPUT, says="")
    wallet.refused("receive", world.root / "nowhere", code=NOT_FOUND, says="nowhere")
    wallet.refused("send", "101", code=INSUFFICIENT, says="")
    wallet.refused("melt", mints.invoice(100), code=INSUFFICIENT, says="")
    wallet.refused("melt", mints.invoice(50), "--max-fee", "0", code=REFUSED, says="fees")
    assert wallet.balance() == 100
    for number in ("99", "0"):
        wallet.run("op", "show", number, code=NOT_FOUND if number == "99" else BAD_INPUT)
    wallet.refused("token", "1", code=NOT_FOUND, says="no such token")
    wallet.refused("reclaim", "1", code=NOT_FOUND, says="no such token")
    wallet.refused("resume", "99", code=NOT_FOUND, says="no such operation")
    # What lies at a mint that is not trusted any more can be spent, and nothing comes in there.
    wallet.one("mints", "add", b)
    wallet.one("mints", "home", b)
    wallet.one("mints", "remove", a)
    token = wallet.one("send", "10", "--mint", a)["token"]
    wallet.refused("receive", "-", feed=token, code=REFUSED, says="not a trusted mint")
    # The mint is away before anything is begun.
    mints.stop()
    wallet.refused("mint", "5", code=NOT_FOUND, says="")
    assert wallet.run("doctor")[-1]["warnings"] >= 2


@case
def money_is_never_an_argument(world):
    mints = world.mints("--auto-pay")
    wallet = world.ready(mints, sats=64)
    words, token = wallet.one("words")["words"], wallet.one("send", "8")["token"]
    for line in (["receive", token], ["receive", "-", token], [token], ["receive", "cashu:" + token], ["init", "--words", words],
                 ["init", "--words=" + words], ["init", "--words", *words.split()], ["restore", "--words", *words.split()]):
        code, _, errors = wallet.node.run("wallet", *line)
        assert code == BAD_INPUT and "refused" in errors and len(errors.splitlines()) == 1, (code, errors)
        assert token[:20] not in errors and words.split()[0] + " " not in errors, "repeated"


# --- when things go wrong -------------------------------------------------------------------------


def swap_never_answered(mints):
    """It is executed, and neither it nor what is asked about it is answered."""
    mints.faults({"fault": "drop_after", "route": "POST /v1/*", "times": 0})


@case
def killed_in_the_middle_of_a_send_nothing_is_lost(world):
    mints = world.mints("--mint", "m:100:v2")
    wallet = world.wallet()
    wallet.one("mints", "add", mints.url)
    mints.pay(wallet.one("mint", "256", "--no-wait")["invoice"])
    wallet.run("resume")
    assert wallet.balance() == 256
    swap_never_answered(mints)
    sending = wallet.start("send", "37")
    eventually(lambda: spent(mints) > 0, "the swap was executed")
    sending.kill()
    out, _ = sending.communicate()
    assert "cashuB" not in out
    row = wallet.one("balance")["mints"][0]
    assert row["in_recovery_sats"] > 0 and row["balance_sats"] + row["in_recovery_sats"] == 256, row
    number = wallet.run("history", "--limit", "1")[0]["operation"]
    wallet.refused("token", str(number), code=NOT_FOUND, says="not made yet")
    mints.no_faults()
    wallet.run("resume")
    shown = wallet.one("op", "show", str(number))
    assert (shown["kind"], shown["state"]) == ("send", "done"), shown
    token = wallet.one("token", str(number))["token"]
    assert wallet.balance() == 256 - 37 - shown["fee_sats"]
    other = world.ready(mints, "other")
    got = other.receive(token)
    assert got["amount_sats"] + got["fee_sats"] == 37
    assert wallet.run("doctor")[-1]["failures"] == 0


def spent(mints):
    """By the mint's book. Units: sat."""
    return mints.control("report")["spent"]


@case
def an_operation_that_is_open_says_so(world):
    mints = world.mints("--auto-pay", "--mint", "m:100:v2")
    wallet = world.ready(mints, sats=256)
    swap_never_answered(mints)
    wallet.run("send", "37", code=ATTENTION)
    assert "wallet resume" in wallet.errors and len(wallet.errors.splitlines()) == 1, wallet.errors
    assert wallet.run("resume", code=ATTENTION)[0]["state"] == "open"
    assert any(row.get("check") == "operation" and row["health"] == "warning" for row in wallet.run("doctor"))
    mints.no_faults()
    assert wallet.run("resume")[0]["state"] == "done"


@case
def all_comes_back_from_the_words(world):
    mints = world.mints("--mint", "a:0:v2", "--mint", "b:0:v1", "--auto-pay")
    wallet = world.ready(mints, sats=300)
    wallet.one("mints", "add", mints.urls["b"])
    wallet.fund(77, "--mint", mints.urls["b"])
    other = world.ready(mints, "other")
    other.receive(wallet.one("send", "45")["token"])
    mints.control("rotate", {})
    wallet.fund(30)
    words = wallet.one("words")["words"]
    fresh = world.wallet("fresh")
    rows = fresh.run("restore", "--words", "-", "--mint", mints.urls["a"], "--mint", mints.urls["b"], feed=words)
    assert {row["mint"]: row["restored_sats"] for row in rows} == {mints.urls["a"]: 285, mints.urls["b"]: 77}, rows
    assert rows[0]["proofs"] > 0 and rows[0]["spent_proofs"] > 0, rows
    assert fresh.balance() == wallet.balance() == 362
    fresh.refused("restore", "--words", "-", feed=other.one("words")["words"], code=BAD_INPUT, says="words of its own")
    other.receive(fresh.one("send", "60")["token"])
    assert all(row["restored_sats"] == 0 for row in fresh.run("restore"))
    # The database goes with its words and no others.
    (fresh.node.folder / "keys" / "wallet.words").unlink()
    fresh.refused("init", "--words", "-", feed=other.one("words")["words"], code=BAD_INPUT, says="not the words of the wallet")
    fresh.one("init", "--words", "-", feed=words)
    assert fresh.balance() == 302


@case
def a_new_machine_goes_on_from_words_and_a_backup(world):
    mints = world.mints("--mint", "a:100:v2", "--mint", "b:0:v1")
    a, b = mints.urls["a"], mints.urls["b"]
    wallet = world.wallet()
    wallet.one("mints", "add", a)
    wallet.one("mints", "add", b)
    wallet.one("mints", "cap", b, "5000")
    mints.pay(wallet.one("mint", "256", "--no-wait")["invoice"])
    wallet.run("resume")
    sent = wallet.one("send", "20")
    waiting = wallet.one("mint", "40", "--no-wait")
    backups = sorted((wallet.node.folder / "backups").iterdir())
    assert len(backups) in (1, 2) and all(re.fullmatch(r"wallet-[0-9-]{10}T[0-9]{2}\.backup", path.name) for path in backups), backups
    file = world.root / "my.backup"
    made = wallet.one("backup", "--to", file)
    assert made["files"] == [str(file)] and made["open_operations"] == 1 and made["tokens_out"] == 1 and made["mints"] == 2, made
    assert file.stat().st_mode & 0o777 == 0o600
    wallet.one("backup", "--to", file)
    (world.root / "letter").write_text("dear")
    wallet.refused("backup", "--to", world.root / "letter", code=REFUSED, says="no wallet backup")
    words, balance = wallet.one("words")["words"], wallet.balance()
    for secret in (words, sent["token"], waiting["invoice"]):
        assert secret.encode() not in file.read_bytes()
    wallet.refused("restore", "--from", file, code=REFUSED, says="already")

    mints.pay(waiting["invoice"])
    fresh = world.wallet("fresh")
    fresh.refused("restore", "--from", file, code=BAD_INPUT, says="--words")
    fresh.refused("restore", "--from", file, "--words", "-", feed=world.wallet("other").one("init")["words"], code=BAD_INPUT, says="other words")
    rows = fresh.run("restore", "--from", file, "--words", "-", feed=words)
    assert rows[0]["mints"] == 2 and [row["state"] for row in rows[1:]] == ["done", "done"], rows
    assert rows[1]["url"] == a and rows[1]["found_sats"] == balance, rows
    fresh.run("resume")
    assert [(row["url"], row["home"], row["cap_sats"]) for row in fresh.run("mints")] == [(a, True, None), (b, False, 5000)]
    assert fresh.balance() == balance + 40
    assert fresh.one("token", str(sent["operation"]))["token"] == sent["token"]
    assert fresh.one("op", "show", str(waiting["operation"]))["state"] == "done"
    assert fresh.run("recover")[0]["state"] == "done"
    fresh.one("send", "5")
    assert fresh.run("doctor")[-1]["failures"] == 0
    report = mints.control("report", url=a)
    row = fresh.one("balance")["mints"][0]
    assert report["balanced"] and report["outstanding"] == row["balance_sats"] + row["given_sats"], (report["outstanding"], row)


@case
def nothing_is_spent_before_the_mints_have_answered(world):
    mints, away = world.mints("--auto-pay"), world.mints("--auto-pay")
    wallet = world.ready(mints, sats=64)
    wallet.one("mints", "add", away.url)
    wallet.one("backup", "--to", world.root / "backup")
    words = wallet.one("words")["words"]
    away.stop()
    fresh = world.wallet("fresh")
    rows = fresh.run("restore", "--from", world.root / "backup", "--words", "-", feed=words, code=ATTENTION)
    assert [row["state"] for row in rows[1:]] == ["done", "needed"], rows
    fresh.refused("send", "5", code=REFUSED, says="wallet recover")
    assert fresh.balance() == 64
    assert any(row.get("check") == "recovery" and row["health"] == "failure" for row in fresh.run("doctor", code=ATTENTION))
    fresh.refused("recover", "--set-aside", "http://127.0.0.1:9", code=NOT_FOUND, says="no such mint")
    assert [row["state"] for row in fresh.run("recover", "--set-aside", away.url, code=ATTENTION)] == ["done", "set_aside"]
    fresh.one("send", "5")
    fresh.refused("send", "5", "--mint", away.url, code=REFUSED, says="set aside")


@case
def a_damaged_database_closes_the_wallet_and_nothing_else(world):
    mints = world.mints("--mint", "m:100:v2", "--auto-pay")
    content = world.root / "film"
    content.write_text("free for all")
    for number, way in enumerate(([], ["--way", "backup"], ["--way", "rows"], ["--way", "words"])):
        wallet = world.ready(mints, f"node{number}", sats=256)
        sent = wallet.one("send", "20")
        balance = wallet.balance()
        wallet.refused("repair", code=REFUSED, says="sound")
        database = wallet.node.folder / "db" / "wallet.db"
        damaged = bytearray(database.read_bytes())
        for at in range(3 * 4096, 3 * 4096 + 200):
            damaged[at] ^= 0x55
        database.write_bytes(damaged)
        wallet.refused("balance", code=5, says="wallet repair")
        assert database.read_bytes() == damaged, "looked at, not touched"
        with Daemon(wallet.node) as daemon:
            wallet.refused("send", "5", code=5, says="wallet repair")
            assert wallet.node.must("add", content) and daemon.result("blob.list")["blobs"], "content flows"
            assert any(row.get("check") == "database" and row["health"] == "failure" for row in wallet.run("doctor", code=ATTENTION))
            rows = wallet.run("repair", *way, code=0)
            assert (pathlib.Path(rows[0]["set_aside"]) / "wallet.db").read_bytes() == damaged
            assert rows[0]["way"] == (way or ["", "backup"])[1], rows
        held = wallet.one("balance")["mints"][0]
        assert held["balance_sats"] + held["given_sats"] == balance + 20, held
        if "words" not in way:
            assert wallet.one("token", str(sent["operation"]))["token"] == sent["token"]
        assert wallet.run("doctor")[-1]["failures"] == 0
    wallets = [world.wallet(f"node{number}") for number in range(4)]
    held = sum(row["balance_sats"] + row["given_sats"] for each in wallets for row in each.one("balance")["mints"])
    assert mints.control("report")["outstanding"] == held


@case
def no_secret_is_listed_or_logged(world):
    mints = world.mints("--auto-pay", "--mint", "m:100:v2")
    wallet, other = world.ready(mints, sats=256), world.ready(mints, "other")
    sent = wallet.one("send", "10")
    other.receive(sent["token"])
    secrets = secrets_of(world, wallet, other)
    assert len(secrets) >= 3
    world.printed.clear()
    for words in (["history"], ["op", "show", str(sent["operation"])], ["balance"], ["mints"], ["doctor"], ["resume"]):
        wallet.run(*words)
        wallet.plain(*words)
    other.run("op", "show", "1")
    other.receive_refused(sent["token"][:-8], BAD_INPUT, "")
    for verbose in (["history"], ["send", "3"]):
        done = subprocess.run([*wallet.node.command("--log-level", "trace", "wallet", *verbose)], capture_output=True, text=True, timeout=60)
        world.printed.append((verbose, "", done.stderr))
    for words, out, errors in world.printed:
        for secret in secrets:
            assert secret not in out + errors, words
        assert not re.search("cashu[AB][A-Za-z0-9_-]{20}", out + errors), words


# --- beside a node --------------------------------------------------------------------------------


@case
def beside_a_node_it_is_the_same(world):
    mints = world.mints("--mint", "m:100:v2")
    wallet = world.wallet()
    with Daemon(wallet.node, "--log-level", "debug") as daemon:
        made = wallet.one("init")
        wallet.one("mints", "add", mints.url)
        waiting = wallet.start("mint", "256")
        mints.pay(json.loads(waiting.stdout.readline())["invoice"])
        out, errors = waiting.communicate(timeout=30)
        assert waiting.returncode == 0 and json.loads(out)["state"] == "done", errors
        sent = wallet.one("send", "20")
        other = world.ready(mints, "other")
        other.receive(sent["token"])
        paid = wallet.one("melt", mints.invoice(30))
        assert wallet.balance() == 256 - 20 - 30 - sent["fee_sats"] - paid["fee_sats"]
        wallet.refused("send", "1000", code=INSUFFICIENT, says="")
        wallet.refused("receive", "-", feed=sent["token"][:-4], code=BAD_INPUT, says="")
        # Ctrl-C ends the waiting, not the operation.
        waiting = wallet.start("mint", "8")
        first = json.loads(waiting.stdout.readline())
        waiting.send_signal(signal.SIGINT)
        _, errors = waiting.communicate(timeout=20)
        assert waiting.returncode == INTERRUPTED and "wallet resume" in errors, (waiting.returncode, errors)
        assert wallet.one("op", "show", str(first["operation"]))["state"] == "open"
        assert daemon.result("wallet.balance")["total_sats"] == wallet.balance()
        # What was in the middle of it when the node was killed is gone on with by the next one, by itself.
        swap_never_answered(mints)
        sending = wallet.start("send", "9", "--lock", wallet.one("pubkey")["pubkey"])
        eventually(lambda: wallet.one("balance")["mints"][0]["in_recovery_sats"] > 0, "the send is under way")
        daemon.process.kill()
        sending.communicate(timeout=20)
        assert sending.returncode == NOT_FOUND
        number = json.loads(subprocess.run(wallet.node.command("wallet", "history", "--limit", "1"), capture_output=True, text=True).stdout)["operation"]
    mints.no_faults()
    mints.pay(first["invoice"])
    with Daemon(wallet.node, "--log-level", "debug") as daemon:
        eventually(lambda: wallet.one("op", "show", str(number))["state"] == "done", "the send is done")
        eventually(lambda: wallet.one("op", "show", str(first["operation"]))["state"] == "done", "the invoice is claimed")
        assert daemon.stop() == 0
        for secret in [made["words"], sent["token"]]:
            assert secret not in daemon.log
        assert not re.search("cashu[AB][A-Za-z0-9_-]{20}", daemon.log)
    assert wallet.run("doctor")[-1]["failures"] == 0


@case
def a_node_starts_whatever_its_mints_do(world):
    mints = world.mints("--auto-pay")
    wallet = world.ready(mints, sats=64)
    wallet.one("send", "7")
    before = spent(mints)
    swap_never_answered(mints)
    sending = wallet.start("send", "5", "--lock", world.wallet("other").one("pubkey")["pubkey"])
    eventually(lambda: spent(mints) > before, "the swap was executed")
    sending.kill()
    sending.communicate()
    mints.stop()
    begun = time.monotonic()
    with Daemon(wallet.node) as daemon:
        assert time.monotonic() - begun < 10
        assert wallet.one("balance")["mints"][0]["in_recovery_sats"] > 0
        begun = time.monotonic()
        assert daemon.stop() == 0
        assert time.monotonic() - begun < 10


@case
def a_token_spends_up_to_its_cap(world):
    mints = world.mints("--auto-pay")
    wallet = world.ready(mints, sats=500)
    with Daemon(wallet.node) as daemon:
        token = wallet.node.must("token", "new", "--scope", "spend", "--cap-sats", "100")[0]["token"]

        def asked(method, **params):
            status, answer = daemon.post(method, params, token)
            assert status == 200, answer
            return answer.get("result") or answer["error"]["data"]["code"], answer.get("error", {}).get("message", "")

        assert asked("wallet.balance")[0]["total_sats"] == 500
        for method, params in (("wallet.words", {}), ("wallet.token", {"operation": 1}), ("wallet.mint_add", {"url": mints.url})):
            assert asked(method, **params)[0] == "denied", method
        sent = asked("wallet.send", amount_sats=60, key="a")[0]
        assert sent["token"].startswith("cashuB")
        assert asked("wallet.send", amount_sats=60, key="a")[0]["operation"] == sent["operation"], "counted once"
        code, text = asked("wallet.send", amount_sats=41)
        assert code == "denied" and "40 sat more, of its cap of 100" in text, (code, text)
        assert asked("wallet.melt", invoice=mints.invoice(45))[0] == "denied"
        assert asked("wallet.melt", invoice=mints.invoice(39))[0] == "denied", "its fee would not fit"
        assert asked("wallet.melt", invoice=mints.invoice(20))[0]["state"] == "done"
        # A key belongs to its holder: the operator's payments are not answered to others.
        mine = wallet.one("send", "5", "--key", "mine")
        other = asked("wallet.send", amount_sats=5, key="mine")[0]
        assert other["operation"] != mine["operation"]
        for name in ("cap_sats", "day_cap_sats"):
            refused = daemon.post("token.create", {"scope": "admin", name: 5})[1]
            assert name in refused["error"]["message"], refused
        token = wallet.node.must("token", "new", "--scope", "spend", "--day-cap-sats", "10")[0]["token"]
        assert asked("wallet.send", amount_sats=8)[0]["token"].startswith("cashuB")
        code, text = asked("wallet.send", amount_sats=8)
        assert code == "denied" and "2 sat more today, of 10 a day" in text, (code, text)


def main(cases):
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--bin", required=True)
    arguments.add_argument("--testmint", required=True)
    arguments.add_argument("names", nargs="*")
    given = arguments.parse_args()
    given.bin, given.testmint = os.path.abspath(given.bin), os.path.abspath(given.testmint)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        os.environ.pop(name, None)
    passed = failed = 0
    for function in cases:
        if given.names and not any(part in function.__name__ for part in given.names):
            continue
        with tempfile.TemporaryDirectory(prefix="archipelago-wallet-") as temp:
            world = World(given, pathlib.Path(temp))
            begun = time.monotonic()
            try:
                with world.stack:
                    function(world)
                passed += 1
                print(f"PASS {function.__name__} ({time.monotonic() - begun:.1f} s)")
            except (AssertionError, SystemExit, subprocess.SubprocessError, OSError, KeyError, ValueError, StopIteration) as failure:
                failed += 1
                where = traceback.extract_tb(failure.__traceback__)
                line = next((f.lineno for f in where if f.name == function.__name__), "?")
                print(f"FAIL {function.__name__}, line {line}: {type(failure).__name__} {failure}")
        sys.stdout.flush()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(CASES))
