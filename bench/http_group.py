"""http: R1, R2, R3 and R5: random ranges of a film from the content port, beside nginx over the same file; R4: of a film that
is still with somebody else."""

import json
import os
import pathlib
import random
import socket
import statistics
import subprocess
import time

from figures import Figure, at_least, at_most, ratio_figure
from measure import GIB, NotRun, cpu_of, random_file
from nodes import Daemon, Product, forget, serving
from peers import apt_install, need, nginx

HERE = pathlib.Path(__file__).resolve().parent
PAIRS = 7
SECONDS = 1
LARGE = 10 * GIB
SEEK, SCAN = 16 << 10, 1 << 20
FIRST_SEEKS = 15
FAR_SEEKS = 200


def program(name: str) -> str:
    try:
        return need(name)
    except NotRun:
        if not apt_install(name):
            raise NotRun(f"{name} is not installed and apt-get could not") from None
        return need(name)


class Side:
    """A server that has the film at some path."""

    def __init__(self, address: str, path: str, pid: int, tls: bool = False):
        self.address, self.path, self.pid = address, path, pid
        self.url = f"http{'s' if tls else ''}://{address}"

    def load(self, size: int, length: int, connections: int, seconds: int = SECONDS) -> dict:
        """Random ranges for a while: wrk's report, and the CPU seconds the server took."""
        before = cpu_of(self.pid)
        done = subprocess.run([program("wrk"), "-t1", f"-c{connections}", f"-d{seconds}s", "-s", HERE / "ranges.lua", self.url, "--",
                               self.path, str(size), str(length), str(random.randrange(1 << 30))], capture_output=True, text=True, check=True)
        report = json.loads([line for line in done.stdout.splitlines() if line.startswith("{")][-1])
        if report["errors"] or report["requests"] == 0:
            raise RuntimeError(f"wrk at {self.url}{self.path}: {report}")
        return report | {"cpu": cpu_of(self.pid) - before}

    def seek_us(self, size: int, expected: pathlib.Path | None = None, begin: int = 0) -> float:
        """One range from `begin` on over a connection of its own, from connect to its last byte; compared with the file when one is given."""
        first = random.randrange(begin, size - SEEK)
        host, port = self.address.split(":")
        began = time.perf_counter()
        with socket.create_connection((host, int(port))) as server:
            server.sendall(f"GET {self.path} HTTP/1.1\r\nHost: {self.address}\r\nRange: bytes={first}-{first + SEEK - 1}\r\n\r\n".encode())
            answer = b""
            while b"\r\n\r\n" not in answer or len(answer) < answer.index(b"\r\n\r\n") + 4 + SEEK:
                piece = server.recv(65536)
                if not piece:
                    raise RuntimeError(f"{self.url}{self.path}: {answer[:100]}")
                answer += piece
        took = (time.perf_counter() - began) * 1e6
        if expected:
            with open(expected, "rb") as file:
                file.seek(first)
                if answer[answer.index(b"\r\n\r\n") + 4:] != file.read(SEEK):
                    raise RuntimeError(f"{self.url}{self.path}: other bytes than the file's at {first}")
        return took


def in_turns(ours: Side, theirs: Side, value) -> tuple[list[float], list[float]]:
    first, second = [], []
    for _ in range(PAIRS):
        first.append(value(ours))
        second.append(value(theirs))
    return first, second


def out_of_page_cache(*paths: pathlib.Path) -> None:
    for path in paths:
        with open(path, "rb") as file:
            os.fdatasync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def direct_read_us(film: pathlib.Path) -> float:
    """Median of random 16 KiB reads past the page cache."""
    done = subprocess.run([program("fio"), "--name=r3", f"--filename={film}", "--readonly", "--rw=randread", "--bs=16k", "--direct=1", "--iodepth=1",
                           "--runtime=2", "--time_based", "--output-format=json"], capture_output=True, text=True, check=True)
    report = json.loads(done.stdout[done.stdout.index("{"):])
    return report["jobs"][0]["read"]["clat_ns"]["percentile"]["50.000000"] / 1e3


def cpu_per_gib(report: dict) -> float:
    return report["cpu"] / (report["bytes"] / GIB)


