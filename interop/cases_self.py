"""The peers among themselves: these pass without any program of ours, or the harness is broken."""

import socket

from harness import (CASES, OTHER_ID, PROGRAMS, Failed, case, check, equal, free_port, run_case,
                     same_file)
from peers import (Npm, SendmeSender, blob_ticket, lie, peer, peer_ok, provide, refused,
                   sendme_receive)


@case("peer")
def self_peer_get(t):
    """Get of whole blobs, of a collection, of sub-group ranges and of the last chunk."""
    big = t.file("in/big", 3_000_001)
    small = t.file("in/small", 1)
    empty = t.file("in/empty", 0)
    source = provide(t, "--dir", t.dir / "in", "--collection")
    for path in (big, small, empty):
        out = t.path("out", path.name)
        report = peer_ok(t, "get", source.at, "--hash", source.hashes[path.name], "--out", out)
        equal(report["blobs"][0]["size"], path.stat().st_size, "size")
        same_file(path, out)
    report = peer_ok(t, "get", source.at, "--hash", source.collection, "--seq",
                     "--out", t.path("seq"))
    equal(report["names"], ["big", "empty", "small"], "names")
    same_file(big, t.path("seq", "2"))
    report = peer_ok(t, "get", source.at, "--hash", source.hashes["big"], "--ranges", "3..5,40..41")
    equal(report["blobs"][0]["chunks"], [3, 5, 40, 41], "chunks")
    report = peer_ok(t, "get", source.at, "--hash", source.hashes["big"], "--last-chunk")
    equal(report["blobs"][0]["chunks"], [2929, 2930], "chunks of the last-chunk probe")
    source.stop()


@case("peer")
def self_peer_get_random(t):
    """Random ranges between two stock peers, file store."""
    data = t.file("data", 2_500_003)
    source = provide(t, "--files", data, "--fs-store", t.path("store"))
    report = peer_ok(t, "get-random", source.at, "--verify", data, "--count", "300",
                     "--parallel", "8")
    equal(report["count"], 300, "requests")


@case("peer")
def self_peer_missing_and_partial(t):
    """Unknown hash: reset 3. Partial blob: what is there comes, the rest is reset 3."""
    data = t.file("data", 300_000)
    source = provide(t, "--partial", f"16..48:{data}")
    hash_ = source.partial["data"]
    equal(refused(peer(t, "get", source.at, "--hash", "ab" * 32), "unknown")["reset"], 3, "code")
    equal(refused(peer(t, "get", source.at, "--hash", hash_), "partial")["reset"], 3, "code")
    report = peer_ok(t, "get", source.at, "--hash", hash_, "--ranges", "16..48")
    equal(report["blobs"][0]["chunks"], [16, 48], "chunks")


@case("peer")
def self_peer_observe_grows(t):
    """Observe: first the state, then the difference when the partial blob grows."""
    data = t.file("data", 300_000)
    source = provide(t, "--partial", f"0..16:{data}")
    watcher = t.spawn("observe", [*observe(source, source.partial["data"]), "--items", "2",
                                  "--for-ms", "10000"])
    equal(watcher.event("bitfield")["ranges"], [0, 16], "first state")
    source.command(f"fill 16..32 {data}", "filled")
    equal(watcher.event("bitfield")["ranges"], [16, 32], "difference")
    equal(watcher.wait(), 0, "exit")


def observe(source, hash_):
    return [PROGRAMS["peer"], "observe", *source.at, "--hash", hash_]


@case("peer")
def self_peer_refusals(t):
    """Permission (1) and limit (2), at connect, per request, per hash, in mid-transfer."""
    data = t.file("data", 300_000)
    for word, code in (("permission", 1), ("limit", 2)):
        source = provide(t, "--files", data, "--deny", word)
        report = refused(peer(t, "get", source.at, "--hash", source.hashes["data"]), word)
        equal(report["close"], {"kind": "application", "code": code, "reason": word}, "close")
        source = provide(t, "--files", data, "--deny-request", word)
        report = refused(peer(t, "get", source.at, "--hash", source.hashes["data"]), word)
        equal(report["reset"], code, "reset")
    source = provide(t, "--files", data, "--deny-after", "3:limit")
    report = refused(peer(t, "get", source.at, "--hash", source.hashes["data"]), "throttle")
    equal(report["reset"], 2, "reset in mid-transfer")


