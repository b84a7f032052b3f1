"""How each program is driven: the Rust peer, sendme, the npm endpoint, the product, the QUIC probe."""

import base64
import json
import os
import pathlib

from harness import HERE, PROGRAMS, STEP, Failed, check, equal


# --- archy-peer -------------------------------------------------------------------------------


class Provider:
    """`archy-peer provide` or `lie`: hashes by file name, id, address."""

    def __init__(self, test, command, *options):
        self.hashes, self.tickets, self.partial = {}, {}, {}
        self.collection = None
        self.child = test.spawn(f"peer-{command}", [PROGRAMS["peer"], command, *options])
        last = None
        while (line := self.child.line(what="ready")) != "ready":
            check(not line.startswith("{"), f"{command}: {line}")
            key, _, value = line.partition("=")
            if key == "id":
                self.id, self.addr = value.split(" addr=")
            elif key == "hash":
                hash_, _, rest = value.partition(" size=")
                last = rest.partition(" path=")[2]
                self.hashes[last] = hash_
            elif key == "collection":
                self.collection = last = value
            elif key == "ticket":
                self.tickets[last] = value
            elif key == "partial":
                self.partial[pathlib.Path(value.partition(" path=")[2]).name] = value[:64]

    @property
    def at(self):
        return ["--id", self.id, "--addr", self.addr]

    @property
    def source(self):
        return f"{self.id}@{self.addr}"

    def command(self, text, answer):
        self.child.send(text)
        return self.child.line(lambda line: line.startswith(answer), what=answer)

    def stop(self):
        equal(self.child.end_input(), 0, "exit of the provider")


def provide(test, *options):
    return Provider(test, "provide", *options)


def lie(test, kind, *options):
    return Provider(test, "lie", "--lie", kind, *options)


def peer(test, command, at, *options, timeout=60):
    """One getter command of archy-peer; its result, whatever the exit code."""
    return test.run(f"peer-{command}", [PROGRAMS["peer"], command, *at, *options], timeout)


def peer_ok(test, command, at, *options, timeout=60):
    result = peer(test, command, at, *options, timeout=timeout)
    report = result.json()
    check(result.code == 0 and report.get("ok"), f"{command} failed: {report}; {result}")
    return report


class Buyer:
    """`archy-peer buy`: one blob of one seller, in the minimal form of archy/paid-blobs/1."""

    def __init__(self, test, seller, hash_, *options):
        self.child = test.spawn("peer-buy", [PROGRAMS["peer"], "buy", *seller.at, "--hash", hash_, *options])
        hello = self.child.json(what="the connection")
        check(hello["ok"], f"buy: {hello}")
        self.id = hello["id"]

    def _said(self, word, rest="", timeout=STEP):
        self.child.send(f"{word} {rest}".strip())
        answer = self.child.json(timeout=timeout, what=f"what came of {word}")
        check(answer["event"] == word and "said" in answer, f"{word}: {answer}; {self.child.story()}")
        return answer["said"]

    def ask(self):
        return self._said("ask")

    def pay(self, token):
        return self._said("pay", token)

    def get(self, out):
        return self._said("get", out)

    def stop(self):
        equal(self.child.end_input(), 0, "exit of the buyer")


class Seller(Provider):
    """`archy-peer sell`: each token waits for `grant` or `deny`."""

    def __init__(self, test, *options):
        super().__init__(test, "sell", *options)
        self.events = []

    def event(self, accept, what, timeout=STEP):
        """The next event for which `accept` holds; all of them are kept."""

        def fits(value):
            self.events.append(value)
            return accept(value)

        return self.child.json(fits, timeout, what)

    def say(self, verdict):
        self.child.send(verdict)

    def token(self, timeout=STEP):
        return self.event(lambda value: value.get("token"), "a token", timeout)

    def stop(self):
        """All events there ever were."""
        super().stop()
        while (line := self.child.lines.get(timeout=STEP)) is not None:
            self.events.append(json.loads(line))
        return self.events


def at(id_, addr):
    return ["--id", id_, "--addr", addr]


