"""What leaves the machine, seen from outside it.

    outside_test.py --bin ARCHIPELAGO [name...]

Two network namespaces, joined by one cable. Inside runs what is tested, with a default route and a name server that both lead to
the cable; outside a raw socket notes every frame that comes through it, and plays the name server, an origin and a peer. Frames of
the kernel's own (neighbour discovery, multicast membership) are kept from arising, not filtered out: a quiet node means not one frame.
Needs root or user namespaces, else it prints SKIP. Nothing here can reach a real network.
"""

import contextlib
import ctypes
import http.server
import json
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from cli_test import KIB, Skip, run_cases  # noqa: E402
from local_node import Daemon, Node, Server, random_file  # noqa: E402

CASES = {}
NEEDS_SWARM = set()
# Public addresses, so that nothing here is left alone only for being private. No packet to them can leave.
INSIDE, OUTSIDE, PRIVATE = "93.184.215.2", "93.184.215.1", "10.99.0.1"
INSIDE6, OUTSIDE6 = "2600:1f18::2", "2600:1f18::1"
QUIET_SECONDS = 4.0


def case(function):
    CASES[function.__name__] = function
    return function


def swarm_case(function):
    NEEDS_SWARM.add(function.__name__)
    return case(function)


def enter(namespace) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), 0) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def ip(*words, namespace=None):
    nsenter = ["nsenter", "-t", str(namespace), "-n"] if namespace else []
    subprocess.run([*nsenter, "ip", *map(str, words)], check=True, capture_output=True)


class Frames:
    """Every frame that came out of the inner namespace, as (protocol, to, port)."""

    def __init__(self, interface: str):
        self.raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))  # ETH_P_ALL
        self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.raw.bind((interface, 0))
        self.seen: list[tuple[str, str, int]] = []
        self.last = time.monotonic()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            try:
                frame, address = self.raw.recvfrom(65536)
            except OSError:  # the cable is taken down at the end
                return
            if address[2] == socket.PACKET_OUTGOING:
                continue
            self.last = time.monotonic()
            self.seen.append(self.parse(frame))

    @staticmethod
    def parse(frame: bytes) -> tuple[str, str, int]:
        kind = struct.unpack("!H", frame[12:14])[0]
        if kind == 0x0800:
            header = 14 + 4 * (frame[14] & 15)
            number, to = frame[23], socket.inet_ntop(socket.AF_INET, frame[30:34])
        elif kind == 0x86DD:
            header, number, to = 54, frame[20], socket.inet_ntop(socket.AF_INET6, frame[38:54])
        else:
            return (f"ethertype {kind:#06x}", "", 0)
        name = {6: "tcp", 17: "udp"}.get(number, f"protocol {number}")
        port = struct.unpack("!H", frame[header + 2:header + 4])[0] if number in (6, 17) else 0
        return (name, to, port)

    def wait_for_quiet(self, seconds: float, within: float) -> None:
        until = time.monotonic() + within
        while time.monotonic() < until:
            if time.monotonic() - self.last >= seconds:
                return
            time.sleep(0.05)
        raise AssertionError(f"the kernel's own frames do not end: {self.seen[-5:]}")

    def clear(self) -> None:
        self.seen = []


