"""A command that dies at one call it makes: strace sends SIGKILL as the call is entered, and it is not executed.

Calls are counted kind by kind and, as strace does, in each thread; what is counted here is one thread's work.
"""

import collections
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import typing

# What changes a disk, and what sends a request.
DISK = ("pwrite64", "write", "fsync", "fdatasync", "rename", "unlink", "ftruncate")
SEND = "sendto"


class Call(typing.NamedTuple):
    """The nth call of its kind; `text` is what its arguments begin with."""

    kind: str
    nth: int
    text: str = ""

    def __str__(self):
        return f"{self.kind} {self.nth}"


class Ended(typing.NamedTuple):
    """`code` is -9 where it was struck."""

    code: int
    out: str
    errors: str

    @property
    def died(self):
        return self.code == -signal.SIGKILL


def strace():
    found = shutil.which("strace")
    if found is None:
        raise SystemExit("strace is not installed: ./dev setup")
    return found


def run(command, timeout=300):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout)
    return Ended(done.returncode, done.stdout, done.stderr)


def watched(command):
    """Runs it to its end: what it said, and its calls in their order."""
    number, name = tempfile.mkstemp(prefix="archipelago-calls-")
    os.close(number)
    path = pathlib.Path(name)
    try:
        options = ["-f", "--seccomp-bpf", "-qq", "-s", "48", "-e", "signal=none", "-e", f"trace={','.join((*DISK, SEND))}"]
        ended = run([strace(), *options, "-o", name, *command])
        counts, calls = collections.Counter(), []
        for line in path.read_text(errors="replace").splitlines():
            if found := re.match(r"\d+\s+(\w+)\((.*)", line):
                counts[found.group(1)] += 1
                calls.append(Call(found.group(1), counts[found.group(1)], found.group(2)[:80]))
        return ended, calls
    finally:
        path.unlink()


def struck(command, call):
    """Runs it until that call, or to its end where it does not come so far. (With --seccomp-bpf strace injects nothing.)"""
    options = ["-f", "-qq", "-o", "/dev/null", "-e", f"trace={call.kind}",
               "-e", f"inject={call.kind}:signal=KILL:when={call.nth}"]
    return run([strace(), *options, *command])


def is_post(call):
    return call.kind == SEND and '"POST ' in call.text


def is_request(call):
    return is_post(call) or (call.kind == SEND and '"GET ' in call.text)


def around_requests(calls):
    """The calls nearest to each request that may move money: the two before it, it, the four after it. And every
    sync, rename and removal."""
    chosen = set()
    for at, call in enumerate(calls):
        if is_post(call):
            chosen.update(range(max(0, at - 2), min(len(calls), at + 5)))
        elif call.kind not in ("pwrite64", "write", SEND):
            chosen.add(at)
    return [calls[at] for at in sorted(chosen)]


def spread(items, most):
    """At most so many of them, evenly taken, the last one among them."""
    if most is None or len(items) <= most:
        return list(items)
    return [items[(index + 1) * len(items) // most - 1] for index in range(most)]
