"""Driving archipelago processes on this machine: nodes in temporary folders, on loopback, ended by their process id."""

import contextlib
import hashlib
import http.client
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
# The machine may be nearly full; a test that is about that says so itself.
os.environ.setdefault("ARCHIPELAGO_FETCH_KEEP_FREE_PERCENT", "0")
os.environ.setdefault("ARCHIPELAGO_FETCH_KEEP_FREE_MIB", "0")


def sha256_of(path: pathlib.Path) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def random_file(path: pathlib.Path, size: int) -> pathlib.Path:
    with open(path, "wb") as file:
        while size > 0:
            size -= file.write(os.urandom(min(size, 1 << 22)))
    return path


class Node:
    """One data directory and the binary that works on it."""

    def __init__(self, binary: str, folder: pathlib.Path):
        self.binary, self.folder = binary, folder

    def command(self, *words: str) -> list[str]:
        return [self.binary, "--data-dir", str(self.folder), "--json", *map(str, words)]

    def run(self, *words: str, timeout: float = 300, cwd=None) -> tuple[int, list[dict], str]:
        """Exit code, the JSON lines of standard output, standard error."""
        done = subprocess.run(self.command(*words), capture_output=True, text=True, timeout=timeout, cwd=cwd)
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")], done.stderr

    def must(self, *words: str, **options) -> list[dict]:
        code, lines, errors = self.run(*words, **options)
        if code != 0:
            sys.exit(f"archipelago {' '.join(map(str, words))}: exit {code}: {errors.strip()}")
        return lines

    def network(self):
        """Around making a connection: in whatever network the node is."""
        return contextlib.nullcontext()

    def start(self, *words: str, cwd=None) -> subprocess.Popen:
        return subprocess.Popen(self.command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd)


class Server:
    """A running `serve`, with its counters once it was stopped."""

    def __init__(self, node: Node, *words: str, bind: str = "127.0.0.1:0"):
        self.process = node.start("serve", "--bind", bind, *words)
        hello = self.process.stdout.readline()
        if not hello:
            sys.exit(f"serve did not start: {self.process.stderr.read().strip()}")
        first = json.loads(hello)
        self.endpoint_id, self.address = first["endpoint_id"], first["addrs"][0]
        self.counters: dict = {}

    @property
    def peer(self) -> str:
        return f"{self.endpoint_id}@{self.address}"

    def stop(self) -> dict:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        out, _ = self.process.communicate(timeout=30)
        for line in out.splitlines():
            self.counters |= json.loads(line)
        return self.counters

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Daemon:
    """A running `node`, on ports the system chose unless told otherwise. `stderr`: a file for what it logs; `log` is None then."""

    def __init__(self, node, *words, default_ports: bool = False, stderr=subprocess.PIPE, **environment):
        self.node = node
        ports = {} if default_ports else {"ARCHIPELAGO_CONTROL_PORT": "0", "ARCHIPELAGO_CONTENT_PORT": "0"}
        self.environment = os.environ | ports | environment
        self.process = subprocess.Popen(node.command("node", *words), stdout=subprocess.PIPE, stderr=stderr, text=True, env=self.environment)
        hello = self.process.stdout.readline()
        assert hello, f"node did not start: {self.process.stderr.read().strip() if self.process.stderr else stderr.name}"
        self.hello = json.loads(hello)
        self.ports = json.loads((node.folder / "run" / "ports.json").read_text())
        self.token = (node.folder / "run" / "token").read_text().strip()

    def http(self, verb, path, body=None, **headers):
        host, port = self.ports["control"].rsplit(":", 1)
        connection = http.client.HTTPConnection(host, int(port), timeout=30)
        with self.node.network():
            connection.connect()
        connection.request(verb, path, body, headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read().decode()

    def post(self, method, params=None, token=None):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}})
        status, _, text = self.http("POST", "/rpc/v1", body, Authorization=f"Bearer {token or self.token}", **{"Content-Type": "application/json"})
        return status, json.loads(text)

    def result(self, method, params=None, token=None):
        status, answer = self.post(method, params, token)
        assert status == 200 and "result" in answer, (method, status, answer)
        return answer["result"]

    def of_scope(self, scope):
        """A token of a lesser scope."""
        return self.result("token.create", {"scope": scope})["token"]

    def fetch_ended(self, number):
        """The status of a fetch once it has ended."""
        while True:
            now = self.result("fetch.status", {"fetch": number})["fetches"][0]
            if now["state"] not in ("waiting", "running"):
                return now
            time.sleep(0.02)

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        _, self.log = self.process.communicate(timeout=30)
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class ShapedPeer:
    """A peer of a given quality that gives so many bytes a second (0: as many as it can): bench/swarm_peer_bench."""

    def __init__(self, program: pathlib.Path, file: pathlib.Path, quality: str, bytes_per_s: float = 0):
        self.process = subprocess.Popen([program, file, quality, str(int(bytes_per_s))], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        hello = self.process.stdout.readline()
        assert hello, f"a {quality} peer did not start"
        self.address = json.loads(hello)["peer"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=10)
        self.process.stdout.close()


class Origin:
    """The test origin over a folder: plain HTTP with ranges."""

    def __init__(self, folder: pathlib.Path):
        script = ROOT / "interop" / "origin" / "origin.py"
        self.process = subprocess.Popen([sys.executable, str(script), str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = json.loads(self.process.stdout.readline())["url"].rstrip("/")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