class Names(threading.Thread):
    """A name server on UDP: answers every A question with what `answers` says next for that name, everything else with nothing."""

    def __init__(self, address: str):
        super().__init__(daemon=True)
        self.answers: dict[str, list[list[str]]] = {}
        self.asked: list[str] = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 53))
        self.start()

    def run(self):
        while True:
            question, who = self.socket.recvfrom(2048)
            labels, at = [], 12
            while question[at]:
                labels.append(question[at + 1:at + 1 + question[at]].decode())
                at += 1 + question[at]
            name, kind = ".".join(labels), struct.unpack("!H", question[at + 1:at + 3])[0]
            turns = self.answers.get(name, [])
            addresses = []
            if kind == 1:
                self.asked.append(name)
                addresses = turns.pop(0) if len(turns) > 1 else (turns[0] if turns else [])
            head = question[:2] + struct.pack("!HHHHH", 0x8180 if turns else 0x8183, 1, len(addresses), 0, 0)
            records = b"".join(struct.pack("!HHHIH", 0xC00C, 1, 1, 0, 4) + socket.inet_aton(a) for a in addresses)
            self.socket.sendto(head + question[12:at + 5] + records, who)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Outside:
    """The two namespaces. This process is in the outer one."""

    def __init__(self, folder: pathlib.Path):
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "120"])
        self.inner = self.holder.pid
        while os.readlink(f"/proc/{self.inner}/ns/net") == os.readlink("/proc/self/ns/net"):
            time.sleep(0.01)
        for name in ("all", "default"):
            self.quieten("", name)
            self.quieten(self.inner, name)
        ip("link", "add", "cable", "type", "veth", "peer", "name", "inner", "netns", self.inner)
        self.quieten("", "cable")
        self.quieten(self.inner, "inner")
        ip("link", "set", "lo", "up")
        ip("link", "set", "lo", "up", namespace=self.inner)
        ip("addr", "add", f"{OUTSIDE}/24", "dev", "cable")
        ip("addr", "add", f"{PRIVATE}/24", "dev", "cable")
        ip("-6", "addr", "add", f"{OUTSIDE6}/64", "dev", "cable", "nodad")
        ip("addr", "add", f"{INSIDE}/24", "dev", "inner", namespace=self.inner)
        ip("-6", "addr", "add", f"{INSIDE6}/64", "dev", "inner", "nodad", namespace=self.inner)
        ip("link", "set", "cable", "up")
        ip("link", "set", "inner", "up", namespace=self.inner)
        ip("route", "add", "default", "via", OUTSIDE, "dev", "inner", namespace=self.inner)
        ip("-6", "route", "add", "default", "via", OUTSIDE6, "dev", "inner", namespace=self.inner)
        here = self.hardware_address("", "cable")
        there = self.hardware_address(self.inner, "inner")
        for address in (OUTSIDE, OUTSIDE6):
            ip("neigh", "replace", address, "lladdr", here, "dev", "inner", "nud", "permanent", namespace=self.inner)
        for address in (INSIDE, INSIDE6):
            ip("neigh", "replace", address, "lladdr", there, "dev", "cable", "nud", "permanent")
        resolver = folder / "resolv.conf"
        resolver.write_text(f"nameserver {OUTSIDE}\noptions timeout:1 attempts:1\n")
        subprocess.run(["mount", "--bind", resolver, "/etc/resolv.conf"], check=True)
        self.frames = Frames("cable")
        self.names = Names(OUTSIDE)
        self.frames.wait_for_quiet(1.0, within=8.0)

    def quieten(self, namespace, interface: str) -> None:
        """No router solicitations and no link-local addresses of the kernel's making."""
        nsenter = ["nsenter", "-t", str(namespace), "-n"] if namespace else []
        script = "; ".join(f"echo {value} > /proc/sys/net/ipv6/conf/{interface}/{name}" for name, value in (("accept_ra", 0), ("router_solicitations", 0), ("addr_gen_mode", 1), ("dad_transmits", 0)))
        subprocess.run([*nsenter, "sh", "-c", f"({script}) 2>/dev/null || true"], check=True)

    @staticmethod
    def hardware_address(namespace, interface: str) -> str:
        nsenter = ["nsenter", "-t", str(namespace), "-n"] if namespace else []
        shown = subprocess.run([*nsenter, "ip", "-j", "link", "show", interface], check=True, capture_output=True, text=True).stdout
        return json.loads(shown)[0]["address"]

    def node(self, binary: str, folder: pathlib.Path) -> "InnerNode":
        return InnerNode(binary, folder, self.inner)

    @contextlib.contextmanager
    def origin(self, folder: pathlib.Path, address: str = OUTSIDE):
        def handler(*words):
            return Quiet(*words, directory=str(folder))
        with http.server.ThreadingHTTPServer((address, 8080), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"{address}:8080"
            server.shutdown()

    def close(self):
        self.holder.kill()
        self.holder.wait()


class InnerNode(Node):
    """A node whose every process runs in the inner namespace."""

    def __init__(self, binary, folder, namespace):
        super().__init__(binary, folder)
        self.namespace = namespace

    def command(self, *words):
        return ["nsenter", "-t", str(self.namespace), "-n", *super().command(*words)]

    @contextlib.contextmanager
    def network(self):
        """This thread's sockets are made in the inner namespace meanwhile."""
        with open("/proc/thread-self/ns/net") as outer, open(f"/proc/{self.namespace}/ns/net") as inner:
            enter(inner)
            try:
                yield
            finally:
                enter(outer)


OUTSIDE_WORLD: Outside | None = None


@case
def a_fresh_node_sends_nothing(world):
    """Only made and run, every setting at its default: not one frame, while it starts, idles, answers its own machine and stops."""
    out, node = OUTSIDE_WORLD, OUTSIDE_WORLD.node(world.binary, world.root / "node")
    out.frames.clear()
    node.must("init")
    with Daemon(node, default_ports=True):
        began = time.monotonic()
        node.must("add", random_file(world.root / "file", 100 * KIB))
        node.must("rpc", "swarm.status")
        node.must("settings")
        while time.monotonic() - began < QUIET_SECONDS:
            time.sleep(0.1)
    node.must("ls")
    assert out.frames.seen == [], f"{len(out.frames.seen)} frames: {out.frames.seen[:5]}"


@swarm_case
def what_is_asked_for_is_seen_leaving(world):
    """The positive control: the same capture sees a fetch from an origin by name, and one from a peer."""
    out = OUTSIDE_WORLD
    (world.root / "origin").mkdir()
    path = random_file(world.root / "origin" / "file", 300 * KIB)
    seeder = world.node("seeder")
    blake3 = seeder.must("add", path)[0]["blake3"]
    out.names.answers["origin.example"] = [[OUTSIDE]]
    node = out.node(world.binary, world.root / "node")
    out.frames.clear()
    with out.origin(world.root / "origin"):
        node.must("get", blake3, "--origin", "http://origin.example:8080/file", "-o", world.root / "one")
    assert (world.root / "one").read_bytes() == path.read_bytes()
    assert ("udp", OUTSIDE, 53) in out.frames.seen and ("tcp", OUTSIDE, 8080) in out.frames.seen, set(out.frames.seen)
    assert not [frame for frame in out.frames.seen if frame[0] == "udp" and frame[2] != 53], set(out.frames.seen)
    out.frames.clear()
    other = out.node(world.binary, world.root / "other")
    with Server(seeder, bind=f"{OUTSIDE}:4919") as serving:
        other.must("get", blake3, "--from", f"{serving.endpoint_id}@{OUTSIDE}:4919", "-o", world.root / "two")
    assert (world.root / "two").read_bytes() == path.read_bytes()
    assert set(out.frames.seen) == {("udp", OUTSIDE, 4919)}, set(out.frames.seen)


@case
def no_name_leads_a_lesser_token_into_the_operators_network(world):
    """Records that change between two look-ups, and ones with a public and a private address at once."""
    out, node = OUTSIDE_WORLD, OUTSIDE_WORLD.node(world.binary, world.root / "node")
    (world.root / "origin").mkdir()
    path = random_file(world.root / "origin" / "file", 300 * KIB)
    blake3 = world.node("elsewhere").must("add", path)[0]["blake3"]
    out.names.answers["rebinds.example"] = [[OUTSIDE], [PRIVATE]]
    out.names.answers["private.example"] = [[PRIVATE]]
    out.names.answers["mixed.example"] = [[OUTSIDE, PRIVATE]]
    out.names.answers["loopback.example"] = [["127.0.0.1"]]
    with Daemon(node) as daemon, out.origin(world.root / "origin", PRIVATE):
        token = daemon.of_scope("operate")
        for name in ("rebinds", "private", "mixed", "loopback", "rebinds", "mixed"):
            out.frames.clear()
            fetch = daemon.result("fetch.start", {"content": blake3, "origins": [f"http://{name}.example:8080/file"]}, token=token)
            ended = daemon.fetch_ended(fetch["fetch"])
            assert ended["state"] == "failed" and ended["held_bytes"] == 0, (name, ended)
            assert ("tcp", PRIVATE, 8080) not in out.frames.seen, (name, set(out.frames.seen))
        # The operator himself may: the address is his to name.
        out.frames.clear()
        fetch = daemon.result("fetch.start", {"content": blake3, "origins": ["http://private.example:8080/file"]})
        assert daemon.fetch_ended(fetch["fetch"])["state"] == "complete"
        assert ("tcp", PRIVATE, 8080) in out.frames.seen
    assert "rebinds.example" in out.names.asked and "mixed.example" in out.names.asked


class Socks(threading.Thread):
    """A SOCKS5 proxy outside that takes one name after another to OUTSIDE:8080, and notes what it was asked for."""

    def __init__(self, address: str, port: int):
        super().__init__(daemon=True)
        self.asked: list[str] = []
        self.listener = socket.create_server((address, port))
        self.start()

    def run(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with client, contextlib.suppress(OSError, struct.error):
            client.recv(2 + 255)
            client.sendall(b"\x05\x00")
            request = client.recv(512)
            self.asked.append(request[5:5 + request[4]].decode() if request[:4] == b"\x05\x01\x00\x03" else f"not a name: {request!r}")
            client.sendall(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
            with socket.create_connection((OUTSIDE, 8080)) as server:
                threading.Thread(target=self.copy, args=(server, client), daemon=True).start()
                self.copy(client, server)

    @staticmethod
    def copy(source, to):
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                to.sendall(piece)
            to.shutdown(socket.SHUT_WR)


@case
def with_a_proxy_nothing_but_the_proxy_is_spoken_to(world):
    """net.socks5: names are resolved there, so not even a question about one leaves."""
    out, node = OUTSIDE_WORLD, OUTSIDE_WORLD.node(world.binary, world.root / "node")
    (world.root / "origin").mkdir()
    path = random_file(world.root / "origin" / "file", 300 * KIB)
    blake3 = world.node("elsewhere").must("add", path)[0]["blake3"]
    node.must("init")
    (node.folder / "config.toml").write_text(f'[net]\nsocks5 = "{OUTSIDE}:9050"\n')
    proxy = Socks(OUTSIDE, 9050)
    out.frames.clear()
    with out.origin(world.root / "origin"):
        node.must("get", blake3, "--origin", "http://hidden.onion:8080/file", "-o", world.root / "one")
        node.must("rm", "--force", blake3)
        with Daemon(node) as daemon:
            fetch = daemon.result("fetch.start", {"content": blake3, "origins": ["http://origin.example:8080/file"]})
            assert daemon.fetch_ended(fetch["fetch"])["state"] == "complete"
    assert (world.root / "one").read_bytes() == path.read_bytes()
    assert set(out.frames.seen) == {("tcp", OUTSIDE, 9050)}, set(out.frames.seen)
    assert set(proxy.asked) == {"hidden.onion", "origin.example"}, proxy.asked


def main():
    global OUTSIDE_WORLD
    if os.environ.get("ARCHIPELAGO_OUTSIDE") != "1":
        unshare = ["unshare", "--net", "--mount"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
        if not shutil.which("nsenter") or subprocess.run([*unshare, "ip", "link", "add", "cable", "type", "veth", "peer", "name", "inner"], capture_output=True).returncode != 0:
            print("SKIP all: no network namespaces here")
            print("0 passed, 0 failed, 1 skipped")
            return
        os.environ["ARCHIPELAGO_OUTSIDE"] = "1"
        os.execvp(unshare[0], [*unshare, sys.executable, *sys.argv])
    with tempfile.TemporaryDirectory(prefix="archipelago-outside-") as temp:
        OUTSIDE_WORLD = Outside(pathlib.Path(temp))
        try:
            run_cases(CASES, NEEDS_SWARM)
        finally:
            OUTSIDE_WORLD.close()


if __name__ == "__main__":
    main()
