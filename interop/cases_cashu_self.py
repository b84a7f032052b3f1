"""The foreign wallets among themselves on the real mints: what the cases with our own wallet build on."""

import json
import os
import threading
import urllib.error
from unittest import mock

from cashu_foreign import CashuTs, NutshellWallet, fund, proofs_in
from cashu_mints import ALL, CdkMintd, Nutshell, Switch, conserved, each_mint, fee_of, outstanding
from harness import CASES, HERE, PROGRAMS, Failed, case, check, equal

FLAWS = (  # of the stand-in, the case that notices, and by what
    ("change", "cashu_melt_with_change_nutshell_v2_100ppk", "in flight against owed"),
    ("resume", "cashu_lost_answer_nutshell_no_cache", "balance after the lost swap"),
    ("counter", "cashu_restore_nutshell_v1_0ppk", "-send: exit"),
    ("amount", "cashu_send_to_ourselves_nutshell_v2_100ppk", "received: 100 instead of"),
)

BOTH = ("nutshell", "cashu_ts")


def refused(what, function, *arguments, **options):
    try:
        got = function(*arguments, **options)
    except Failed as failure:
        return str(failure)
    raise Failed(f"{what}: accepted, {got!r}")


@each_mint(*BOTH, variants=ALL)
def cashu_self_tokens(t, mint):
    """Minted, sent and received both ways, V4 and V3, plain and with the receiver's fee; the books agree."""
    python, ts = NutshellWallet(t), CashuTs(t)
    fund(python, mint, 1000)
    ts.mint(mint.url, 500, lock=True)
    conserved(mint, python, ts)
    for options in ((), ("--legacy",), ("--dleq",)):
        token = python.send(mint.url, 100, *options)
        check(token.startswith("cashuA" if options == ("--legacy",) else "cashuB"), f"{options}: {token[:6]}")
        conserved(mint, python, ts, in_flight=100)
        equal(100 - ts.receive(mint.url, token), fee_of(mint, proofs_in(token)), "what the receiver paid")
        conserved(mint, python, ts)
    equal(python.receive(mint.url, ts.send(mint.url, 70, fees=True)), 70, "received with the fee in the token")
    conserved(mint, python, ts)


@each_mint(*BOTH)
def cashu_self_melt(t, mint):
    """Both pay another mint's invoice; the reserve that was not used comes back."""
    payee, seen = Nutshell(t, 0, name="payee").start(), []
    for wallet in (NutshellWallet(t), CashuTs(t)):
        seen.append(wallet)
        fund(wallet, mint, 1000)
        owed = outstanding(mint)
        wallet.pay(mint.url, payee.invoice(200))
        books = mint.books()
        check(201 <= owed - outstanding(mint) <= 201 + 3, f"{wallet.name} paid {owed - outstanding(mint)}: {books}")
        conserved(mint, *seen)


@each_mint(*BOTH)
def cashu_self_locks(t, mint):
    """A token locked to a key opens for its holder alone, both ways; nutshell adds a lock time of a day."""
    python, ts, other = NutshellWallet(t), CashuTs(t), CashuTs(t, "other")
    fund(python, mint, 400)
    token = python.send(mint.url, 100, "--lock", f"P2PK:{ts.lock()}")
    refused("a token locked to another", other.receive, mint.url, token)
    check(ts.receive(mint.url, token) >= 98, "the holder of the key received less")
    conserved(mint, python, ts, other)
    token = ts.send(mint.url, 50, lock=python.lock(mint.url))
    refused("a token locked to another", other.receive, mint.url, token)
    check(python.receive(mint.url, token) >= 48, "the holder of the key received less")
    conserved(mint, python, ts, other)


@each_mint(*BOTH)
def cashu_self_rotation(t, mint):
    """Ecash of a keyset rotated away is sent, received and restored like any other."""
    python, ts = NutshellWallet(t), CashuTs(t)
    fund(python, mint, 200)
    ts.mint(mint.url, 200)
    before = outstanding(mint)
    old, new = mint.rotate()
    equal({keyset["id"]: keyset["active"] for keyset in mint.keysets()}, {old: False, new: True}, "keysets")
    equal(outstanding(mint), before, "owed after a restart")
    ts.receive(mint.url, python.send(mint.url, 64))
    python.receive(mint.url, ts.send(mint.url, 90))
    conserved(mint, python, ts)


