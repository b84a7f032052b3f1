"""Our wallet between two real mints that are linked: swaps, with every answer lost and the wallet killed at it; payments
that foreign wallets redeem. What is where is read from both mints' own databases."""

import json

from cashu_foreign import CashuTs, NutshellWallet
from cashu_mints import NO_PROXY, Switch, outstanding
from cashu_ours import ATTENTION, DONE, OurWallet
from cases_cashu_linked import PAIRS, each_pair
from harness import PROGRAMS, check, equal
from linked_mints import eventually

FUNDED, SWAPPED, MOST_FEE = 2000, 300, 20
# The requests of a swap in their order, and at which mint each is.
LOST = (("b", "/v1/mint/quote/bolt11"), ("a", "/v1/melt/quote/bolt11"), ("a", "/v1/melt/bolt11"), ("b", "/v1/mint/bolt11"))


def swap_words(source, target):
    return ["swap", str(SWAPPED), "--from", source, "--to", target, "--max-fee", str(MOST_FEE)]


def history(ours, kind):
    return [row for row in ours.rows("history", "--limit", "1000") if row["kind"] == kind]


def adds_up(ours, pair, source, target):
    """Every sat: in the wallet as both mints' databases have it, and what is gone is the fees that the swaps own up to."""
    pair.agrees()
    at = ours.balance(source), ours.balance(target)
    equal(at, (outstanding(pair.a), outstanding(pair.b)), "the wallet's balances against what the mints owe")
    swaps = history(ours, "cross_swap")
    fees = sum(row["fee_sats"] for row in swaps)
    equal(sum(at) + fees, FUNDED, f"both balances {at} and {fees} of fees")
    done = [row for row in swaps if row["state"] == "done"]
    equal(at[1], len(done) * SWAPPED, f"at b after {len(done)} swaps")
    check(all(row["fee_sats"] <= MOST_FEE for row in swaps), f"a swap over its cap: {swaps}")
    return len(done)


def finish(ours):
    """Until nothing is open but invoices that nobody will pay."""

    def ended():
        ours.run("resume", code=None).expect((DONE, ATTENTION))
        rows = ours.rows("history", "--limit", "1000")
        return not [row for row in rows if row["state"] == "open" and (row["kind"] != "mint" or row["stage"] != "quoted")]

    eventually(ended, "everything has ended", 180)


@each_pair("bin")
def cashu_across_swap(t, pair):
    """The happy path, twice; the second one over a proven route."""
    ours = OurWallet(t, pair.a.url, pair.b.url)
    pair.fund(ours, pair.a, FUNDED)
    for count in (1, 2):
        row = ours.run(*swap_words(pair.a.url, pair.b.url)).json()
        equal((row["state"], row["counterpart"].rstrip("/")), ("done", pair.b.url), "the swap")
        equal(adds_up(ours, pair, pair.a.url, pair.b.url), count, "swaps done")
    equal([row["proven"] for row in ours.rows("routes")], [True], "the route")


@each_pair("bin", limit=900)
def cashu_across_lost(t, pair):
    """Each answer lost in turn: executed by the mint, SIGKILL for the wallet, which goes on afterwards."""
    with Switch(pair.a) as a, Switch(pair.b) as b:
        ours = OurWallet(t, a.url, b.url)
        fund_through(ours, pair, a)
        for name, path in LOST:
            switch = a if name == "a" else b
            switch.swallow(path)
            ours.killed_when(switch, *swap_words(a.url, b.url))
            finish(ours)
            adds_up(ours, pair, a.url, b.url)
        equal(adds_up(ours, pair, a.url, b.url), len(LOST), "all of them were gone on with in time")


def fund_through(ours, pair, switch):
    """As Pair.fund, for a wallet that knows the mint by its switch."""
    invoice = ours.rows("mint", str(FUNDED), "--mint", switch.url, "--no-wait")[0]["invoice"]
    pair.lightning.outside_pays(invoice)
    eventually(lambda: ours.run("resume", code=None).code == DONE and ours.balance(switch.url) == FUNDED, "funded", 60)


@each_pair("bin", "cashu_ts", "nutshell", pairs=PAIRS[:2])
def cashu_across_payment(t, pair):
    """What streaming.prepare-payment makes is redeemed by wallets of others; what it declines moves nothing."""
    ours = OurWallet(t, pair.a.url, pair.b.url)
    pair.fund(ours, pair.a, FUNDED)

    def prepare(**more):
        params = {"accepted_mints": [pair.b.url], "price_sats": 100, "budget_sats": 100, "max_fee_sats": 20} | more
        return t.run("rpc", [PROGRAMS["bin"], "--data-dir", ours.data, "--json", "rpc", "streaming.prepare-payment", json.dumps(params)],
                     env=NO_PROXY, timeout=180).expect(DONE).json()

    for reason, more in (("price_over_budget", {"budget_sats": 99}), ("fee_over_cap", {"max_fee_sats": 0}), ("no_mint", {"accepted_mints": []}),
                         ("untrusted", {"accepted_mints": ["http://127.0.0.1:9"]}), ("no_balance", {"price_sats": 5000, "budget_sats": 5000})):
        said = prepare(**more)
        equal((said["status"], said["reason"]), ("declined", reason), "what is declined")
    equal(ours.balance(pair.a.url), FUNDED, "nothing was moved")
    for wallet in (CashuTs(t), NutshellWallet(t)):
        said = prepare()
        equal(said["status"], "ready", f"{said}")
        got = wallet.receive(pair.b.url, said["token"])
        check(got is None or got >= 100, f"{wallet.name} has {got} of 100 sat")
        check(wallet.balance(pair.b.url) >= 100, f"{wallet.name} has {wallet.balance(pair.b.url)} of 100 sat")
