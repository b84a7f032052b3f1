"""The linked mints themselves: what cases and programs that pay from one mint to the other build on."""

from cashu_foreign import CashuTs
from cashu_ours import OurWallet
from harness import case, check, equal
from linked_mints import LinkedCdk, LinkedNutshell, eventually, meanwhile
from linked_pair import linked_pair

PAIRS = [("cdk", "cdk"), ("nutshell", "cdk"), ("cdk", "nutshell"), ("nutshell", "nutshell")]


def each_pair(*needs, pairs=PAIRS, limit=300):
    """Registers a case for each pair of kinds: the function gets (test, a started pair)."""

    def register(function):
        for kinds in pairs:
            def one(t, kinds=kinds):
                function(t, linked_pair(t, *kinds, fee_ppk=100))

            one.__name__ = "_to_".join((f"{function.__name__}_{kinds[0]}", kinds[1]))
            one.__doc__, one.__module__ = function.__doc__, function.__module__
            case("linked", *dict.fromkeys(kinds), *needs, limit=limit)(one)
        return function

    return register


def funded(t, pair, sats=1000):
    wallet = CashuTs(t)
    pair.fund(wallet, pair.a, sats)
    return wallet


def payments_of_a(pair, outcome):
    """nutshell takes how its payments go from its configuration."""
    if isinstance(pair.a, LinkedCdk):
        pair.lightning.next(outcome)
    else:
        pair.a.restart(pay_state=outcome.upper(), check_state=outcome.upper())


def is_paid(pair, quote):
    eventually(lambda: pair.b.quote_state(quote) == "PAID", "the quote of b is paid")


@each_pair("cashu_ts")
def cashu_linked_paid(t, pair):
    """A quote of B stays unpaid until A has paid its invoice; a wallet claims one; nothing comes or goes."""
    wallet = funded(t, pair)
    quote, invoice = pair.b.new_quote(200)
    equal(pair.b.quote_state(quote), "UNPAID", "before")
    pair.conserved(wallet)
    equal(pair.b.quote_state(quote), "UNPAID", "with nothing done")
    paid = wallet.pay(pair.a.url, invoice)
    equal(pair.a.melt_state(invoice), "PAID", "the payment of a")
    check(paid["debit"] > 200, f"it cost {paid['debit']}")
    is_paid(pair, quote)
    pair.conserved(wallet)
    with meanwhile(wallet.mint, pair.b.url, 64) as minted:
        other = eventually(lambda: next((i for i, q in pair.b.quotes().items() if q[2] == q[1] == 0), None), "a quote")
        equal(pair.b.quotes()[other][1], 0, "paid for the quote of the wallet")
        pair.lightning.outside_pays(other)
        minted.result()
    pair.conserved(wallet)


@each_pair("cashu_ts")
def cashu_linked_failed(t, pair):
    """A payment of A that fails: B's quote stays unpaid, what was to be spent at A is unspent and spends again."""
    wallet = funded(t, pair)
    quote, invoice = pair.b.new_quote(200)
    payments_of_a(pair, "failed")
    check(not wallet.ask("melt", mint=pair.a.url, invoice=invoice)["ok"], "a payment that fails was reported as made")
    equal(pair.a.melt_state(invoice), "UNPAID", "the payment of a")
    equal(pair.a.books().pending, 0, "pending at a")
    pair.conserved(wallet)
    equal(pair.b.quote_state(quote), "UNPAID", "the quote of b")
    payments_of_a(pair, "paid" if isinstance(pair.a, LinkedCdk) else "settled")
    wallet.pay(pair.a.url, pair.b.new_quote(300)[1])
    pair.conserved(wallet)


@each_pair("cashu_ts")
def cashu_linked_pending(t, pair):
    """While A's payment is under way B's quote is unpaid; then both are paid."""
    wallet = funded(t, pair)
    quote, invoice = pair.b.new_quote(200)
    payments_of_a(pair, "pending")
    with meanwhile(lambda: wallet.ask("melt", mint=pair.a.url, invoice=invoice)) as paying:
        eventually(lambda: pair.a.melt_state(invoice) == "PENDING" and pair.a.books().pending > 200, "pending at a")
        pair.agrees()
        equal(pair.b.quote_state(quote), "UNPAID", "the quote of b meanwhile")
        if isinstance(pair.a, LinkedCdk):
            pair.lightning.finish(invoice)
            equal(paying.result().get("state"), "PAID", f"what the wallet heard, {paying.result()}")
    if isinstance(pair.a, LinkedNutshell):  # it looks again when it starts
        pair.a.restart(pay_state="SETTLED", check_state="SETTLED")
    eventually(lambda: pair.a.melt_state(invoice) == "PAID", "paid by a")
    is_paid(pair, quote)
    if isinstance(pair.a, LinkedCdk):  # of nutshell's answer cashu-ts takes no change later
        pair.conserved(wallet)
    pair.agrees()


@each_pair("cashu_ts")
def cashu_linked_late(t, pair):
    """A says paid, B knows nothing of it before it is told."""
    wallet = funded(t, pair)
    quote, invoice = pair.b.new_quote(200)
    pair.lightning.next(late=True)
    wallet.pay(pair.a.url, invoice)
    equal(pair.a.melt_state(invoice), "PAID", "the payment of a")
    pair.conserved(wallet)
    equal(pair.b.quote_state(quote), "UNPAID", "the quote of b")
    pair.lightning.tell(invoice)
    is_paid(pair, quote)
    pair.conserved(wallet)


