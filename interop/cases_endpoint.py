"""QUIC and TLS against a stock iroh endpoint (@number0/iroh), both roles, through the QUIC probe."""

from harness import OTHER_ID, case, check, equal, free_port
from peers import Npm, ProbeListener, probe_connect, serve_files

ALPN = "archy-test/0"
OUR_SECRET = "07" * 32
OUR_ID = OTHER_ID  # the id of that secret


def closed(events, kind, code):
    check("closed" in events, f"no close event: {events}")
    got = events["closed"]
    equal((got.get("kind"), got.get("code")), (kind, code), f"close of {got}")


def echo_ok(events, count):
    check("connected" in events, f"not connected: {events}")
    check("echo" in events, f"no echo: {events}")
    equal((events["echo"]["bytes"], events["echo"]["ok"]), (count, True), "echo")


# --- our client, iroh's server -----------------------------------------------------------------


@case("npm", "probe")
def endpoint_dials_iroh(t):
    """Handshake, both sides know each other's id, echo of 1 MB."""
    server = Npm(t).listen()
    events = probe_connect(t, server.id, server.addr, "--secret", OUR_SECRET, "--echo", "1000000")
    echo_ok(events, 1_000_000)
    equal(events["connected"]["peer"], server.id, "peer id we see")
    equal(events["connected"]["alpn"], ALPN, "ALPN")
    equal(server.event("accepted")["peer"], OUR_ID, "peer id iroh sees")


@case("npm", "probe")
def endpoint_dials_iroh_wrong_id(t):
    """The dialled id is not the server's: we abort, no application byte is sent."""
    server = Npm(t).listen()
    events = probe_connect(t, OUR_ID, server.addr, "--echo", "10")
    check("connected" not in events and "echo" not in events, f"connected: {events}")
    check("closed" in events, f"no close event: {events}")


@case("npm", "probe")
def endpoint_dials_iroh_wrong_alpn(t):
    """No common ALPN: iroh closes with 0x178."""
    server = Npm(t).listen()
    closed(probe_connect(t, server.id, server.addr, alpn="other/9"), "transport", 0x178)


@case("npm", "probe")
def endpoint_dials_iroh_without_rawpk(t):
    """A client without the raw-key extensions: iroh closes with 0x128."""
    server = Npm(t).listen()
    closed(probe_connect(t, server.id, server.addr, "--no-rawpk"), "transport", 0x128)


@case("npm", "probe")
def endpoint_dials_iroh_without_certificate(t):
    """A client that shows no certificate: iroh closes with 0x174."""
    server = Npm(t).listen()
    closed(probe_connect(t, server.id, server.addr, "--no-cert", "--echo", "10"), "transport", 0x174)


@case("npm", "probe")
def endpoint_dials_iroh_sni_absent_and_foreign(t):
    """iroh does not look at SNI: absent and foreign names are accepted."""
    server = Npm(t).listen()
    for options in ([], ["--sni", "example.com"], ["--sni", "abc.iroh.invalid"]):
        echo_ok(probe_connect(t, server.id, server.addr, "--echo", "1000", *options), 1000)


@case("npm", "probe")
def endpoint_dials_iroh_p256(t):
    """A client with only a P-256 key share."""
    server = Npm(t).listen()
    events = probe_connect(t, server.id, server.addr, "--group", "p256", "--echo", "1000")
    echo_ok(events, 1000)
    equal(events["connected"].get("group"), "p256", "group the probe negotiated")


@case("npm", "probe")
def endpoint_dials_iroh_retry(t):
    """iroh answers with Retry first."""
    server = Npm(t).listen(accept="retry")
    echo_ok(probe_connect(t, server.id, server.addr, "--echo", "1000"), 1000)
    server.event("incoming", validated=False)
    server.event("incoming", validated=True)


@case("npm", "probe")
def endpoint_dials_iroh_refuse(t):
    """iroh refuses before the handshake: CONNECTION_REFUSED (2)."""
    server = Npm(t).listen(accept="refuse")
    closed(probe_connect(t, server.id, server.addr), "transport", 2)


