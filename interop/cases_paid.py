"""Content that costs something and peers of iroh's own. Stock ones (npm, Rust) get what is free and are refused the rest with
a code they know; the Rust peer with the minimal form of archy/paid-blobs/1 beside them buys from us and sells to us.

Money is testmint's, which keeps the books of what was issued and spent.
"""

import json
import urllib.request

from cashu_ours import CAP_REFUSED, NOT_FOUND, OurWallet
from harness import PROGRAMS, STEP, case, check, equal, same_file
from peers import Buyer, Node, Npm, Seller, peer, peer_ok, provide

MIB = 1 << 20
SATS, SIZE = 2, 2 * MIB + MIB // 2  # a MiB; of the blobs that are bought: two and a half
PRICE = 6  # whole MiBs are sold
FUNDS = 100
FEE_PPK = 100
FORMS = ["020001000100", "020001ffffffffffffffffff010100", "02000200100100"]  # whole, last chunk, first group
KINDS = ["00", "0901"]  # Get, GetMany of one
CAPS = {"payment_budget_sats": 50, "payment_max_fee_sats": 5, "payment_peer_sats": 60, "payment_day_sats": 60}


class Mint:
    """`testmint` with one mint."""

    def __init__(self, test, fee_ppk=FEE_PPK):
        child = test.spawn("testmint", [PROGRAMS["testmint"], "--auto-pay", "--mint", f"mint:{fee_ppk}:v2"])
        self.url = child.json(lambda value: value.get("ready"), what="the mint's address")["mints"]["mint"]

    def outstanding(self):
        """What all wallets together must hold, by the mint's own books."""
        with urllib.request.urlopen(f"{self.url}/_test/report", timeout=STEP) as answer:
            report = json.load(answer)
        check(report["balanced"], f"the mint's books do not balance: {report}")
        return report["outstanding"]


def shop(t, mint, offers, on=True, name="seller"):
    """A node that sells at SATS a MiB, or would if it were on, and its wallet; `offers` are (file, class).
    (node, wallet, BLAKE3 of each)"""
    node, wallet = Node(t, name), OurWallet(t, mint.url, name=name)
    hashes = [node.run("add", "--json", path, "--class", klass).expect(0).json()["blake3"] for path, klass in offers]
    node.run("service", "set", "content-download", "--on" if on else "--off", "--price", SATS, "--step", MIB).expect(0)
    return node.start(), wallet, hashes


def payer_with_funds(t, mint, name="payer"):
    wallet = OurWallet(t, mint.url, name=name)
    wallet.mint(mint.url, FUNDS)
    return wallet


def token_worth(wallet, mint, sats):
    """Of which the receiver has so much after the mint's fee."""
    return wallet.send(mint.url, sats, "--include-fee")["token"]


class NpmGetter:
    """A connection of the npm endpoint whose requests are written by hand."""

    def __init__(self, t, served):
        self.npm = Npm(t)
        self.conn = self.npm.ok("connect", id=served.id, addrs=[served.addr], alpn="/iroh-bytes/4")["conn"]

    def get(self, request):
        """Bytes that came, SHA-256, FIN or the code of a reset."""
        stream = self.npm.ok("open_bi", conn=self.conn)["stream"]
        self.npm.ok("write", stream=stream, hex=request)
        self.npm.ok("finish", stream=stream)
        return self.npm.ok("drain", stream=stream)


def raw(t, served, *requests):
    rows = peer(t, "raw", served.at, "--request", *requests).json_lines()
    equal(len(rows), len(requests), f"answers in {rows}")
    return rows


def required(mint, sats):
    return {"PaymentRequired": {"price_sats": sats, "accepted_mints": [mint.url]}}


def reason_of(answer):
    check(isinstance(answer, dict) and list(answer) == ["Denied"] and list(answer["Denied"]) == ["reason"],
          f"{answer} instead of Denied")
    return answer["Denied"]["reason"]


def refused_get(answer, out, code=1):
    equal((answer["ok"], answer["reset"], answer["wire"]), (False, code, 0), f"ok, code and bytes of {answer}")
    check(not out.exists(), "an output file of what was refused")


