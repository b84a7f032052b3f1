"""Our wallet when the mint changes or its answers are lost, and from its words alone."""

from cashu_foreign import CashuTs, NutshellWallet, fund, proofs_in
from cashu_mints import CdkMintd, Nutshell, Switch, conserved, each_mint, fee_of, outstanding
from cashu_ours import OurWallet
from harness import case, check, equal


@each_mint("bin", "cashu_ts")
def cashu_rotation_before_send(t, mint):
    """Ecash of a keyset rotated away is sent; what comes back for it is of the new one."""
    ours, ts = OurWallet(t, mint.url), CashuTs(t)
    ours.mint(mint.url, 300)
    _, new = mint.rotate()
    sent = ours.send(mint.url, 100)
    conserved(mint, ours, in_flight=100)
    equal(ts.receive(mint.url, sent["token"]), 100 - fee_of(mint, proofs_in(sent["token"])), "received by cashu-ts")
    token = ts.send(mint.url, 40)
    ours.receive(mint.url, token)
    ours.mint(mint.url, 20)
    conserved(mint, ours, ts)
    check(new in {keyset["id"] for keyset in mint.keysets() if keyset["active"]}, "the new keyset is active")


@each_mint("bin", "nutshell")
def cashu_rotation_before_melt(t, mint):
    """The keyset changes after the melt quote, before the melt: the invoice is paid, the change is not lost.
    (nutshell refuses the old blank outputs with 11000, CDK with 12002.)"""
    payee = Nutshell(t, 0, name="payee").start()
    with Switch(mint) as switch:
        ours = OurWallet(t, switch.url)
        ours.mint(switch.url, 500)
        switch.hold("/v1/melt/bolt11")
        child = ours.spawn("melt", payee.invoice(100), "--mint", switch.url)
        child.process.stdin.close()
        switch.wait_reached()
        mint.rotate()
        switch.release()
        row = child.json(lambda value: value.get("state") == "done", 180, "the end of the melt")
        equal(child.wait(), 0, "exit of melt")
        equal(500 - ours.balance(switch.url), 100 + row["fee_sats"], "what it cost")
        conserved(mint, ours, url=switch.url)


@case("bin", "nutshell", limit=900)
def cashu_two_active_keysets_nutshell(t):
    """A new derivation path leaves nutshell with two active keysets: one of them is used, nothing breaks."""
    mint = Nutshell(t, 100).start()
    ours, second = OurWallet(t, mint.url), OurWallet(t, mint.url, name="second")
    ours.mint(mint.url, 300)
    mint.rotate(old_stays_active=True)
    second.receive(mint.url, ours.send(mint.url, 100)["token"])
    ours.mint(mint.url, 20)
    conserved(mint, ours, second)


def lost_answer(t, mint, before_resume=lambda: None):
    """For each of swap, mint and melt: executed, the answer swallowed, our process killed, then `resume`.
    A swap that is sent again is the same to the byte."""
    payee = Nutshell(t, 0, name="payee").start()
    with Switch(mint) as switch:
        ours, ts = OurWallet(t, switch.url), CashuTs(t)
        ts.mint(switch.url, 300)
        token = ts.send(switch.url, 64)
        switch.swallow("/v1/swap")
        ours.killed_when(switch, "receive", ours.token_file(token))
        owed, swaps = outstanding(mint), len(switch.bodies("/v1/swap"))
        before_resume()
        ours.run("resume")
        equal(outstanding(mint), owed, "owed: the swap was executed once")
        equal(ours.balance(switch.url), 64 - fee_of(mint, proofs_in(token)), "balance after the lost swap")
        conserved(mint, ours, ts, url=switch.url)
        again = set(switch.bodies("/v1/swap")[swaps:])
        check(again <= set(switch.bodies("/v1/swap")[swaps - 1:swaps]), "a swap was sent again, changed")

        switch.swallow("/v1/mint/bolt11")
        had = ours.balance(switch.url)
        ours.killed_when(switch, "mint", "200", "--mint", switch.url)
        before_resume()
        ours.run("resume")
        equal(ours.balance(switch.url), had + 200, "balance after the lost mint")
        conserved(mint, ours, ts, url=switch.url)

        switch.swallow("/v1/melt/bolt11")
        had = ours.balance(switch.url)
        ours.killed_when(switch, "melt", payee.invoice(100), "--mint", switch.url)
        before_resume()
        ours.run("resume")
        check(101 <= had - ours.balance(switch.url) <= 104, f"the lost melt cost {had - ours.balance(switch.url)}")
        conserved(mint, ours, ts, url=switch.url)
        ours.run("resume")
        conserved(mint, ours, ts, url=switch.url)


