"""/iroh-bytes/4 against stock iroh-blobs (the Rust peer), both roles."""

import base64

from harness import OTHER_ID, PROGRAMS, NotRun, case, check, equal, free_port, same_file
from peers import Node, blob_ticket, lie, peer, peer_ok, provide, refused, serve_files

SIZES = [0, 1, 1023, 1024, 1025, 16_383, 16_384, 16_385, 17_413, 32_768, 32_769, 100_000,
         1_048_576, 1_048_577, 2_500_003]
EMPTY = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"


# --- our provider, their getter ----------------------------------------------------------------


@case("peer", "bin")
def blobs_serves_get(t):
    """Whole blobs of every interesting size; hashes agree with the peer's."""
    files = [t.file(f"in/{size}", size, size) for size in SIZES]
    served, hashes = serve_files(t, *files)
    theirs = provide(t, "--dir", t.dir / "in").hashes
    for path, hash_ in zip(files, hashes):
        equal(hash_, theirs[path.name], f"BLAKE3 of {path.name}")
        peer_ok(t, "get", served.at, "--hash", hash_, "--out", t.path("out", path.name))
        same_file(path, t.path("out", path.name))


@case("peer", "bin", limit=120)
def blobs_serves_random_ranges(t):
    """Random chunk ranges down to 1 KiB over blobs of many sizes, 8 streams at once."""
    for size in SIZES[1:]:
        data = t.file(f"in/{size}", size, size)
        served, (hash_,) = serve_files(t, data, name=f"node{size}")
        report = peer_ok(t, "get-random", served.at, "--hash", hash_, "--verify", data,
                         "--seed", str(size), "--count", "150", "--parallel", "8")
        equal(report["count"], 150, "requests")
        served.child.interrupt()


@case("peer", "bin")
def blobs_serves_same_bytes(t):
    """Our answer is byte for byte a stock provider's, for forms of Get and GetMany."""
    data = t.file("in/data", 100_000)
    small = t.file("in/small", 11)
    served, (hash_, small_hash) = serve_files(t, data, small)
    stock = provide(t, "--dir", t.dir / "in")
    last = "ffffffffffffffffff01"
    requests = [
        "00" + hash_ + "020001000100",            # whole
        "00" + hash_ + f"020001{last}0100",       # last chunk
        "00" + hash_ + "02000200100100",          # 0..16
        "00" + hash_ + "020001400100",            # 64..
        "00" + hash_ + "0200040102060401" + "00",  # 1..3 and 9..13
        "00" + hash_ + f"0200030501f9ffffffffffffffff010100",  # chunk 5 and the last
        "00" + hash_ + "00",                      # nothing
        "00" + EMPTY + "020001000100",            # the empty blob, always there
        "09" + "02" + hash_ + small_hash + "0200010002" + "00",
        "09" + "01" + small_hash + f"020001{last}0100",
        "01" + small_hash + "0100",               # Observe of a complete blob: first item
        "00" + "ab" * 32 + "020001000100",        # unknown: reset 3
        "05" + "00" * 32,                         # reserved request type
        "00" + hash_,                             # cut short
    ]
    for request in requests:
        # Observe does not end by itself: one short read of it is compared.
        observe = request.startswith("01")
        options = ["--request", request] + (["--limit-ms", "700"] if observe else [])
        ours = peer(t, "raw", served.at, *options).json()
        theirs = peer(t, "raw", stock.at, *options).json()
        for key in ("len", "hex", "sha256", "reset", "fin"):
            equal(ours.get(key), theirs.get(key), f"{key} for request {request[:8]}..{request[-24:]}")


@case("peer", "bin")
def blobs_serves_get_many(t):
    """GetMany: several hashes, ranges for each, an unknown one among them."""
    files = [t.file(f"in/{size}", size, size) for size in (1, 16_385, 100_000)]
    served, hashes = serve_files(t, *files)
    peer_ok(t, "get-many", served.at, "--hash", *hashes, "--out", t.path("out"))
    for index, path in enumerate(files):
        same_file(path, t.path("out", str(index)))
    report = peer_ok(t, "get-many", served.at, "--hash", *hashes, "--ranges", "all", "last", "3..5")
    equal([blob["chunks"] for blob in report["blobs"]], [[0, 1], [16, 17], [3, 5]], "chunks")
    report = refused(peer(t, "get-many", served.at, "--hash", hashes[0], "ab" * 32), "unknown")
    equal(report["reset"], 3, "reset code")