def got_it(answer, out, data):
    check(answer["ok"], f"get: {answer}")
    same_file(data, out)


# --- what stock peers see ----------------------------------------------------------------------


@case("peer", "npm", "bin", "testmint")
def paid_leaves_free_blobs_alone(t):
    """What is public where others are sold, and all where nothing is: byte for byte a stock provider's answers."""
    files = [t.file("in/small", 3_000), t.file("in/large", 1_000_000, 2)]
    sold = t.file("sold", 20_000, 3)
    mint, stock = Mint(t), provide(t, "--dir", t.dir / "in")
    selling, wallet, hashes = shop(t, mint, [(path, "public") for path in files] + [(sold, "standard")])
    giving, _, again = shop(t, mint, [(path, "standard") for path in files], on=False, name="giver")
    equal(hashes[:2], again, "hashes")
    for served in (selling, giving):
        npm = NpmGetter(t, served)
        for path, hash_ in zip(files, again):
            equal(hash_, stock.hashes[path.name], f"BLAKE3 of {path.name}")
            requests = [kind + hash_ + form for form in FORMS for kind in KINDS]
            for request, theirs, ours in zip(requests, raw(t, stock, *requests), raw(t, served, *requests)):
                check(theirs["fin"] and theirs["len"] > 8, f"a stock provider's answer: {theirs}")
                came = npm.get(request)
                for what, got in (("the Rust peer", (ours["len"], ours["sha256"], ours["fin"])),
                                  ("npm", (came["bytes"], came.get("sha256"), came["fin"]))):
                    equal(got, (theirs["len"], theirs["sha256"], True), f"{path.name} {request[64:]} at {what}")
            out = t.path("out", served.id, path.name)
            peer_ok(t, "get", served.at, "--hash", hash_, "--out", out)
            same_file(path, out)
            equal(Buyer(t, served, hash_).ask(), "Granted", f"whether {path.name} is free")
    equal(selling.rpc("streaming.sessions", closed_too=True)["sessions"], [], "sessions")
    equal(wallet.balance(mint.url), 0, "balance of who gave it away")


@case("peer", "npm", "bin", "testmint")
def paid_refuses_stock_peers(t):
    """Standard, metered and paid: code 1; what is not sold now: code 2. No byte; the connection stays usable."""
    files = [t.file(f"in/{name}", 100_000, seed) for seed, name in enumerate(("standard", "metered", "paid"))]
    free, off = t.file("free", 3_000, 8), t.file("off", 100_000, 9)
    mint = Mint(t)
    selling, _, hashes = shop(t, mint, [(path, path.name) for path in files] + [(free, "public")])
    shut, _, shut_hashes = shop(t, mint, [(off, "paid"), (free, "public")], on=False, name="shut")
    for served, code, goods, gift in ((selling, 1, hashes[:3], hashes[3]), (shut, 2, shut_hashes[:1], shut_hashes[1])):
        requests = [kind + hash_ + form for hash_ in goods for form in FORMS for kind in KINDS]
        requests.append("00" + gift + FORMS[0])
        npm = NpmGetter(t, served)
        came = [(row["bytes"], row["reset"], row["fin"]) for row in map(npm.get, requests)]
        rust = [(row["len"], row["reset"], row["fin"]) for row in raw(t, served, *requests)]
        for who, answers in (("npm", came), ("the Rust peer", rust)):
            for request, answer in zip(requests, answers):
                want = (3_008, None, True) if gift in request else (0, code, False)
                equal(answer, want, f"bytes, code and FIN of {request[:6]}..{request[-20:]} at {who}")
        for hash_ in goods:
            out = t.path("out")
            refused_get(peer(t, "get", served.at, "--hash", hash_, "--out", out).json(), out, code)
        # A reset overtakes bytes: what was sent counts, not only what came.
        equal(served.rpc("swarm.status")["payload_sent_bytes"], 2 * 3_000, "payload sent")
    for hash_ in hashes[:3]:
        equal(Buyer(t, selling, hash_).ask(), required(mint, SATS), "the answer to a question")
    equal(reason_of(Buyer(t, shut, shut_hashes[0]).ask()), "try later", "why not")
    equal(reason_of(Buyer(t, shut, "ab" * 32).ask()), "not found", "why not")