@case("bin", "nutshell", "cashu_ts", "redis", limit=900)
def cashu_lost_answer_nutshell_cache(t):
    """NUT-19 with redis."""
    lost_answer(t, Nutshell(t, 100, cache=True).start())


@case("bin", "nutshell", "cashu_ts", limit=900)
def cashu_lost_answer_nutshell_no_cache(t):
    """No NUT-19: the mint calls the inputs spent, the outputs are restored."""
    lost_answer(t, Nutshell(t, 100).start())


@case("bin", "cdk", "cashu_ts", "nutshell", limit=900)
def cashu_lost_answer_cdk_cache(t):
    """NUT-19 in the mint's memory."""
    lost_answer(t, CdkMintd(t, 100).start())


@case("bin", "cdk", "cashu_ts", "nutshell", limit=900)
def cashu_lost_answer_cdk_restarted(t):
    """The mint restarts meanwhile and has forgotten what it answered."""
    mint = CdkMintd(t, 100).start()
    lost_answer(t, mint, mint.restart)


@each_mint("bin", "nutshell", limit=900)
def cashu_restore(t, mint):
    """A fresh data directory and the words: all that is unspent, over a rotation, and it can be spent."""
    ours, second = OurWallet(t, mint.url), OurWallet(t, mint.url, name="second")
    payee = Nutshell(t, 0, name="payee").start()
    ours.mint(mint.url, 300)
    second.receive(mint.url, ours.send(mint.url, 90)["token"])
    ours.pay(mint.url, payee.invoice(50))
    mint.rotate()
    ours.mint(mint.url, 40)
    had = ours.balance(mint.url)
    fresh = OurWallet(t, mint.url, name="fresh")
    equal(fresh.restore(ours.words()), {mint.url: had}, "restored")
    equal(fresh.balance(mint.url), had, "balance after restore")
    conserved(mint, fresh, second)
    second.receive(mint.url, fresh.send(mint.url, 60)["token"])  # a counter used twice would be refused
    fresh.mint(mint.url, 30)
    conserved(mint, fresh, second)


@each_mint("bin", "nutshell", "cashu_ts", limit=900)
def cashu_words_of_ours_elsewhere(t, mint):
    """nutshell's wallet and cashu-ts restore our words, over a rotation: the same sats."""
    ours = OurWallet(t, mint.url)
    ours.mint(mint.url, 300)
    ours.receive(mint.url, ours.send(mint.url, 33)["token"])
    mint.rotate()
    ours.mint(mint.url, 40)
    had, words = ours.balance(mint.url), ours.words()
    found = CashuTs(t, "cashu-ts-restored", words).restore(mint.url)
    equal((found["restored"], len(found["keysets"])), (had, 2), "restored by cashu-ts, and keysets")
    equal(NutshellWallet(t, "nutshell-restored").restore(mint.url, words), had, "restored by nutshell")
    conserved(mint, ours)


@each_mint("bin", "nutshell")
def cashu_words_of_nutshell_here(t, mint):
    """Our wallet restores nutshell's words."""
    python = NutshellWallet(t)
    fund(python, mint, 210)
    python.receive(mint.url, python.send(mint.url, 33, "--force-swap"))
    ours = OurWallet(t, mint.url)
    equal(ours.restore(python.words(mint.url)), {mint.url: python.balance(mint.url)}, "restored")
    conserved(mint, ours)
