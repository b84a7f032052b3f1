"""swarm: many sources at once. The bound (wall <= origin alone x 1.05 + 0.5 s) for each mix of peers; P1, P2, P3.

Peers and origin are shaped: each gives so many bytes a second and no more. Every run is a fresh node; the file that it
wrote is compared with what was sent.
"""

import contextlib
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import time

from figures import Figure, at_least, at_most
from measure import Cost, b3sum, into_page_cache, run
from nodes import Product, forget, serving

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tools"))
from local_node import Origin, ShapedPeer, random_file  # noqa: E402

MIB = 1 << 20
ROUNDS = 7
ORIGIN_MB_S = 20
NOBODY = "ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c"


class Swarm:
    """One file, an origin that gives ORIGIN_MB_S of it, and whatever peers are asked for."""

    def __init__(self, product: Product, folder: pathlib.Path, size: int, stack: contextlib.ExitStack):
        self.product, self.folder, self.stack = product, folder, stack
        (folder / "www").mkdir(parents=True)
        self.file = random_file(folder / "www" / "film", size)
        publisher = product.node(folder / "publisher")
        self.blake3 = publisher.must("add", self.file)[0]["blake3"]
        shutil.copy(next((folder / "publisher").glob("blobs/*/*.obao4")), folder / "www" / "film.obao4")
        into_page_cache(self.file)
        origin = stack.enter_context(Origin(folder / "www"))
        piece = ORIGIN_MB_S * 10_000  # a hundred a second
        self.origin = f"{origin.url}/film?fault=drip:{piece}:0.01"

    def peer(self, quality: str, mb_per_s: float = 0) -> str:
        program = self.product.bench("swarm_peer_bench")
        return self.stack.enter_context(ShapedPeer(program, self.file, quality, mb_per_s * 1e6)).address

    def black_hole(self) -> str:
        """An address that takes every datagram and answers none."""
        hole = self.stack.enter_context(contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)))
        hole.bind(("127.0.0.1", 0))
        return f"{NOBODY}@127.0.0.1:{hole.getsockname()[1]}"

    def dead(self) -> str:
        """A port that nobody listens on."""
        with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as closed:
            closed.bind(("127.0.0.1", 0))
            return f"{NOBODY}@127.0.0.1:{closed.getsockname()[1]}"

    def get(self, peers: list[str], with_origin: bool = True) -> Cost:
        node, out = self.product.node(self.folder / "get"), self.folder / "out"
        words = [word for peer in peers for word in ("--from", peer)]
        if with_origin:
            words += ["--origin", self.origin]
        cost = run(*node.command("get", self.blake3, *words, "-o", out))
        if b3sum(out) != self.blake3:
            raise RuntimeError("another file came out")
        forget(out, self.folder / "get")
        return cost


def bound_figures(swarm: Swarm) -> list[Figure]:
    good = [swarm.peer("good", 10) for _ in range(2)]
    mixes = {
        "none": [],
        "dead": [swarm.dead()],
        "hole": [swarm.black_hole()],
        "drip": [swarm.peer("drips")],
        "liar": [swarm.peer("lies_at_end")],
        "greedy": [swarm.peer("good", 0.05), swarm.peer("stalls")],
        "good": good,
        "all": [swarm.dead(), swarm.black_hole(), swarm.peer("drips"), swarm.peer("corrupt"), *good],
    }
    figures = []
    for name, peers in mixes.items():
        ratios, walls = [], []
        for _ in range(ROUNDS):
            alone = swarm.get([])
            mixed = swarm.get(peers)
            ratios.append(mixed.wall / (alone.wall * 1.05 + 0.5))
            walls.append((alone.wall, mixed.wall))
        alone, mixed = (statistics.median(side) for side in zip(*walls))
        figures.append(Figure(f"bound-{name}", statistics.median(ratios), at_most(1),
                              f"{mixed:.2f} s beside {alone:.2f} s of the origin alone, {ROUNDS} pairs"))
    return figures