@case("peer", "bin")
def blobs_serves_collection(t):
    """A folder is offered as a collection: names, sizes, child requests."""
    first = t.file("box/a/first", 20_000, 1)
    t.file("box/b", 1, 2)
    t.file("box/empty", 0)
    node = Node(t)
    sender = node.send(t.dir / "box")
    served_id, addr, hash_ = ticket_parts(sender.ticket)
    at = ["--id", served_id, "--addr", addr]
    report = peer_ok(t, "get", at, "--hash", hash_, "--seq", "--out", t.path("seq"))
    equal(report["names"], ["box/a/first", "box/b", "box/empty"], "names")
    same_file(first, t.path("seq", "2"))
    child = report["blobs"][2]["hash"]
    report = peer_ok(t, "get", at, "--hash", hash_, "--child", "1", "--child-hash",
                     "00" * 32, child, "--ranges", "3..5")
    equal(report["blobs"][0]["chunks"], [3, 5], "chunks of a child alone")
    report = peer_ok(t, "get", at, "--hash", hash_, "--seq", "--ranges", "last")
    equal([blob["size"] for blob in report["blobs"][2:]], [20_000, 1, 0], "sizes by last chunk")


def ticket_parts(ticket):
    """Id, one IPv4 address and hash of a blob ticket that has no relay."""
    text = ticket.removeprefix("blob").upper()
    raw = base64.b32decode(text + "=" * (-len(text) % 8))
    check(raw[0] == 0 and raw[33] == 0, f"ticket {ticket}: variant or relay")
    id_, count, at, addrs = raw[1:33].hex(), raw[34], 35, []
    for _ in range(count):
        width = 4 if raw[at] == 0 else 16
        host, at = raw[at + 1:at + 1 + width], at + 1 + width
        port, shift = 0, 0
        while True:
            byte, at = raw[at], at + 1
            port |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        if width == 4:
            addrs.append((host != b"\x7f\x00\x00\x01", ".".join(map(str, host)) + f":{port}"))
    equal(len(raw), at + 33, "length of the ticket")
    check(addrs, f"ticket {ticket}: no IPv4 address")
    return id_, min(addrs)[1], raw[at + 1:].hex()


@case("peer", "bin")
def blobs_serves_observe(t):
    """Observe: complete, and unknown (size 0, no ranges, the stream stays open)."""
    data = t.file("data", 100_000)
    served, (hash_,) = serve_files(t, data)
    result = peer(t, "observe", served.at, "--hash", hash_)
    first = result.expect(0).json_lines()[0]
    equal((first["size"], first["ranges"], first["complete"]), (100_000, [0], True), "bitfield")
    result = peer(t, "observe", served.at, "--hash", "ab" * 32, "--for-ms", "500")
    first = result.expect(0).json_lines()[0]
    equal((first["size"], first["ranges"]), (0, []), "bitfield of an unknown blob")


@case("peer", "bin")
def blobs_serves_partial(t):
    """What a node half fetched it serves; the rest is reset 3; Observe shows what it has."""
    data = t.file("data", 4_000_000)
    source = provide(t, "--partial", f"0..1024:{data}")
    hash_ = source.partial["data"]
    node = Node(t)
    got = node.get(hash_, "--seed", "--from", source.source, timeout=60)
    if got.code == 2:
        raise NotRun("get has no --seed: what it fetched is not offered")
    check(got.code in (3, 5), f"a get with only a part available: exit {got.code}, {got}")
    served = node.serve()
    first = peer(t, "observe", served.at, "--hash", hash_).expect(0).json_lines()[0]
    equal(first["ranges"][:1], [0], "start of what is held")
    held = first["ranges"][1]
    check(16 <= held <= 1024 and held % 16 == 0, f"chunks held: {first}")
    report = peer_ok(t, "get", served.at, "--hash", hash_, "--ranges", f"0..{held}")
    equal(report["blobs"][0]["chunks"], [0, held], "chunks")
    report = refused(peer(t, "get", served.at, "--hash", hash_), "whole of a partial blob")
    equal(report["reset"], 3, "reset code")


@case("peer", "bin")
def blobs_serves_missing(t):
    """An unknown hash: RESET_STREAM 3 and no bytes; the connection stays usable."""
    data = t.file("data", 11)
    served, (hash_,) = serve_files(t, data)
    result = peer(t, "raw", served.at, "--request", "00" + "ab" * 32 + "020001000100",
                  "00" + hash_ + "020001000100")
    first, second = result.json_lines()
    equal((first["reset"], first["len"]), (3, 0), "unknown hash")
    equal((second["fin"], second["len"]), (True, 19), "the next request")