# --- npm endpoint -----------------------------------------------------------------------------


class Npm:
    """`iroh_npm/peer.mjs`: a stock iroh endpoint driven by JSON lines."""

    def __init__(self, test, name="npm"):
        prefix = PROGRAMS["npm"].parent
        self.child = test.spawn(
            name, [PROGRAMS["npm"], "--no-deprecation", HERE / "iroh_npm/peer.mjs"],
            env={"ARCHIPELAGO_IROH_NPM": str(prefix)})
        self.sequence = 0
        self.events = []

    def ask(self, command, timeout=STEP, **options):
        self.sequence += 1
        number = self.sequence
        self.child.send(json.dumps({"cmd": command, "seq": number, **options}))

        def mine(value):
            if "event" in value:
                self.events.append(value)
            return value.get("seq") == number

        return self.child.json(mine, timeout, f"answer to {command}")

    def ok(self, command, timeout=STEP, **options):
        answer = self.ask(command, timeout, **options)
        check(answer["ok"], f"npm {command}: {answer}")
        return answer

    def event(self, event, timeout=STEP, **fields):
        want = {"event": event, **fields}

        def fits(value):
            return all(value.get(key) == x for key, x in want.items())

        for index, value in enumerate(self.events):
            if fits(value):
                return self.events.pop(index)
        return self.child.json(fits, timeout, f"event {want}")

    def listen(self, alpn="archy-test/0", **options):
        bound = self.ok("listen", alpns=[alpn], **options)
        self.id, self.addr = bound["id"], bound["addr"]
        return self

    def quit(self):
        self.ok("quit")
        equal(self.child.wait(), 0, "exit of the npm peer")


# --- QUIC probe -------------------------------------------------------------------------------


class ProbeListener:
    """Each with its own identity: iroh sends to every address it ever knew for an id."""

    def __init__(self, test, alpn="archy-test/0", *options):
        self.child = test.spawn("probe-listen", [
            PROGRAMS["probe"], "listen", "--alpn", alpn, "--secret", os.urandom(32).hex(),
            "--bind", "127.0.0.1:0", *options])
        started = self.child.event("listening")
        self.id, self.addr = started["id"], started["addr"]


def probe_connect(test, id_, addr, *options, alpn="archy-test/0", timeout=STEP):
    """Runs a probe client to its end; its events by name, the last of each."""
    result = test.run("probe-connect", [
        PROGRAMS["probe"], "connect", "--id", id_, "--addr", addr, "--alpn", alpn, *options],
        timeout)
    events = {value["event"]: value for value in result.json_lines() if "event" in value}
    check(events, f"the probe said nothing: exit {result.code}, {result}")
    return events


# --- sendme -----------------------------------------------------------------------------------


class SendmeSender:
    def __init__(self, test, path):
        work = test.path("sendme-work")
        work.mkdir(exist_ok=True)
        self.child = test.spawn("sendme-send", [
            PROGRAMS["sendme"], "send", "--relay", "disabled", "--ticket-type", "addresses",
            "--magic-ipv4-addr", "127.0.0.1:0", "--no-progress", path], cwd=work, terminal=True)
        line = self.child.line(lambda text: "sendme receive " in text, 60, "the ticket")
        self.ticket = line.split()[-1]

    def stop(self):
        self.child.interrupt()


def sendme_receive(test, ticket, into, timeout=120):
    into.mkdir(parents=True, exist_ok=True)
    result = test.run("sendme-receive", [
        PROGRAMS["sendme"], "receive", "--relay", "disabled",
        "--magic-ipv4-addr", "127.0.0.1:0", "--no-progress", ticket], timeout, cwd=into)
    return result


def blob_ticket(id_, addr, hash_, sequence):
    """A `blob` ticket with one IPv4 address: variant, id, no relay, addresses, format, hash."""
    host, _, port = addr.partition(":")
    number, varint = int(port), b""
    while number >= 0x80:
        varint += bytes([number & 0x7F | 0x80])
        number >>= 7
    varint += bytes([number])
    raw = (b"\x00" + bytes.fromhex(id_) + b"\x00" + b"\x01\x00"
           + bytes(int(part) for part in host.split(".")) + varint
           + bytes([1 if sequence else 0]) + bytes.fromhex(hash_))
    return "blob" + base64.b32encode(raw).decode().rstrip("=").lower()


