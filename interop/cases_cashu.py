"""Our wallet with real mints and the wallets others wrote. Every case ends with the mint's own books."""

from cashu_foreign import CashuTs, NutshellWallet, fund, proofs_in
from cashu_mints import ALL, Nutshell, conserved, each_mint, fee_of
from cashu_ours import BAD_INPUT, CAP_REFUSED, INSUFFICIENT, NOT_FOUND, OurWallet
from harness import check, equal

FAILED = (1, BAD_INPUT, NOT_FOUND, CAP_REFUSED)


@each_mint("bin", variants=ALL)
def cashu_mint(t, mint):
    """Minted at once and in two steps; the list of mints; more than there is cannot be sent; the mint away."""
    ours = OurWallet(t, mint.url)
    listed = ours.mints()
    equal((listed[mint.url]["trusted"], listed[mint.url]["home"]), (True, True), "the mint in the list")
    ours.mint(mint.url, 1000)
    equal(ours.balance(mint.url), 1000, "balance")
    ours.mint(mint.url, 77, "--no-wait")
    equal(ours.balance(mint.url), 1000, "balance before the invoice is claimed")
    for _ in range(20):  # CDK's mint pays its invoice a second later
        ours.run("resume")
        if ours.balance(mint.url) == 1077:
            break
    equal(ours.balance(mint.url), 1077, "balance after resume")
    ours.refuses("send", "5000", codes=(INSUFFICIENT,))
    conserved(mint, ours)
    mint.stop()
    ours.refuses("mint", "10", "--mint", mint.url, codes=(NOT_FOUND,))
    equal(ours.balance(mint.url), 1077, "balance with the mint away")


@each_mint("bin", variants=ALL)
def cashu_send_to_ourselves(t, mint):
    """Between two data directories, from a file and from standard input; a token is good once."""
    ours, second = OurWallet(t, mint.url), OurWallet(t, mint.url, name="second")
    third = OurWallet(t, mint.url, name="third")
    ours.mint(mint.url, 500)
    sent = ours.send(mint.url, 100, "--memo", "for you")
    equal(sent["amount_sats"], 100, "amount_sats of the token")
    conserved(mint, ours, second, in_flight=100)
    equal(second.receive(mint.url, sent["token"]), 100 - fee_of(mint, proofs_in(sent["token"])), "received")
    second.receive_again(sent["token"])
    third.refuses("receive", third.token_file(sent["token"]), codes=FAILED)
    sent = ours.send(mint.url, 150, "--include-fee")
    equal(second.receive(mint.url, sent["token"], from_stdin=True), 150, "received with the fee in the token")
    conserved(mint, ours, second)
    second.refuses("receive", "-", feed="cashuBthisisnotone", codes=(BAD_INPUT,))


@each_mint("bin", "nutshell")
def cashu_melt_with_change(t, mint):
    """Another mint's invoice: the reserve not used comes back; above the cap nothing is spent."""
    payee, ours = Nutshell(t, 0, name="payee").start(), OurWallet(t, mint.url)
    ours.mint(mint.url, 1000)
    ours.refuses("melt", payee.invoice(200), "--mint", mint.url, "--max-fee", "0", codes=(CAP_REFUSED,))
    equal(ours.balance(mint.url), 1000, "balance after a refused payment")
    for number in (200, 300):
        before = ours.balance(mint.url)
        paid = ours.pay(mint.url, payee.invoice(number), "--max-fee", "20")
        equal(paid["amount_sats"], number, "amount_sats")
        equal(before - ours.balance(mint.url), paid["cost_sats"], "what it cost")
        check(1 <= paid["fee_sats"] <= 5, f"fee_sats {paid['fee_sats']}")
        conserved(mint, ours)
    ours.refuses("melt", payee.invoice(900), "--mint", mint.url, codes=(INSUFFICIENT,))
    conserved(mint, ours)