def many_capped(product: Product, folder: pathlib.Path) -> list[Figure]:
    """P2."""
    with contextlib.ExitStack() as stack:
        swarm = Swarm(product, folder, 256 * MIB, stack)
        good = [swarm.peer("good", 10) for _ in range(8)]
        bad = [swarm.peer("corrupt"), swarm.peer("stalls")]
        eight, mixed = [], []
        for _ in range(3):
            one = swarm.get(good[:1], False).wall
            eight.append(one / swarm.get(good, False).wall)
            six = swarm.get(good[:6], False).wall
            mixed.append(six / swarm.get(good[:6] + bad, False).wall)
        return [
            Figure("P2", statistics.median(eight), at_least(7.6), "8 peers of 10 MB/s against one, 3 pairs", "x"),
            Figure("P2-bad", statistics.median(mixed), at_least(0.95), "6 good, 1 corrupt, 1 stalling against the 6 good, 3 pairs", "x"),
        ]


def cpu_bound(product: Product, file: pathlib.Path, folder: pathlib.Path) -> list[Figure]:
    """P1: eight serving nodes against one; P3: eight fetching nodes against one."""
    blake3 = b3sum(file)
    with contextlib.ExitStack() as stack:
        nodes = [stack.enter_context(serving(product, file, folder / f"serve{i}")) for i in range(8)]

        def fetch(serving_nodes) -> tuple[float, float]:
            before = sum(node.cpu() for node in serving_nodes)
            node = product.node(folder / "get")
            words = [word for peer in serving_nodes for word in ("--from", peer.peer)]
            cost = run(*node.command("get", blake3, *words, "-o", folder / "out"))
            if b3sum(folder / "out") != blake3:
                raise RuntimeError("another file came out")
            forget(folder / "out", folder / "get")
            return cost.wall, cost.cpu + sum(node.cpu() for node in serving_nodes) - before

        fetch(nodes[:1])
        walls, cpus = [], []
        for _ in range(5):
            one, eight = fetch(nodes[:1]), fetch(nodes)
            walls.append(one[0] / eight[0])
            cpus.append(eight[1] / one[1])
        gathered, slowest = [], []
        for _ in range(5):
            single = discard(product, nodes[0], 1)
            together = discard(product, nodes[0], 8)
            rates = [1 / wall for wall in together]
            gathered.append(8 * single[0] / max(together))
            slowest.append(min(rates) / statistics.mean(rates))
    return [
        Figure("P1", statistics.median(walls), at_least(0.95), "wall of one seeder / of eight, one machine's cores, 5 pairs", "x"),
        Figure("P1-cpu", statistics.median(cpus), at_most(1.15), "CPU of all processes, eight seeders / one, 5 pairs", "x"),
        Figure("P3", statistics.median(gathered), at_least(0.95), "throughput of eight fetchers together / of one, 5 pairs", "x"),
        Figure("P3-slow", statistics.median(slowest), at_least(0.7), "slowest of the eight / their mean", "x"),
    ]


def discard(product: Product, node, count: int) -> list[float]:
    """Wall seconds of `count` transfers at once into verifying sinks."""
    began = time.perf_counter()
    running = [subprocess.Popen([product.bench("transfer_bench"), node.peer, node.blake3], stdout=subprocess.DEVNULL) for _ in range(count)]
    walls = []
    while running:
        for child in list(running):
            if child.poll() is not None:
                if child.returncode != 0:
                    sys.exit("bench: a transfer failed")
                walls.append(time.perf_counter() - began)
                running.remove(child)
        time.sleep(0.001)
    return walls


def measure(product: Product, file: pathlib.Path, folder: pathlib.Path) -> list[Figure]:
    with contextlib.ExitStack() as stack:
        figures = bound_figures(Swarm(product, folder / "bound", 32 * MIB, stack))
    return figures + many_capped(product, folder / "capped") + cpu_bound(product, file, folder)