@case("nutshell", "cashu_ts", limit=120)
def cashu_linked_nutshell(t):
    """By itself: unpaid until the harness settles it, then ecash is given for it."""
    mint, wallet = LinkedNutshell(t).start(), CashuTs(t)
    quote, invoice = mint.new_quote(50)
    with meanwhile(wallet.mint, mint.url, 100) as minted:
        wanted = eventually(lambda: next(iter(mint.quotes().keys() - {invoice}), None), "a quote of the wallet")
        equal(mint.quotes()[wanted][1], 0, "paid before")
        mint.settle(wanted)
        minted.result()
    equal(mint.quotes()[wanted][2], 100, "issued")
    equal(mint.quote_state(quote), "UNPAID", "the other quote")


@each_pair("cashu_ts", pairs=PAIRS[:1])
def cashu_linked_fees(t, pair):
    """The reserve of the terms is asked, what the payment took is kept; a fee above the reserve is A's loss."""
    wallet = funded(t, pair)
    pair.lightning.terms(fee=3, reserve_min=7)
    fee = wallet.pay(pair.a.url, pair.b.new_quote(200)[1])["debit"] - 200
    check(3 <= fee <= 5, f"a payment whose Lightning fee is 3 cost {fee}")
    pair.conserved(wallet)
    pair.lightning.next(fee=20)
    wallet.pay(pair.a.url, pair.b.new_quote(200)[1])
    books = pair.a.books()
    pair.a.lost = books.outstanding - (books.paid_in - books.paid_out - books.input_fees)
    check(0 < pair.a.lost <= 13, f"a lost {pair.a.lost}")
    pair.conserved(wallet)


@each_pair("cashu_ts", pairs=PAIRS[:1])
def cashu_linked_outside(t, pair):
    """An invoice of nobody here; one that somebody outside has paid already; a payment that ends by itself."""
    wallet = funded(t, pair)
    wallet.pay(pair.a.url, pair.lightning.outside_invoice(100))
    pair.conserved(wallet)
    invoice = pair.b.new_quote(50)[1]
    pair.lightning.outside_pays(invoice)
    check(not wallet.ask("melt", mint=pair.a.url, invoice=invoice)["ok"], "paid twice")
    pair.conserved(wallet)
    quote, invoice = pair.b.new_quote(60)
    pair.lightning.next("pending", then="paid", after_s=1, invoice=invoice)
    wallet.pay(pair.a.url, invoice)
    is_paid(pair, quote)
    pair.conserved(wallet)


@each_pair("cashu_ts", pairs=PAIRS[:1])
def cashu_linked_unknown(t, pair):
    """CDK's mint takes a payment nobody knows anything of as failed; settled later it is the mint's loss."""
    wallet = funded(t, pair)
    quote, invoice = pair.b.new_quote(200)
    pair.lightning.next("unknown")
    check(not wallet.ask("melt", mint=pair.a.url, invoice=invoice)["ok"], "an unknown payment was reported as made")
    equal((pair.a.melt_state(invoice), pair.a.books().pending), ("UNPAID", 0), "the payment of a")
    pair.conserved(wallet)
    pair.lightning.finish(invoice)
    is_paid(pair, quote)


@each_pair("cashu_ts", pairs=PAIRS[:1])
def cashu_linked_away(t, pair):
    """Told while B is down, B finds the payment when it is asked for the quote."""
    wallet = funded(t, pair)
    quote, invoice = pair.b.new_quote(200)
    pair.lightning.next(late=True)
    wallet.pay(pair.a.url, invoice)
    pair.b.stop()
    pair.lightning.tell(invoice)
    pair.b.start()
    is_paid(pair, quote)
    pair.conserved(wallet)
    pair.a.rotate()
    wallet.pay(pair.a.url, pair.b.new_quote(100)[1])
    pair.conserved(wallet)


@each_pair("cashu_ts", pairs=PAIRS[:1])
def cashu_linked_killed(t, pair):
    """A is killed while its payment is under way, which ends meanwhile: started again A knows how."""
    wallet = funded(t, pair)
    for outcome, state, paid in (("failed", "UNPAID", 0), ("paid", "PAID", 200)):
        invoice = pair.b.new_quote(200)[1]
        pair.lightning.next("pending")
        with meanwhile(lambda: wallet.ask("melt", mint=pair.a.url, invoice=invoice)) as paying:
            eventually(lambda: pair.lightning.payments(invoice), "the payment has begun")
            pair.a.child.kill()
            check(not paying.result()["ok"], "a mint that was killed answered")
        pair.lightning.finish(invoice, outcome)
        pair.a.start()
        eventually(lambda: pair.a.melt_state(invoice) == state, f"{state} at a")
        pair.agrees()
        equal((pair.a.books().pending, pair.b.quotes()[invoice][1]), (0, paid), "pending at a, paid at b")


@each_pair("bin", pairs=PAIRS[:3])
def cashu_linked_ours(t, pair):
    """Our wallet pays its own invoice of B out of what it has at A, and claims it there."""
    ours = OurWallet(t, pair.a.url, pair.b.url)
    pair.fund(ours, pair.a, 1000)
    invoice = ours.rows("mint", "300", "--mint", pair.b.url, "--no-wait")[0]["invoice"]
    equal(ours.balance(pair.b.url), 0, "at b before")
    ours.pay(pair.a.url, invoice)
    eventually(lambda: pair.b.quotes()[invoice][1] == 300, "b has been paid")
    pair.conserved(ours)
    ours.run("resume")
    equal(ours.balance(pair.b.url), 300, "at b")
    pair.conserved(ours)