@each_mint(*BOTH)
def cashu_self_restore(t, mint):
    """Each wallet restores the other's words, over a rotation: all that is unspent, in both keysets."""
    python, ts = NutshellWallet(t), CashuTs(t)
    fund(python, mint, 300)
    ts.receive(mint.url, python.send(mint.url, 33, "--force-swap"))
    mint.rotate()
    fund(python, mint, 50)
    words = python.words(mint.url)
    found = CashuTs(t, "cashu-ts-restored", words).restore(mint.url)
    equal(found["restored"], python.balance(mint.url), "cashu-ts restores nutshell's words")
    equal(len(found["keysets"]), 2, "keysets with signatures")
    equal(NutshellWallet(t, "nutshell-restored").restore(mint.url, words), python.balance(mint.url),
          "nutshell restores its own words")
    conserved(mint, python, ts)


@each_mint("cashu_ts")
def cashu_self_rotation_before_melt(t, mint):
    """A melt whose blank outputs are of a keyset rotated away meanwhile is refused; nothing is spent."""
    payee = Nutshell(t, 0, name="payee").start()
    ts = CashuTs(t)
    with Switch(mint) as switch:
        ts.mint(switch.url, 300)
        switch.hold("/v1/melt/bolt11")
        answers = []
        invoice = payee.invoice(100)
        asking = threading.Thread(target=lambda: answers.append(ts.ask("melt", mint=switch.url, invoice=invoice)))
        asking.start()
        switch.wait_reached()
        mint.rotate()
        switch.release()
        asking.join()
    equal(answers[0].get("code"), 12002 if mint.kind == "cdk" else 11000, f"answer of {mint}: {answers}")
    equal(mint.books().pending, 0, "left pending")
    equal(ts.balance(switch.url), outstanding(mint), "held and owed after the refusal")


@case(*BOTH, "redis", limit=900)
def cashu_self_cache_nutshell(t):
    """With a cache the same swap has the same answer; without it is refused, and restore gives the signatures."""
    for cache in (True, False):
        replay(t, Nutshell(t, 100, cache=cache, name=f"nutshell-cache-{cache}").start(), cache)


@case("cdk", "cashu_ts", limit=900)
def cashu_self_cache_cdk(t):
    """The same; a restart empties its cache."""
    mint = CdkMintd(t, 100).start()
    replay(t, mint, True)
    replay(t, mint, False, before=mint.restart)


def replay(t, mint, cached, before=lambda: None):
    ts = CashuTs(t, f"cashu-ts-{cached}")
    with Switch(mint) as switch:
        ts.mint(switch.url, 100)
        ts.receive(switch.url, ts.send(switch.url, 37))
        body = json.loads(switch.bodies("/v1/swap")[-1])
    before()
    owed = outstanding(mint)
    restored = mint.post("/v1/restore", {"outputs": body["outputs"]})
    equal(len(restored["signatures"]), len(body["outputs"]), "signatures restored")
    try:
        answer = mint.post("/v1/swap", body)
        check(cached, f"{mint} executed the same swap again")
        equal([signature["C_"] for signature in answer["signatures"]],
              [signature["C_"] for signature in restored["signatures"]], "signatures of the replay")
    except urllib.error.HTTPError as error:
        text = error.read().decode()
        check(not cached, f"{mint} has a cache and refused the same swap: {text}")
        equal(json.loads(text)["code"], 11001, f"code of the refusal: {text}")
    equal(outstanding(mint), owed, "owed after the replay")


@case(*BOTH, limit=600)
def cashu_self_flaws_are_noticed(t):
    """A wallet that loses change, forgets what it sent, uses a counter twice or miscounts fails the case for it."""
    with mock.patch.dict(PROGRAMS, bin=HERE / "cashu_standin.py"):
        for flaw, name, reason in FLAWS:
            with mock.patch.dict(os.environ, ARCHIPELAGO_STANDIN_FLAW=flaw):
                why = refused(f"{name} with the flaw {flaw}", CASES[name][0], OneOf(t, flaw))
            check(reason in why, f"{name} with the flaw {flaw} failed for another reason: {why}")


class OneOf:
    """Several worlds in the folder of one test."""

    def __init__(self, test, folder):
        self.test, self.folder = test, folder

    def __getattr__(self, name):
        return getattr(self.test, name)

    def path(self, *parts):
        return self.test.path(self.folder, *parts)