@case("npm", "probe")
def endpoint_dials_iroh_two_addresses(t):
    """Two addresses of one server, one of them dead, in both orders."""
    server = Npm(t).listen()
    dead = f"127.0.0.1:{free_port()}"
    for addrs in (f"{dead},{server.addr}", f"{server.addr},{dead}"):
        echo_ok(probe_connect(t, server.id, addrs, "--echo", "1000"), 1000)


@case("npm", "probe", limit=90)
def endpoint_dials_iroh_idle_35s(t):
    """35 s of silence: keep-alives hold the connection, a new stream works."""
    server = Npm(t).listen()
    events = probe_connect(t, server.id, server.addr, "--idle-ms", "35000", "--echo", "1000",
                           timeout=60)
    echo_ok(events, 1000)


@case("npm", "probe")
def endpoint_dials_iroh_stream_codes(t):
    """RESET_STREAM and STOP_SENDING codes, from iroh to us and from us to iroh."""
    server = Npm(t, "npm-reset").listen(reset=7)
    events = probe_connect(t, server.id, server.addr, "--echo", "100")
    equal(events.get("stream_reset", {}).get("code"), 7, f"reset code we see in {events}")
    server = Npm(t, "npm-stop").listen(stop=9)
    events = probe_connect(t, server.id, server.addr, "--echo", "100", "--hold")
    equal(events.get("stream_stopped", {}).get("code"), 9, f"stop code we see in {events}")
    server = Npm(t, "npm-echo").listen()
    probe_connect(t, server.id, server.addr, "--reset", "11")
    equal(server.event("stream_error")["code"], 11, "reset code iroh sees")


@case("npm", "probe")
def endpoint_dials_iroh_close_code(t):
    """iroh closes the connection with an application code and reason."""
    server = Npm(t).listen(close=5, reason="bye")
    events = probe_connect(t, server.id, server.addr, "--echo", "10")
    closed(events, "application", 5)
    equal(events["closed"]["reason"], "bye", "reason")


# --- iroh's client, our server -----------------------------------------------------------------


def dial(client, server, alpn=ALPN, id_=None, addrs=None):
    return client.ask("connect", id=id_ or server.id, addrs=addrs or [server.addr], alpn=alpn)


@case("npm", "probe")
def endpoint_serves_iroh(t):
    """Handshake, both sides know each other's id, echo of 1 MB."""
    server, client = ProbeListener(t, ALPN, "--echo"), Npm(t)
    id_ = client.ok("bind", secret=OUR_SECRET)["id"]
    link = dial(client, server)
    check(link["ok"], f"connect: {link}")
    equal(link["peer"], server.id, "peer id iroh sees")
    check(client.ok("echo", 30, conn=link["conn"], count=1_000_000)["intact"], "echo")
    equal(server.child.event("connected")["peer"], id_, "peer id we see")


@case("npm", "probe")
def endpoint_serves_iroh_wrong_id(t):
    """iroh dials another id at our address: it aborts with a certificate alert."""
    server, client = ProbeListener(t, ALPN, "--echo"), Npm(t)
    link = dial(client, server, id_=OUR_ID)
    check(not link["ok"], f"connected: {link}")
    equal(link["close"].get("code"), 0x130, f"alert in {link['close']}")


@case("npm", "probe")
def endpoint_serves_iroh_wrong_alpn(t):
    """No common ALPN: we close with 0x178."""
    server, client = ProbeListener(t, ALPN, "--echo"), Npm(t)
    link = dial(client, server, alpn="other/9")
    check(not link["ok"], f"connected: {link}")
    equal(link["close"].get("code"), 0x178, f"alert in {link['close']}")


@case("npm", "probe")
def endpoint_serves_iroh_retry(t):
    """We answer with Retry first."""
    server, client = ProbeListener(t, ALPN, "--echo", "--retry"), Npm(t)
    link = dial(client, server)
    check(link["ok"], f"connect: {link}")
    check(client.ok("echo", conn=link["conn"], count=1000)["intact"], "echo")


