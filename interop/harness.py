"""Runs real programs as peers: children with line-based output, cases, and nothing leaves the host.

A case is a function `name(t)` under `@case(...)`; `t` is a Test: a folder, and children that are
killed by pid at its end. Nothing here sleeps to synchronise: every wait is for a line, an exit or
a deadline.
"""

import ctypes
import fcntl
import hashlib
import json
import os
import pathlib
import pty
import queue
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time

from peer_path import CACHE, rust_peer

HERE = pathlib.Path(__file__).resolve().parent
# The machine may be nearly full: no case is about that.
os.environ.setdefault("ARCHIPELAGO_FETCH_KEEP_FREE_PERCENT", "0")
os.environ.setdefault("ARCHIPELAGO_FETCH_KEEP_FREE_MIB", "0")



def of_our_build(program):
    """What lies in the build folder of the product's program; none without one."""
    ours = os.environ.get("ARCHIPELAGO_BIN")
    return pathlib.Path(ours).parent / program if ours else None


PROGRAMS = {
    "peer": rust_peer(),
    "sendme": CACHE / "sendme-0.34.0/bin/sendme",
    "npm": CACHE / "npm-1.1.0/node",
    "s3": CACHE / "versitygw-1.8.0/versitygw",
    "nutshell": CACHE / "nutshell-0.20.3/bin/ready-mint",
    "cashu_ts": CACHE / "cashu-ts-4.8.0/node",
    "cdk": CACHE / "cdk-mintd-0.17.5-grpc/bin/cdk-mintd",
    "linked": CACHE / "linked-0.17.5/bin/ready-python",
    "redis": CACHE / "redis/redis-server",
    "bin": os.environ.get("ARCHIPELAGO_BIN"),
    "probe": os.environ.get("ARCHIPELAGO_QUIC_PROBE"),
    "mutant": os.environ.get("ARCHIPELAGO_MUTANT_BIN"),
    "testmint": os.environ.get("ARCHIPELAGO_TESTMINT") or of_our_build("testmint/testmint"),
    "curl": shutil.which("curl"),
    "wget": shutil.which("wget"),
    "aria2": shutil.which("aria2c"),
    "ffmpeg": shutil.which("ffmpeg"),
    "ffprobe": shutil.which("ffprobe"),
    "chromium": shutil.which("chromium-headless-shell") or shutil.which("chromium"),
}
MISSING = {
    "peer": "archy-peer is not built: interop/setup.sh peer",
    "sendme": "sendme is not installed: interop/setup.sh sendme",
    "npm": "the npm endpoint is not installed: interop/setup.sh npm",
    "s3": "the S3 server is not installed: interop/setup.sh s3",
    "nutshell": "the nutshell mint is not installed: interop/setup.sh nutshell",
    "cashu_ts": "cashu-ts is not installed: interop/setup.sh cashu_ts",
    "cdk": "the CDK mint is not built: interop/setup.sh cdk_mintd",
    "linked": "the Lightning of the linked mints is not installed: interop/setup.sh linked",
    "redis": "redis is not installed: interop/setup.sh redis",
    "bin": "ARCHIPELAGO_BIN names no program",
    "probe": "ARCHIPELAGO_QUIC_PROBE names no program",
    "testmint": "there is no testmint in the build folder of ARCHIPELAGO_BIN",
    "mutant": "no build with encoder mutants was made: ./dev interop of all parts makes one",
    **{name: f"{name} is not installed: interop/setup.sh http" for name in ("curl", "wget", "aria2", "ffmpeg", "ffprobe", "chromium")},
}
OTHER_ID = "ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c"
LIBC = ctypes.CDLL(None)
STEP = float(os.environ.get("ARCHIPELAGO_INTEROP_STEP_S", "15"))


class Failed(Exception):
    """The program under test did something else than the case expects."""


class NotRun(Exception):
    """The case needs something that is not here."""


CASES = {}


def case(*needs, limit=60):
    """Registers a case; `needs` are keys of PROGRAMS, `limit` its seconds."""

    def register(function):
        name = function.__name__
        assert name not in CASES, name
        CASES[name] = (function, needs, limit)
        return function

    return register


