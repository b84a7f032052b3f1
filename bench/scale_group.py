"""scale: S1, S2, S4 (a store of 1e3 to 1e6 blobs of 4 KiB), C1-1e6 (starting on it), M2 (idle connections)."""

import pathlib
import statistics
import subprocess

import peers
from figures import Figure, at_least, at_most, ratio_figure
from measure import NotRun, run, stopped_after
from nodes import Product, forget, serving
from start_group import start_ms

THOUSAND, HUNDRED_THOUSAND, MILLION = 1000, 100_000, 1_000_000
PAIRS = 5
STARTS = 7
OURS, THEIRS, STEPS = 1000, 600, 2


def rate(report: dict, count: int) -> float:
    return count / report["seconds"]


def store_figures(product: Product, folder: pathlib.Path) -> list[Figure]:
    program = product.bench("store_scale_bench")

    def part(name: str, what: str, *count: int) -> dict:
        return run(program, folder / name, what, *count).json()

    def fresh(name: str, what: str, count: int) -> dict:
        forget(folder / name)
        return part(name, what, count)

    ours, bare = [], []
    for _ in range(PAIRS):
        ours.append(rate(fresh("pair", "import", HUNDRED_THOUSAND), HUNDRED_THOUSAND))
        bare.append(rate(fresh("bare", "bare", HUNDRED_THOUSAND), HUNDRED_THOUSAND))
    forget(folder / "bare", folder / "pair")
    small = [fresh("small", "import", THOUSAND)["cpu"] / THOUSAND * 1e6 for _ in range(PAIRS)]
    large = part("large", "import", MILLION)
    each = large["cpu"] / MILLION * 1e6
    part("empty", "open")
    empty_kib, full_kib = part("empty", "open")["rss_kib"], part("large", "open")["rss_kib"]
    at_thousand, at_million = part("small", "lookup", THOUSAND), part("large", "lookup", MILLION)
    info, info_small, read = at_million["info_us"], at_thousand["info_us"], at_million["read_us"]
    return [
        Figure("S1", rate(large, MILLION) / 1000, at_least(20), f"1e6 blobs of 4 KiB, durable in batches of 1000, {large['seconds']:.0f} s", " k/s"),
        ratio_figure("S1-bare", ours, bare, at_least(0.6), "1e5 blobs", "a bare SQLite table", "blobs/s"),
        Figure("S1-growth", each / statistics.median(small), at_most(1.5), f"CPU a blob at 1e6 {each:.1f} us, at 1e3 {statistics.median(small):.1f} us"),
        Figure("S2", info, at_most(6), f"look-up at 1e6, p50; with its bytes {info + read:.1f} us", " us"),
        Figure("S2-growth", info / info_small, at_most(2), f"the same at 1e3: {info_small:.2f} us"),
        Figure("S4", (full_kib - empty_kib) * 1024 / MILLION, at_most(120), f"open store of 1e6: {full_kib} KiB resident, empty: {empty_kib}", " B"),
        Figure("S4-used", (at_million["rss_kib"] - empty_kib) * 1024 / MILLION, at_most(120), f"the same after 40,000 look-ups: {at_million['rss_kib']} KiB", " B"),
    ]


def start_figures(product: Product, folder: pathlib.Path) -> list[Figure]:
    """On the store that store_figures() left."""
    empty, full = [], []
    for _ in range(STARTS):
        empty.append(start_ms(product, folder / "empty"))
        full.append(start_ms(product, folder / "large"))
    took = statistics.median(full)
    return [
        Figure("C1-1e6", took, at_most(100), f"exec to serving with 1e6 blobs, p50 of {STARTS}; empty {statistics.median(empty):.1f} ms", " ms"),
        Figure("C1-growth", took / statistics.median(empty), at_most(4), "the same by that of an empty store"),
    ]


def resident_kib(pid: int) -> int:
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise RuntimeError(f"no memory of {pid}")


def idle_kib(product: Product, peer: str, pid: int, count: int) -> float:
    """What the server's memory grows by for each connection, between the first half of them and all."""
    client = subprocess.Popen([product.bench("idle_bench"), peer, str(count), str(STEPS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True)
    with stopped_after(client):
        sizes = []
        for _ in range(STEPS):
            if not client.stdout.readline():
                raise NotRun(f"idle_bench: {client.stderr.read().strip()}")
            sizes.append(resident_kib(pid))
            client.stdin.write("\n")
            client.stdin.flush()
        return (sizes[-1] - sizes[0]) / (count - count // STEPS)


def idle_figures(product: Product, file: pathlib.Path, folder: pathlib.Path) -> list[Figure]:
    with serving(product, file, folder / "idle") as node:
        ours = idle_kib(product, node.peer, node.pid, OURS)
    figures = [Figure("M2", ours, at_most(16), f"the server's memory for one of {OURS} idle connections", " KiB")]
    try:
        with peers.iroh_provider(file) as (iroh, address):
            theirs = idle_kib(product, address, iroh.pid, THEIRS)
        return [*figures, Figure("M2-iroh", ours / theirs, at_most(0.5), f"the same by that of stock iroh with {THEIRS}: {theirs:.1f} KiB")]
    except NotRun as reason:
        return [*figures, Figure("M2-iroh", None, at_most(0.5), str(reason))]


def measure(product: Product, file: pathlib.Path, folder: pathlib.Path) -> list[Figure]:
    for name in ("empty", "large"):
        product.node(folder / name).must("init")
    figures = store_figures(product, folder) + start_figures(product, folder)
    forget(folder / "large")
    return figures + idle_figures(product, file, folder)