@case("peer")
def self_peer_push_refused(t):
    """A stock 0.103.1 provider refuses Push: reset 1 on the answer, the data is stopped (0)."""
    data = t.file("data", 100_000)
    source = provide(t)
    report = peer_ok(t, "push", source.at, "--file", data)
    equal(report["reset"], 1, "reset code")
    check(report["stopped"] in (0, None), f"stop code {report['stopped']}")
    source = provide(t, "--allow-push")
    report = peer_ok(t, "push", source.at, "--file", data)
    equal((report["reset"], report["refused"]), (None, False), "refusal where push is allowed")


@case("peer")
def self_peer_connect_errors(t):
    """Wrong ALPN 0x178, wrong id: the client aborts; dead address beside a live one works."""
    data = t.file("data", 1000)
    source = provide(t, "--files", data)
    hash_ = source.hashes["data"]
    report = refused(peer(t, "get", source.at, "--hash", hash_, "--alpn", "no/1"), "ALPN")
    equal(report["close"]["code"], 0x178, "close code")
    report = refused(peer(t, "get", ["--id", OTHER_ID, "--addr", source.addr], "--hash", hash_),
                     "wrong id")
    equal(report["close"]["kind"], "local_transport", "who aborts")
    dead = f"127.0.0.1:{free_port()}"
    for pair in (f"{dead},{source.addr}", f"{source.addr},{dead}"):
        peer_ok(t, "get", ["--id", source.id, "--addr", pair], "--hash", hash_)


LIES = {
    "child_order": ("parent_hash_mismatch",),
    "size_plus_one": ("leaf_hash_mismatch", "leaf_not_found", "parent_hash_mismatch", "read"),
    "trailing_byte": ("extra_bytes",),
    "short_last_group": ("leaf_not_found", "leaf_hash_mismatch", "read"),
    "flip_bit": ("leaf_hash_mismatch",),
    "wrong_content": ("parent_hash_mismatch",),
    "empty": ("not_found",),
    "half_header": ("not_found",),
    "truncate": ("leaf_not_found", "parent_not_found", "read"),
}


@case("peer")
def self_liar_is_rejected(t):
    """Each broken encoding of `archy-peer lie` is rejected by the stock decoder."""
    data = t.file("data", 100_000)
    honest = lie(t, "none", "--files", data)
    hash_ = next(iter(honest.hashes.values()))
    peer_ok(t, "get", honest.at, "--hash", hash_, "--out", t.path("out"))
    same_file(data, t.path("out"))
    peer_ok(t, "get-random", honest.at, "--verify", data, "--count", "50")
    for kind, errors in LIES.items():
        source = lie(t, kind, "--files", data)
        report = refused(peer(t, "get", source.at, "--hash", hash_), kind)
        check(report["error"] in errors, f"{kind}: {report['error']}, {report['detail']}")
    source = lie(t, "no_inner_parents", "--files", data)
    peer_ok(t, "get", source.at, "--hash", hash_)  # whole groups show nothing
    report = refused(peer(t, "get", source.at, "--hash", hash_, "--ranges", "3..5"), "inner")
    equal(report["error"], "parent_hash_mismatch", "no_inner_parents")


@case("sendme")
def self_sendme_both_ends(t):
    """sendme to sendme: file and folder."""
    data = t.file("folder/a/data", 500_000)
    t.file("folder/empty", 0)
    sender = SendmeSender(t, t.dir / "folder")
    sendme_receive(t, sender.ticket, t.path("into")).expect(0)
    same_file(data, t.path("into", "folder/a/data"))
    equal(t.path("into", "folder/empty").stat().st_size, 0, "size of the empty file")


@case("sendme", "peer")
def self_sendme_and_peer(t):
    """sendme receives from the Rust peer, and the Rust peer gets from sendme."""
    data = t.file("in/data", 500_000)
    source = provide(t, "--dir", t.dir / "in", "--collection")
    sendme_receive(t, source.tickets[source.collection], t.path("into")).expect(0)
    same_file(data, t.path("into", "data"))
    for kind in ("child_order", "size_plus_one", "short_last_group", "flip_bit"):
        liar = lie(t, kind, "--files", data, "--collection")
        ticket = blob_ticket(liar.id, liar.addr, liar.collection, sequence=True)
        result = sendme_receive(t, ticket, t.path(f"into-{kind}"))
        check(result.code != 0, f"sendme accepted {kind}: {result}")