def large_film(ours: Side, http: Side, https: Side, film: pathlib.Path, node_folder: pathlib.Path) -> tuple[list[Figure], float]:
    """The figures at 10 GiB, and the warm p50 in microseconds."""
    size = film.stat().st_size
    for side in (ours, http, https):
        if side is not https:
            side.seek_us(size, film)
        side.load(size, SCAN, 8)  # both have the film, and what they keep of it, warm
    latency = in_turns(ours, http, lambda side: side.load(size, SEEK, 1)["p50_us"])
    rate = in_turns(ours, http, lambda side: (lambda report: report["requests"] / report["seconds"])(side.load(size, SEEK, 8)))
    scans = in_turns(ours, http, lambda side: cpu_per_gib(side.load(size, SCAN, 8)))
    tls = in_turns(ours, https, lambda side: cpu_per_gib(side.load(size, SCAN, 8)))
    warm = statistics.median(latency[0])

    direct = direct_read_us(film)
    out_of_page_cache(film, *node_folder.glob("blobs/*/*"))
    cold = ours.load(size, SEEK, 1)["p50_us"]
    bound = 1.5 * direct + warm
    figures = [
        ratio_figure("R1", *latency, at_most(1.15), "16 KiB at random of 10 GiB, one connection, p50", "nginx", "us"),
        ratio_figure("R1-rate", *rate, at_least(0.8), "the same with 8 connections", "nginx", "requests/s"),
        ratio_figure("R2", *scans, at_most(1.5), "1 MiB at random, 8 connections, server CPU", "nginx sendfile", "s/GiB"),
        ratio_figure("R2-tls", *tls, at_most(0.5), "the same, ours in clear", "nginx TLS 1.3", "s/GiB"),
        Figure("R3", cold / bound, at_most(1), f"16 KiB not in the page cache, p50 {cold:.0f} us; 1.5 x O_DIRECT {direct:.0f} us + R1 warm {warm:.0f} us"),
    ]
    return figures, warm


class Node:
    """A daemon that offers one film, added in place."""

    def __init__(self, product: Product, folder: pathlib.Path, film: pathlib.Path):
        self.product, self.folder, self.size = product, folder, film.stat().st_size
        self.blake3 = product.node(folder).must("add", "--in-place", film)[0]["blake3"]

    def __enter__(self) -> Side:
        self.daemon = Daemon(self.product.node(self.folder))
        return Side(self.daemon.ports["content"], f"/blobs/{self.blake3}.mkv", self.daemon.process.pid)

    def __exit__(self, *_):
        self.daemon.stop()

    def first_seek_us(self) -> float:
        with self as side:
            return side.seek_us(self.size)


def growth(large: Node, small: Node, warm_large: float) -> list[Figure]:
    first, second, warm = [], [], []
    for _ in range(FIRST_SEEKS):
        first.append(large.first_seek_us())
        second.append(small.first_seek_us())
    with small as side:
        side.load(small.size, SCAN, 8)
        warm = [side.load(small.size, SEEK, 1)["p50_us"] for _ in range(PAIRS)]
    return [
        Figure("R5", warm_large / statistics.median(warm), at_most(1.1), f"R1's p50 at 10 GiB {warm_large:.0f} us, at 1 GiB {statistics.median(warm):.0f} us"),
        Figure("R5-first", statistics.median(first) / statistics.median(second), at_most(1.1),
               f"first seek after the start, p50 of {FIRST_SEEKS}: {statistics.median(first):.0f} us, at 1 GiB {statistics.median(second):.0f} us"),
    ]


def far_seeks(product: Product, large: Node, film: pathlib.Path, folder: pathlib.Path) -> list[Figure]:
    """A fetch is at the beginning of the film; the player jumps about in its second half."""
    with serving(product, film, large.folder, large.blake3) as provider, Daemon(product.node(folder)) as node:
        side = Side(node.ports["content"], f"/blobs/{large.blake3}.mkv", node.process.pid)
        fetch = node.result("fetch.start", {"content": large.blake3, "peers": [provider.peer], "seed": True})["fetch"]

        def status() -> dict:
            return node.result("fetch.status", {"fetch": fetch})["fetches"][0]

        while status()["held_bytes"] == 0:
            time.sleep(0.005)
        times = sorted(side.seek_us(large.size, film, large.size // 2) / 1000 for _ in range(FAR_SEEKS))
        if (now := status())["state"] != "running":
            raise RuntimeError(f"the fetch was over before the seeks were: {now}")
        node.result("fetch.cancel", {"fetch": fetch})
    forget(folder)
    return [Figure("R4", times[len(times) // 2], at_most(0.6), f"seek into what is not held, p50 of {FAR_SEEKS}", " ms"),
            Figure("R4-p99", times[len(times) * 99 // 100], at_most(2.5), "the same, p99", " ms")]


def measure(product: Product, file: pathlib.Path, folder: pathlib.Path) -> list[Figure]:
    films = folder / "films"
    films.mkdir()
    film = random_file(films / "large.bin", LARGE)
    try:
        large, small = Node(product, folder / "large", film), Node(product, folder / "small", file)
        with nginx(films, folder / "nginx") as http, large as ours:
            plain = Side(f"127.0.0.1:{http.plain_port}", "/large.bin", http.worker)
            tls = Side(f"127.0.0.1:{http.port}", "/large.bin", http.worker, tls=True)
            figures, warm = large_film(ours, plain, tls, film, folder / "large")
        return figures + far_seeks(product, large, film, folder / "seeker") + growth(large, small, warm)
    finally:
        forget(film)