# --- the product ------------------------------------------------------------------------------


class Node:
    """`archipelago` with one data directory."""

    def __init__(self, test, name="node", program="bin", env=None):
        self.test, self.name, self.env = test, name, env
        self.program = PROGRAMS[program]
        self.data = test.path(f"{name}.data")
        self.run("init").expect(0)

    def command(self, *words):
        return [self.program, "--data-dir", self.data, *words]

    def run(self, *words, timeout=60):
        return self.test.run(f"{self.name}-{words[0]}", self.command(*words), timeout,
                             env=self.env)

    def id(self):
        text = self.run("id").expect(0).out.strip()
        check(len(text) == 64 and set(text) <= set("0123456789abcdef"), f"id prints {text!r}")
        return text

    def add(self, *paths, timeout=120):
        """The added objects by path; their blake3, sha256, size_bytes, ticket."""
        result = self.run("add", *paths, "--json", timeout=timeout).expect(0)
        rows = result.json_lines()
        for row in rows:
            for key in ("blake3", "sha256", "size_bytes", "ticket"):
                check(key in row, f"add --json: no {key} in {row}")
        return rows

    def serve(self, *options):
        child = self.test.spawn(f"{self.name}-serve", self.command(
            "serve", "--json", "--bind", "127.0.0.1:0", *options), env=self.env)
        first = child.json(lambda value: "endpoint_id" in value, 30, "the endpoint")
        addrs = [addr for addr in first["addrs"] if addr.startswith("127.0.0.1:")]
        check(addrs, f"serve: no loopback address in {first}")
        return Served(child, first["endpoint_id"], addrs[0])

    def start(self, **settings):
        """`archipelago node` with its swarm on; settings as `payment_budget_sats=50`."""
        mine = {"swarm_enabled": "true", "swarm_bind": "127.0.0.1:0", "control_port": 0, "content_port": 0}
        env = {f"ARCHIPELAGO_{name.upper()}": str(value) for name, value in (mine | settings).items()}
        child = self.test.spawn(f"{self.name}-node", self.command("node", "--json"), env=(self.env or {}) | env)
        hello = child.json(lambda value: "endpoint_id" in value, 30, "the node's addresses")
        return Running(self, child, hello)

    def send(self, path, timeout=120):
        child = self.test.spawn(f"{self.name}-send", self.command("send", path), env=self.env)
        child.ticket = child.line(lambda text: text.startswith("blob"), timeout, "the ticket")
        return child

    def get(self, what, *options, timeout=120):
        return self.run("get", what, *options, timeout=timeout)


class Served:
    def __init__(self, child, id_, addr):
        self.child, self.id, self.addr = child, id_, addr

    @property
    def at(self):
        return at(self.id, self.addr)

    @property
    def source(self):
        return f"{self.id}@{self.addr}"


class Running(Served):
    """A node that runs; its methods by the command line."""

    def __init__(self, node, child, hello):
        super().__init__(child, hello["endpoint_id"], hello["swarm"][0])
        self.node = node

    def rpc(self, method, **params):
        return self.node.run("rpc", "--json", method, json.dumps(params)).expect(0).json()

    def stop(self):
        equal(self.child.interrupt(), 0, f"exit of {self.node.name}")


def serve_files(test, *paths, name="node", program="bin", env=None):
    """A node serving these files; (served, blake3 of each file in order)."""
    node = Node(test, name, program, env)
    hashes = []
    for path in paths:
        rows = node.add(path)
        equal(len(rows), 1, f"objects added for {pathlib.Path(path).name}")
        hashes.append(rows[0]["blake3"])
    return node.serve(), hashes


def refused(result, reason):
    """A getter's report must show this refusal; raises when the peer accepted."""
    if result.code == 0:
        raise Failed(f"{reason}: the peer accepted it: {result}")
    return result.json()