@case("peer", "bin")
def blobs_serves_push_refused(t):
    """Push is refused with code 1 and stores nothing."""
    data = t.file("data", 100_000)
    served = Node(t).serve()
    report = peer_ok(t, "push", served.at, "--file", data)
    equal(report["reset"], 1, "reset code")
    check(report["stopped"] in (0, None), f"stop code {report['stopped']}")
    report = refused(peer(t, "get", served.at, "--hash", report["hash"]), "pushed blob")
    equal(report["reset"], 3, "the pushed blob is not there")


@case("peer", "bin", limit=240)
def blobs_serves_1gib(t):
    """1 GiB to the file store of a stock peer, equal SHA-256."""
    data = t.file("big", 1 << 30)
    served, (hash_,) = serve_files(t, data)
    peer_ok(t, "bench-get", served.at, "--hash", hash_, "--fs-store", t.path("store"),
            "--out", t.path("out"), timeout=120)
    same_file(data, t.path("out"))


# --- their provider, our getter ----------------------------------------------------------------


@case("peer", "bin")
def blobs_gets(t):
    """Whole blobs of every interesting size, by hash and by ticket."""
    files = [t.file(f"in/{size}", size, size) for size in SIZES]
    source = provide(t, "--dir", t.dir / "in")
    node = Node(t)
    for path in files:
        hash_ = source.hashes[path.name]
        node.get(hash_, "--from", source.source, "-o", t.path("out", path.name)).expect(0)
        same_file(path, t.path("out", path.name))
    other = Node(t, "other")
    other.get(source.tickets["100000"], "-o", t.path("by-ticket")).expect(0)
    same_file(t.path("in", "100000"), t.path("by-ticket"))


@case("peer", "bin")
def blobs_gets_collection(t):
    """A stock collection with a nested name, a duplicate and an empty file."""
    t.file("in/a/one", 70_000, 1)
    t.file("in/b", 70_000, 1)
    t.file("in/empty", 0)
    source = provide(t, "--dir", t.dir / "in", "--collection", "--fs-store", t.path("store"))
    out = t.path("out")
    Node(t).get(source.tickets[source.collection], "-o", out).expect(0)
    for name in ("a/one", "b", "empty"):
        same_file(t.path("in", name), out / name)


@case("peer", "bin")
def blobs_gets_from_partial_peers(t):
    """Two peers hold different halves: together they give the blob."""
    data = t.file("data", 3_000_000)
    left = provide(t, "--partial", f"0..1600:{data}")
    right = provide(t, "--partial", f"1600..:{data}")
    node, out = Node(t), t.path("out")
    node.get(left.partial["data"], "--from", left.source, "--from", right.source,
             "-o", out).expect(0)
    same_file(data, out)


@case("peer", "bin")
def blobs_gets_missing(t):
    """Nobody has it, nobody is there, the id is wrong: exit 3 and no output file."""
    source = provide(t)
    node, out = Node(t), t.path("out")
    dead = f"{OTHER_ID}@127.0.0.1:{free_port()}"
    wrong = f"{OTHER_ID}@{source.addr}"
    for from_ in (source.source, dead, wrong):
        node.get("ab" * 32, "--from", from_, "-o", out, timeout=40).expect(3)
        check(not out.exists(), f"an output file after asking {from_}")


@case("peer", "bin")
def blobs_gets_no_answer(t):
    """The older shapes of "not found": FIN at once, FIN inside the size header. Exit 3."""
    data = t.file("data", 100_000)
    good = provide(t, "--files", data)
    for kind in ("empty", "half_header"):
        source = lie(t, kind, "--files", data)
        node, out = Node(t, kind), t.path(f"out-{kind}")
        node.get(good.hashes["data"], "--from", source.source, "-o", out, timeout=40).expect(3)
        check(not out.exists(), f"an output file after {kind}")
        node.get(good.hashes["data"], "--from", source.source, "--from", good.source,
                 "-o", out).expect(0)
        same_file(data, out)


@case("peer", "bin")
def blobs_gets_partial_only(t):
    """A part and nothing else: exit 3, no output; a second peer completes it from there."""
    data = t.file("data", 3_000_000)
    source = provide(t, "--partial", f"0..1600:{data}")
    hash_, node, out = source.partial["data"], Node(t), t.path("out")
    node.get(hash_, "--from", source.source, "-o", out, timeout=40).expect(3)
    check(not out.exists(), "an output file of a partial blob")
    rest = provide(t, "--partial", f"1600..:{data}")
    node.get(hash_, "--from", rest.source, "-o", out).expect(0)
    same_file(data, out)