def check(condition, why):
    if not condition:
        raise Failed(why)


def equal(got, want, what):
    if got != want:
        raise Failed(f"{what}: {shorten(got)} instead of {shorten(want)}")


def shorten(value, limit=300):
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= limit else text[:limit] + "..."


# --- children -------------------------------------------------------------------------------


def die_with_parent():
    """The kernel kills the child when we die (PR_SET_PDEATHSIG)."""
    LIBC.prctl(1, signal.SIGKILL)


def on_terminal():
    """Makes standard input the controlling terminal; some programs abort without one."""
    die_with_parent()
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def drain(master):
    """Throws away what a program writes to its terminal, so that it never blocks."""
    try:
        while os.read(master, 4096):
            pass
    except OSError:
        pass
    os.close(master)


class Child:
    """A running program: its output lines in a queue, its standard error in a file."""

    def __init__(self, test, name, command, env=None, cwd=None, terminal=False):
        self.name = name
        master = slave = None
        if terminal:
            master, slave = pty.openpty()
        self.stderr_path = test.dir / f"{len(test.children)}-{name}.stderr"
        self.lines = queue.Queue()
        self.seen = []
        with open(self.stderr_path, "wb") as stderr:
            self.process = subprocess.Popen(
                [str(word) for word in command], stdin=slave if terminal else subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=stderr, cwd=cwd or test.dir, text=True,
                errors="replace", env={**os.environ, "RUST_BACKTRACE": "0", **(env or {})},
                preexec_fn=on_terminal if terminal else die_with_parent)
        if terminal:
            os.close(slave)
            threading.Thread(target=drain, args=(master,), daemon=True).start()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def send(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def line(self, accept=lambda line: True, timeout=STEP, what="a line"):
        """The next line for which `accept` holds; others are kept in `seen`."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                line = self.lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise Failed(f"{self.name}: no {what} in {timeout:g} s; {self.story()}") from None
            if line is None:
                self.lines.put(None)
                code = self.process.poll()
                raise Failed(f"{self.name}: ended (exit {code}) before {what}; {self.story()}")
            if accept(line):
                return line
            self.seen.append(line)

    def json(self, accept=lambda value: True, timeout=STEP, what="a JSON line"):
        found = {}

        def matches(line):
            try:
                value = json.loads(line)
            except ValueError:
                return False
            if isinstance(value, dict) and accept(value):
                found["value"] = value
                return True
            return False

        self.line(matches, timeout, what)
        return found["value"]

    def event(self, event, timeout=STEP, **fields):
        want = {"event": event, **fields}
        return self.json(lambda v: all(v.get(k) == x for k, x in want.items()), timeout,
                         f"event {want}")

    def wait(self, timeout=STEP):
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.name}: still runs after {timeout:g} s; {self.story()}") from None

    def end_input(self, timeout=STEP):
        self.process.stdin.close()
        return self.wait(timeout)

    def interrupt(self, timeout=STEP):
        self.process.send_signal(signal.SIGINT)
        return self.wait(timeout)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            try:
                if pipe is not None:
                    pipe.close()
            except OSError:
                pass

    def story(self):
        text = self.stderr_path.read_text(errors="replace").strip()
        return shorten(f"out {self.seen[-3:]}, err {text[-400:]!r}", 700)


class Result:
    def __init__(self, name, code, out, err, seconds):
        self.name, self.code, self.out, self.err, self.seconds = name, code, out, err, seconds

    def lines(self):
        return self.out.splitlines()

    def json(self):
        values = self.json_lines()
        check(values, f"{self.name}: no JSON line; {self}")
        return values[-1]

    def json_lines(self):
        values = []
        for line in self.lines():
            try:
                value = json.loads(line)
            except ValueError:
                continue
            if isinstance(value, dict):
                values.append(value)
        return values

    def expect(self, code):
        codes = code if isinstance(code, tuple) else (code,)
        check(self.code in codes, f"{self.name}: exit {self.code} instead of {code}; {self}")
        return self

    def __str__(self):
        return f"out {shorten(self.out[-400:])!r}, err {shorten(self.err[-400:])!r}"


class Test:
    """One case's folder and children."""

    def __init__(self, name):
        self.name = name
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix=f"interop-{name}-"))
        self.children = []
        self.endings = []

    def at_end(self, function):
        """Called before the children are killed, the last one first."""
        self.endings.append(function)

    def spawn(self, name, command, **options):
        child = Child(self, name, command, **options)
        self.children.append(child)
        return child

    def run(self, name, command, timeout=STEP, **options):
        started = time.monotonic()
        child = self.spawn(name, command, **options)
        child.process.stdin.close()
        code = child.wait(timeout)
        out = []
        while (line := child.lines.get(timeout=STEP)) is not None:
            out.append(line)
        return Result(name, code, "\n".join(out),
                      child.stderr_path.read_text(errors="replace"), time.monotonic() - started)

    def close(self):
        for function in reversed(self.endings):
            function()
        for child in reversed(self.children):
            child.kill()
        shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, *parts):
        path = self.dir.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def file(self, name, size, seed=1):
        """A file of `size` reproducible pseudo-random bytes."""
        path = self.path(name)
        with open(path, "wb") as out:
            left, block = size, 0
            while left > 0:
                piece = random_block(seed, block)[:left]
                out.write(piece)
                left -= len(piece)
                block += 1
        return path