@each_mint("bin")
def cashu_reclaim(t, mint):
    """A token nobody took is taken back, and is worth nothing to whoever has it."""
    ours, second = OurWallet(t, mint.url), OurWallet(t, mint.url, name="second")
    ours.mint(mint.url, 300)
    sent = ours.send(mint.url, 100)
    equal(ours.balance(mint.url), 300 - 100 - sent["fee_sats"], "balance without the token")
    conserved(mint, ours, in_flight=100)
    ours.run("reclaim", str(sent["operation"]))
    conserved(mint, ours, second)
    second.refuses("receive", second.token_file(sent["token"]), codes=FAILED)
    equal(ours.run("op", "show", str(sent["operation"])).json()["operation"], sent["operation"], "op show")
    conserved(mint, ours, second)


@each_mint("bin", "nutshell")
def cashu_with_nutshell_wallet(t, mint):
    """Tokens to nutshell's wallet and back, in V4 and V3, with and without DLEQ."""
    ours, python = OurWallet(t, mint.url), NutshellWallet(t)
    ours.mint(mint.url, 500)
    token = ours.send(mint.url, 200)["token"]
    equal(python.receive(mint.url, token), 200 - fee_of(mint, proofs_in(token)), "received by nutshell")
    conserved(mint, ours, python)
    for options in ((), ("--legacy",), ("--dleq",), ("--dleq", "--legacy")):
        token = python.send(mint.url, 30, *options)
        conserved(mint, ours, python, in_flight=30)
        equal(ours.receive(mint.url, token), 30 - fee_of(mint, proofs_in(token)), f"received by us, {options}")
        conserved(mint, ours, python)


@each_mint("bin", "cashu_ts", variants=ALL)
def cashu_with_cashu_ts(t, mint):
    """Tokens to cashu-ts, which must see every DLEQ, and back."""
    ours, ts = OurWallet(t, mint.url), CashuTs(t)
    ours.mint(mint.url, 500)
    sent = ours.send(mint.url, 200, "--include-fee", "--memo", "ünï")
    read = ts.ok("decode", token=sent["token"])
    equal((read["mint"], read["unit"], read["memo"], read["amount"]),
          (mint.url, "sat", "ünï", sent["amount_sats"]), "the token as cashu-ts reads it")
    equal(ts.receive(mint.url, sent["token"], dleq=True), 200, "received by cashu-ts")
    conserved(mint, ours, ts)
    for options in ({}, {"dleq": False}, {"memo": "back"}):
        token = ts.send(mint.url, 25, **options)
        equal(ours.receive(mint.url, token), 25 - fee_of(mint, proofs_in(token)), f"received by us, {options}")
        conserved(mint, ours, ts)


@each_mint("bin", "nutshell", "cashu_ts")
def cashu_locked_to_others(t, mint):
    """A token of ours locked to a key opens for its holder alone: not for a stranger, and not for us."""
    ours = OurWallet(t, mint.url)
    python, ts, stranger = NutshellWallet(t), CashuTs(t), CashuTs(t, "stranger")
    fund(python, mint, 10)
    ours.mint(mint.url, 500)
    for holder in (python, ts):
        token = ours.send(mint.url, 100, "--lock", holder.lock(mint.url))["token"]
        check(not stranger.ask("receive", token=token)["ok"], "a stranger opened it")
        ours.refuses("receive", ours.token_file(token), codes=FAILED)
        equal(holder.receive(mint.url, token), 100 - fee_of(mint, proofs_in(token)), f"received by {holder.name}")
        conserved(mint, ours, python, ts, stranger)


@each_mint("bin", "nutshell", "cashu_ts")
def cashu_locked_to_us(t, mint):
    """Tokens locked to our key: nutshell adds a lock time of a day, cashu-ts none; another of ours cannot."""
    ours, second = OurWallet(t, mint.url), OurWallet(t, mint.url, name="second")
    python, ts = NutshellWallet(t), CashuTs(t)
    fund(python, mint, 200)
    ts.mint(mint.url, 200)
    for holder in (python, ts):
        if holder is python:
            token = python.send(mint.url, 60, "--lock", f"P2PK:{ours.lock()}")
        else:
            token = ts.send(mint.url, 60, lock=ours.lock())
        second.refuses("receive", second.token_file(token), codes=FAILED)
        equal(ours.receive(mint.url, token), 60 - fee_of(mint, proofs_in(token)), "received by us")
        conserved(mint, ours, second, python, ts)