@case("peer", "bin", limit=150)
def blobs_gets_refusals(t):
    """Permission and limit, at connect, per request, in mid-transfer: exit 3; then a good peer."""
    data = t.file("data", 1_000_000)
    good = provide(t, "--files", data)
    hash_ = good.hashes["data"]
    policies = [["--deny", "permission"], ["--deny", "limit"], ["--deny-request", "permission"],
                ["--deny-request", "limit"], ["--deny-hash", f"{hash_}:permission"],
                ["--deny-hash", f"{hash_}:limit"], ["--deny-after", "7:limit"],
                ["--deny-after", "7:permission"]]
    for index, policy in enumerate(policies):
        source = provide(t, "--files", data, *policy)
        node, out = Node(t, f"node{index}"), t.path(f"out{index}")
        node.get(hash_, "--from", source.source, "-o", out, timeout=40).expect(3)
        check(not out.exists(), f"an output file after {policy}")
        node.get(hash_, "--from", source.source, "--from", good.source, "-o", out).expect(0)
        same_file(data, out)


@case("peer", "bin", limit=150)
def blobs_gets_from_liars(t):
    """Broken encodings: exit 5, no output; with an honest peer beside: exit 0."""
    data = t.file("data", 1_000_000)
    good = provide(t, "--files", data)
    hash_ = good.hashes["data"]
    kinds = ("child_order", "size_plus_one", "short_last_group", "flip_bit", "wrong_content")
    for kind in kinds:
        liar = lie(t, kind, "--files", data)
        node, out = Node(t, kind), t.path(f"out-{kind}")
        node.get(hash_, "--from", liar.source, "-o", out, timeout=40).expect(5)
        check(not out.exists(), f"an output file from {kind}")
        result = node.get(hash_, "--from", liar.source, "--from", good.source, "-o", out,
                          "--explain", timeout=60).expect(0)
        same_file(data, out)
        said = result.out + result.err
        check(liar.id[:10] in said, f"--explain does not name the liar ({kind}): {result}")
    for kind in ("truncate", "reset"):
        cut = lie(t, kind, "--files", data)
        node, out = Node(t, kind), t.path(f"out-{kind}")
        node.get(hash_, "--from", cut.source, "--from", good.source, "-o", out,
                 timeout=60).expect(0)
        same_file(data, out)


@case("peer", "bin", limit=120)
def blobs_gets_past_a_staller(t):
    """A peer that stops in the middle is left for the next one."""
    data = t.file("data", 4_000_000)
    good = provide(t, "--files", data)
    stalled = lie(t, "stall", "--files", data)
    node, out = Node(t), t.path("out")
    node.get(good.hashes["data"], "--from", stalled.source, "--from", good.source, "-o", out,
             timeout=100).expect(0)
    same_file(data, out)


@case("peer", "bin")
def blobs_gets_ticket_with_dead_address(t):
    """A ticket whose peer is gone: exit 3 within the dial limit."""
    port = free_port()
    ticket = blob_ticket(OTHER_ID, f"127.0.0.1:{port}", "ab" * 32, sequence=False)
    Node(t).get(ticket, "-o", t.path("out"), timeout=40).expect(3)
    for bad in ("blob", "blobaaaa", ticket[:-4], "endpoint" + ticket[4:], "x" * 64):
        Node(t, f"n{len(bad)}").get(bad, "-o", t.path("out")).expect(2)


@case("peer", "bin", limit=240)
def blobs_gets_1gib(t):
    """1 GiB from the file store of a stock peer, equal SHA-256."""
    data = t.file("big", 1 << 30)
    source = provide(t, "--files", data, "--fs-store", t.path("store"))
    out = t.path("out")
    Node(t).get(source.hashes["big"], "--from", source.source, "-o", out, timeout=120).expect(0)
    same_file(data, out)


# --- the protocol client of the probe ----------------------------------------------------------


@case("peer", "probe")
def blobs_probe_raw_get(t):
    """The QUIC probe's raw request against a stock provider."""
    data = t.file("data", 11)
    source = provide(t, "--files", data)
    request = "00" + source.hashes["data"] + "020001000100"
    result = t.run("probe-blobs", [PROGRAMS["probe"], "blobs-get", *source.at,
                                   "--request-hex", request])
    answer = next((v for v in result.json_lines() if v.get("event") == "answer"), None)
    check(answer is not None, f"no answer event: {result}")
    equal(answer["hex"], "0b00000000000000" + data.read_bytes().hex(), "answer")