def random_block(seed, index, size=1 << 20):
    return hashlib.shake_128(f"{seed}/{index}".encode()).digest(size)


def sha256(path):
    with open(path, "rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def same_file(left, right):
    check(pathlib.Path(right).is_file(), f"{right} was not written")
    equal(sha256(right), sha256(left), f"SHA-256 of {pathlib.Path(right).name}")


def free_port():
    """A UDP port on loopback nobody listens on (in our own network namespace)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# --- network namespace ----------------------------------------------------------------------


def isolate():
    """Re-executes this program in a network namespace that has only loopback."""
    if os.environ.get("ARCHIPELAGO_INTEROP_NETNS") != "1":
        os.environ["ARCHIPELAGO_INTEROP_NETNS"] = "1"
        unshare = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-rn"]
        try:
            os.execvp("unshare", unshare + [sys.executable] + sys.argv)
        except OSError as error:
            sys.exit(f"interop: cannot start unshare: {error}")
    names = [name for _, name in socket.if_nameindex()]
    if [name for name in names if name != "lo" and not idle_tunnel(name)]:
        sys.exit(f"interop: refusing to run, this network namespace has {names}")
    raise_loopback()


def idle_tunnel(name):
    """Some kernels create down tunnel devices in every namespace."""
    return not interface_flags(name) & 1


def interface_flags(name):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        request = struct.pack("16sh14x", name.encode(), 0)
        return struct.unpack("16sh14x", fcntl.ioctl(s, 0x8913, request))[1]


def raise_loopback():
    flags = interface_flags("lo") | 1  # IFF_UP
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, 0x8914, struct.pack("16sh14x", b"lo", flags))


# --- running --------------------------------------------------------------------------------


def missing(needs):
    for need in needs:
        path = PROGRAMS[need]
        if not path or not os.access(path, os.X_OK):
            return MISSING[need] + (f" ({path})" if path else "")
    return None


def run_case(name):
    """Returns (verdict, why, seconds)."""
    function, needs, limit = CASES[name]
    started = time.monotonic()
    if (lack := missing(needs)) is not None:
        return "NOTRUN", lack, 0.0
    test = Test(name)
    timed_out = threading.Event()

    def expire():
        timed_out.set()
        for child in list(test.children):
            if child.process.poll() is None:
                child.process.kill()

    timer = threading.Timer(limit, expire)
    timer.start()
    try:
        function(test)
        verdict, why = "PASS", ""
    except Failed as failure:
        verdict, why = "FAIL", str(failure)
    except NotRun as reason:
        verdict, why = "NOTRUN", str(reason)
    except Exception as error:  # a case must not end the run
        verdict, why = "FAIL", f"{type(error).__name__}: {error}"
    finally:
        timer.cancel()
        test.close()
    if timed_out.is_set():
        verdict, why = "FAIL", f"limit of {limit} s reached; {why}"
    return verdict, why, time.monotonic() - started