@case("npm")
def self_npm_both_ends(t):
    """Echo, right and wrong id, wrong ALPN, reset and stop codes, close codes, between two npm peers."""
    server = Npm(t, "npm-server").listen()
    client = Npm(t, "npm-client")
    link = client.ok("connect", id=server.id, addrs=[server.addr], alpn="archy-test/0")
    equal(link["peer"], server.id, "peer id")
    check(client.ok("echo", conn=link["conn"], count=10_000)["intact"], "echo")
    client.ok("close", conn=link["conn"], code=7, reason="enough")
    server.event("closed", kind="application", code=7)
    answer = client.ask("connect", id=server.id, addrs=[server.addr], alpn="no/1")
    equal(answer["close"]["code"], 0x178, "wrong ALPN")
    answer = client.ask("connect", id=OTHER_ID, addrs=[server.addr], alpn="archy-test/0")
    equal((answer["ok"], answer["close"].get("local")), (False, True), "wrong id")
    for mode in ({"reset": 7}, {"stop": 9}):
        server = Npm(t, "npm-codes").listen(**mode)
        link = client.ok("connect", id=server.id, addrs=[server.addr], alpn="archy-test/0")
        stream = client.ok("open_bi", conn=link["conn"])["stream"]
        client.ok("write", stream=stream, count=100)
        if "stop" in mode:
            equal(client.ok("stopped", stream=stream)["code"], 9, "stop code")
        else:
            client.ok("finish", stream=stream)
            equal(client.ask("read_to_end", stream=stream)["code"], 7, "reset code")


@case("npm")
def self_npm_accept_modes(t):
    """Retry and refuse between two npm peers, and two addresses of which one is dead."""
    client = Npm(t, "npm-client")
    server = Npm(t, "npm-retry").listen(accept="retry")
    dead = f"127.0.0.1:{free_port()}"
    for addrs in ([server.addr], [dead, server.addr], [server.addr, dead]):
        link = client.ok("connect", id=server.id, addrs=addrs, alpn="archy-test/0")
        check(client.ok("echo", conn=link["conn"], count=100)["intact"], "echo after Retry")
    server.event("incoming", validated=False)
    server.event("incoming", validated=True)
    server = Npm(t, "npm-refuse").listen(accept="refuse")
    answer = client.ask("connect", id=server.id, addrs=[server.addr], alpn="archy-test/0")
    equal(answer["close"]["code"], 2, "refused")


@case()
def self_no_way_out(t):
    """The namespace the cases run in has no route off this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return
    raise Failed("there is a route out of this namespace")


def fails(function, *arguments, **options):
    try:
        function(*arguments, **options)
    except Failed:
        return
    raise Failed(f"{getattr(function, '__name__', function)}{arguments[-2:]} did not fail")


@case()
def self_harness_notices(t):
    """The harness's own checks fail when they should: a check that cannot fail is worth nothing."""
    left, right = t.file("left", 1000, 1), t.file("right", 1000, 2)
    fails(same_file, left, right)
    fails(same_file, left, t.dir / "absent")
    fails(equal, 1, 2, "numbers")
    fails(check, False, "nothing")
    same_file(left, t.file("left-again", 1000, 1))
    silent = t.spawn("silent", ["sleep", "60"])
    fails(silent.line, timeout=0.2)
    fails(silent.wait, timeout=0.2)
    fails(t.spawn("dies", ["true"]).line, timeout=5)
    fails(t.run("false", ["false"]).expect, 0)
    fails(t.spawn("talks", ["echo", "{}"]).event, "listening", timeout=5)
    verdicts = {}
    for name, function, limit in (("liar", lambda t: equal(1, 2, "x"), 10),
                                  ("crash", lambda t: 1 / 0, 10),
                                  ("hang", lambda t: t.spawn("s", ["sleep", "60"]).wait(60), 1),
                                  ("fine", lambda t: None, 10)):
        CASES[f"planted_{name}"] = (function, (), limit)
        verdicts[name] = run_case(f"planted_{name}")[0]
        del CASES[f"planted_{name}"]
    equal(verdicts, {"liar": "FAIL", "crash": "FAIL", "hang": "FAIL", "fine": "PASS"}, "verdicts")