@case("peer", "bin", "testmint")
def paid_refuses_children(t):
    """A public collection with a child that is sold: code 1 where it begins, also asked for alone or by GetMany."""
    free, sold = t.file("box/a-free", 3_000), t.file("box/b-sold", 1_000_000, 2)
    mint = Mint(t)
    served, _, (root, free_hash, sold_hash) = shop(t, mint, [(t.dir / "box", "public"), (free, "public"), (sold, "paid")])
    child = ["--child", "2", "--child-hash", "00" * 32, free_hash, sold_hash]
    whole = peer(t, "get", served.at, "--hash", root, "--seq").json()
    alone = peer(t, "get", served.at, "--hash", root, *child).json()
    many = peer(t, "get-many", served.at, "--hash", free_hash, sold_hash).json()
    for what, report in (("the collection", whole), ("the child", alone), ("GetMany", many)):
        equal((report["ok"], report["reset"]), (False, 1), f"ok and code of {what}: {report}")
        check(all(blob["hash"] != sold_hash for blob in report["blobs"]), f"bytes of what is sold in {what}: {report}")
    equal(alone["wire"], 0, "bytes of the child")
    # The sequence, the names, and twice what is free: a group of what is sold would be more.
    check(6_000 < served.rpc("swarm.status")["payload_sent_bytes"] < 16_384, "payload sent")
    out = t.path("out")
    peer_ok(t, "get", served.at, "--hash", root, "--child", "1", "--child-hash", "00" * 32, free_hash, "--out", out)
    same_file(free, out / "2")


# --- the minimal form: the Rust peer buys -------------------------------------------------------


def session(served, buyer, hash_):
    rows = served.rpc("streaming.sessions", closed_too=True)["sessions"]
    equal([(row["peer"], row["blake3"], row["closed"]) for row in rows], [(buyer.id, hash_, False)], "sessions")
    return rows[0]


