"""Driving archipelago processes on this machine: nodes in temporary folders, on loopback, ended by their process id."""

import hashlib
import json
import os
import pathlib
import signal
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


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

    def start(self, *words: str, cwd=None) -> subprocess.Popen:
        return subprocess.Popen(self.command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd)


class Server:
    """A running `serve`, with its counters once it was stopped."""

    def __init__(self, node: Node, *words: str):
        self.process = node.start("serve", "--bind", "127.0.0.1:0", *words)
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
