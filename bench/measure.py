"""What a process costs: wall time, user plus system time, peak resident memory.

CPU is counted for every process of a side: a finished one by wait4 (its own waited-for children included), a
running one by its CPU clock, which also counts threads that have ended.
"""

import contextlib
import dataclasses
import json
import mmap
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

GIB = 1 << 30


@dataclasses.dataclass(frozen=True)
class Cost:
    wall: float
    cpu: float
    output: str
    peak_kib: int = 0
    ok: bool = True

    def json(self) -> dict:
        """The last JSON line of standard output."""
        lines = [line for line in self.output.splitlines() if line.startswith("{")]
        return json.loads(lines[-1])


class NotRun(Exception):
    """A figure cannot be had here; the text says why."""


def start(argv: list, stdout, **options) -> subprocess.Popen:
    return subprocess.Popen([str(word) for word in argv], stdout=stdout, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, **options)


def run(*argv, peak: bool = False, may_fail: bool = False, **options) -> Cost:
    """Runs to the end. Ends the whole bench when the command fails: a failed run is no measurement."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        began = time.perf_counter()
        child = subprocess.Popen([str(word) for word in argv], stdout=out, stderr=errors, stdin=subprocess.DEVNULL, **options)
        watch = PeakMemory(child.pid) if peak else None
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        errors.seek(0)
        if child.returncode != 0 and not may_fail:
            sys.exit(f"bench: {' '.join(map(str, argv))}: exit {child.returncode}: {errors.read().strip()[-2000:]}")
        return Cost(wall, usage.ru_utime + usage.ru_stime, out.read(), watch.stop() if watch else 0, child.returncode == 0)


def cpu_of(pid: int) -> float:
    """Seconds on a CPU of a running process, all threads, since it began (the kernel's per-process clock)."""
    return time.clock_gettime((~pid << 3) | 2)


class PeakMemory:
    """Follows VmHWM of a process until it ends. ru_maxrss will not do: it begins at the size of the parent."""

    def __init__(self, pid: int):
        self.path = f"/proc/{pid}/status"
        self.peak = 0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._follow)
        self.thread.start()

    def _follow(self):
        while not self.ended.wait(0.01) and self._look():
            pass

    def _look(self) -> bool:
        try:
            status = pathlib.Path(self.path).read_text()
        except (FileNotFoundError, ProcessLookupError):
            return False
        for line in status.splitlines():
            if line.startswith("VmHWM:"):
                self.peak = max(self.peak, int(line.split()[1]))
                return True
        return False  # a zombie has no memory map

    def stop(self) -> int:
        """The peak in KiB."""
        self._look()
        self.ended.set()
        self.thread.join()
        return self.peak


def warm_pages(count: int) -> None:
    """Makes the host back `count` bytes of free guest memory, so that new page-cache pages cost the same for all.

    On a virtual machine the first touch of a page the host took back costs up to 20 times a normal one.
    """
    with mmap.mmap(-1, count, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE):
        pass


def random_file(path: pathlib.Path, size: int) -> pathlib.Path:
    """Random bytes, as AES-CTR of a hole under a random key: no pipe, and the kernel's generator takes five times as long."""
    hole = path.with_name(path.name + ".hole")
    with open(hole, "wb") as out:
        out.truncate(size)
    subprocess.run(["openssl", "enc", "-aes-128-ctr", "-nosalt", "-K", os.urandom(16).hex(), "-iv", "00" * 16, "-in", hole, "-out", path],
                   check=True, capture_output=True)
    hole.unlink()
    return path


def b3sum(path: pathlib.Path) -> str:
    done = subprocess.run(["b3sum", "--no-names", str(path)], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def into_page_cache(path: pathlib.Path) -> None:
    with open(path, "rb", buffering=0) as file:
        while file.read(1 << 20):
            pass


@contextlib.contextmanager
def stopped_after(child: subprocess.Popen):
    """Ends the child by its process id, whatever happens."""
    try:
        yield child
    finally:
        if child.poll() is None:
            child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout, child.stderr):
            if pipe:
                pipe.close()