@case("peer", "bin", "testmint", limit=120)
def paid_rust_peer_buys(t):
    """Question, price, token, Granted, the whole blob; the books say so. The token is worth nothing again, and to nobody else."""
    data, out = t.file("data", SIZE), t.path("out")
    mint = Mint(t)
    served, wallet, (hash_,) = shop(t, mint, [(data, "standard")])
    payer, buyer = payer_with_funds(t, mint), Buyer(t, served, hash_)
    equal(buyer.ask(), required(mint, PRICE), "the answer without a token")
    refused_get(buyer.get(out), out)
    token = token_worth(payer, mint, PRICE)
    equal(buyer.pay(token), "Granted", "the answer to the token")
    equal(buyer.ask(), "Granted", "the answer once it is paid")
    other = Buyer(t, served, hash_)
    equal(other.ask(), required(mint, PRICE), "the answer to somebody else")
    check("before" in reason_of(other.pay(token)), "somebody else's token was not used before")
    refused_get(other.get(t.path("other")), t.path("other"))
    got_it(buyer.get(out), out, data)
    books = session(served, buyer, hash_)
    equal((books["service"], books["credit_msat"], books["used_msat"], books["units"]),
          ("content-download", PRICE * 1000, SIZE * SATS * 1000 // MIB, SIZE), "service, credit, used and units")
    # Half a MiB of credit is left, and the same token counts once.
    equal(buyer.ask(), required(mint, PRICE - SATS), "the answer when it is used up")
    equal(buyer.pay(token), required(mint, PRICE - SATS), "the answer to the same token")
    equal(session(served, buyer, hash_)["credit_msat"], PRICE * 1000, "credit after the same token again")
    profits = served.rpc("streaming.profits")
    equal((profits["earned_sats"], profits["kept_sats"]), (PRICE, PRICE), "profits")
    equal(wallet.balance(mint.url), PRICE, "balance of the seller")
    equal(payer.balance(mint.url) + PRICE, mint.outstanding(), "what the mint owes")


@case("peer", "bin", "testmint", limit=120)
def paid_rust_peer_buys_in_parts(t):
    """What is no token, and a token worth too little: what came in counts, the rest is asked for. Then the blob."""
    data, out = t.file("data", SIZE), t.path("out")
    mint = Mint(t)
    served, wallet, (hash_,) = shop(t, mint, [(data, "paid")])
    payer, buyer = payer_with_funds(t, mint), Buyer(t, served, hash_)
    check(reason_of(buyer.pay("cashuBnothing")), "no reason")
    equal(served.rpc("streaming.sessions", closed_too=True)["sessions"], [], "sessions")
    equal(buyer.pay(token_worth(payer, mint, 1)), required(mint, PRICE - SATS), "the answer to half a step")
    equal(session(served, buyer, hash_)["credit_msat"], 1000, "credit")
    equal(buyer.pay(token_worth(payer, mint, PRICE - SATS)), "Granted", "the answer to the rest")
    got_it(buyer.get(out), out, data)
    books = session(served, buyer, hash_)
    equal((books["credit_msat"], books["used_msat"], books["units"]), (5000, 5000, SIZE), "credit, used and units")
    refused_get(buyer.get(t.path("again")), t.path("again"))
    equal(wallet.balance(mint.url), 5, "balance of the seller")
    equal(payer.balance(mint.url) + 5, mint.outstanding(), "what the mint owes")


@case("peer", "bin", "testmint", limit=180)
def paid_rust_peer_buys_collection(t):
    """A hash stands for its children, too: who pays what is asked, whenever it is asked, gets all of it."""
    data = t.file("box/one", SIZE)
    t.file("box/two", 1000, 2)
    mint = Mint(t)
    served, wallet, (root,) = shop(t, mint, [(t.dir / "box", "standard")])
    payer, secret, paid = payer_with_funds(t, mint), "11" * 32, 0
    for _ in range(5):
        buyer = Buyer(t, served, root, "--secret", secret)
        answer = buyer.ask()
        if answer != "Granted":
            price = answer["PaymentRequired"]["price_sats"]
            equal(buyer.pay(token_worth(payer, mint, price)), "Granted", "the answer to the token")
            paid += price
        buyer.stop()
        report = peer(t, "get", served.at, "--hash", root, "--seq", "--secret", secret, "--out", t.path("seq")).json()
        if report["ok"]:
            break
    check(report["ok"], f"{paid} sat were paid, and the peer says {answer}; yet {report}")
    same_file(data, t.path("seq", "2"))
    equal(paid, PRICE, "sats paid")


# --- the minimal form: the Rust peer sells ------------------------------------------------------


class OurBuyer:
    """Our node with ecash; `caps` are its settings."""

    def __init__(self, t, mint, **caps):
        self.test, self.mint = t, mint
        self.node, self.wallet = Node(t, "buyer"), payer_with_funds(t, mint, "buyer")
        self.running = self.node.start(**caps)

    @property
    def id(self):
        return self.running.id

    def get(self, seller, hash_, out):
        """`get` as a child: the seller waits for us."""
        return self.test.spawn("buyer-get", self.node.command("get", "--json", hash_, "--from", seller.source, "-o", out))

    def purchases(self):
        return self.running.rpc("streaming.purchases")["purchases"]


def tokens_of(events):
    return [event["token"] for event in events if event.get("token")]


@case("peer", "bin", "testmint", limit=120)
def paid_from_rust_peer(t):
    """Asked, paid, granted, got; the token is worth the price to whoever has it. Without caps: nothing is paid, nothing comes."""
    data, out, price = t.file("data", SIZE), t.path("out"), 7
    mint = Mint(t)
    third = OurWallet(t, mint.url, name="third")
    seller = Seller(t, "--files", data, "--price", price, "--mint", mint.url)
    hash_ = seller.hashes["data"]
    stingy = Node(t, "stingy").get(hash_, "--from", seller.source, "-o", t.path("stingy"), timeout=40)
    check(stingy.code in (NOT_FOUND, CAP_REFUSED), f"a get that may not pay: exit {stingy.code}, {stingy}")
    check(not t.path("stingy").exists(), "an output file that nobody paid for")
    buyer = OurBuyer(t, mint, **CAPS)
    getting = buyer.get(seller, hash_, out)
    asked = seller.token(timeout=60)
    equal((asked["peer"], asked["want"]), (buyer.id, hash_), "who pays, and for what")
    equal(third.receive(mint.url, asked["token"]), price, "what the token redeems to")
    seller.say("grant")
    equal(getting.end_input(60), 0, f"exit of get; {getting.story()}")
    same_file(data, out)
    bought = buyer.purchases()
    equal([(row["seller"], row["blake3"], row["state"], row["amount_sats"]) for row in bought],
          [(seller.id, hash_, "paid", price)], "purchases")
    equal(third.balance(mint.url), price, "balance of who redeemed it")
    left = buyer.wallet.balance(mint.url)
    equal(left, FUNDS - price - bought[0]["fee_sats"], "balance of the buyer")
    equal(left + price, mint.outstanding(), "what the mint owes")
    events = seller.stop()
    equal(tokens_of(events), [asked["token"]], "tokens")
    gets = [event["granted"] for event in events if event["event"] == "get" and event["peer"] == buyer.id]
    check(gets and all(gets), f"requests before they were granted: {events}")


@case("peer", "bin", "testmint", limit=120)
def paid_from_rust_peer_that_denies(t):
    """The token is refused and not redeemed: it is had back, nothing more is paid, nothing came."""
    data, out = t.file("data", SIZE), t.path("out")
    mint = Mint(t, fee_ppk=0)
    seller = Seller(t, "--files", data, "--price", "7", "--mint", mint.url)
    hash_ = seller.hashes["data"]
    buyer = OurBuyer(t, mint, **CAPS)
    getting = buyer.get(seller, hash_, out)
    asked = seller.token(timeout=60)
    seller.say("deny no such ecash here")
    code = getting.end_input(60)
    check(code in (NOT_FOUND, CAP_REFUSED), f"get: exit {code}; {getting.story()}")
    check(not out.exists(), "an output file of what was refused")
    equal([row["state"] for row in buyer.purchases()], ["had_back"], "purchases")
    equal(buyer.wallet.balance(mint.url), FUNDS, "balance of the buyer")
    equal(mint.outstanding(), FUNDS, "what the mint owes")
    equal(tokens_of(seller.stop()), [asked["token"]], "tokens")


# --- the Rust peer with itself -----------------------------------------------------------------


@case("peer")
def paid_self(t):
    """Both sides of the Rust peer: nothing before it is granted, all of it afterwards, nothing for another key."""
    data, out = t.file("data", SIZE), t.path("out")
    seller = Seller(t, "--files", data, "--price", "7", "--mint", "https://mint.example")
    hash_ = seller.hashes["data"]
    buyer, other = Buyer(t, seller, hash_), Buyer(t, seller, hash_)
    price = {"PaymentRequired": {"price_sats": 7, "accepted_mints": ["https://mint.example"]}}
    equal(buyer.ask(), price, "the answer without a token")
    refused_get(buyer.get(out), out)
    seller.say("deny it is worthless")
    equal(reason_of(buyer.pay("cashuBone")), "it is worthless", "why not")
    refused_get(buyer.get(out), out)
    seller.say("grant")
    equal(buyer.pay("cashuBtwo"), "Granted", "the answer to a token")
    equal(buyer.ask(), "Granted", "the answer once it is paid")
    got_it(buyer.get(out), out, data)
    equal(other.ask(), price, "the answer to somebody else")
    refused_get(other.get(t.path("other")), t.path("other"))
    equal(reason_of(Buyer(t, seller, "ab" * 32).ask()), "not found", "why not")
    events = seller.stop()
    equal(tokens_of(events), ["cashuBone", "cashuBtwo"], "tokens")
    equal({event["peer"] for event in events if event.get("granted")}, {buyer.id}, "who got it")