@case("npm", "probe")
def endpoint_serves_iroh_refuse(t):
    """We refuse before the handshake."""
    server, client = ProbeListener(t, ALPN, "--refuse"), Npm(t)
    link = dial(client, server)
    check(not link["ok"], f"connected: {link}")
    equal(link["close"].get("code"), 2, f"code in {link['close']}")


@case("npm", "probe")
def endpoint_serves_iroh_two_addresses(t):
    """iroh sends its first packets to a dead address and to ours."""
    server, client = ProbeListener(t, ALPN, "--echo"), Npm(t)
    dead = f"127.0.0.1:{free_port()}"
    for addrs in ([dead, server.addr], [server.addr, dead]):
        link = dial(client, server, addrs=addrs)
        check(link["ok"], f"connect: {link}")
        check(client.ok("echo", conn=link["conn"], count=1000)["intact"], "echo")


@case("npm", "probe", limit=90)
def endpoint_serves_iroh_idle_35s(t):
    """35 s of silence on an accepted connection, then a new stream."""
    server, client = ProbeListener(t, ALPN, "--echo"), Npm(t)
    link = dial(client, server)
    check(link["ok"], f"connect: {link}")
    client.ok("idle", 45, ms=35_000)
    check(client.ok("echo", conn=link["conn"], count=1000)["intact"], "echo after 35 s")


@case("npm", "probe")
def endpoint_serves_iroh_stream_codes(t):
    """RESET_STREAM and STOP_SENDING codes we send, as iroh sees them."""
    client = Npm(t)
    server = ProbeListener(t, ALPN, "--reset", "7")
    link = dial(client, server)
    stream = client.ok("open_bi", conn=link["conn"])["stream"]
    client.ok("write", stream=stream, count=100)
    client.ok("finish", stream=stream)
    equal(client.ask("read_to_end", stream=stream)["code"], 7, "reset code iroh sees")
    server = ProbeListener(t, ALPN, "--stop", "9")
    link = dial(client, server)
    stream = client.ok("open_bi", conn=link["conn"])["stream"]
    client.ok("write", stream=stream, count=100)
    equal(client.ok("stopped", stream=stream)["code"], 9, "stop code iroh sees")


@case("npm", "probe")
def endpoint_serves_iroh_close_codes(t):
    """iroh resets a stream and closes with a code: we report both."""
    server, client = ProbeListener(t, ALPN, "--echo"), Npm(t)
    link = dial(client, server)
    stream = client.ok("open_bi", conn=link["conn"])["stream"]
    client.ok("write", stream=stream, count=100)
    client.ok("reset", stream=stream, code=11)
    equal(server.child.event("stream_reset")["code"], 11, "reset code we see")
    client.ok("close", conn=link["conn"], code=13, reason="enough")
    got = server.child.event("closed")
    equal((got["kind"], got["code"], got["reason"]), ("application", 13, "enough"), "close")


# --- the product itself ------------------------------------------------------------------------


@case("npm", "bin")
def endpoint_product_answers_iroh(t):
    """A stock endpoint dials `archipelago serve`: right id, wrong id, wrong ALPN, a raw Get."""
    data = t.file("data", 11)
    served, (hash_,) = serve_files(t, data)
    client = Npm(t)
    link = client.ok("connect", id=served.id, addrs=[served.addr], alpn="/iroh-bytes/4")
    equal(link["peer"], served.id, "peer id")
    stream = client.ok("open_bi", conn=link["conn"])["stream"]
    client.ok("write", stream=stream, hex="00" + hash_ + "020001000100")
    client.ok("finish", stream=stream)
    answer = client.ok("read_to_end", stream=stream)
    equal(answer["hex"], "0b00000000000000" + data.read_bytes().hex(), "answer")
    refused = client.ask("connect", id=served.id, addrs=[served.addr], alpn="other/9")
    equal(refused.get("close", {}).get("code"), 0x178, f"wrong ALPN: {refused}")
    refused = client.ask("connect", id=OUR_ID, addrs=[served.addr], alpn="/iroh-bytes/4")
    check(not refused["ok"], "wrong id connected")
