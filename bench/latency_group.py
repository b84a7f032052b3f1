"""latency: L1 (connect against iroh's), L2 (cold connect to the first verified 16 KiB against our own connect), L3 (one
more request on a warm connection)."""

import pathlib
import statistics

import peers
from figures import Figure, at_most, ratio_figure
from measure import GIB, NotRun, random_file, run
from nodes import Product, serving

PAIRS = 7
CONNECTS = 200
LARGE = 10 * GIB
ASKED = 2000


def warm_figures(product: Product, folder: pathlib.Path) -> list[Figure]:
    """L3, of a film with holes: what is asked is in no disk's way."""
    film = folder / "film"
    with open(film, "wb") as file:
        file.truncate(LARGE)
    with serving(product, film, folder / "film-node") as node:
        reports = [run(product.bench("ask_bench"), node.peer, node.blake3, LARGE, ASKED).json() for _ in range(PAIRS)]
    p50, p99 = (statistics.median(report[name] for report in reports) for name in ("p50", "p99"))
    return [Figure("L3", p50, at_most(0.25), f"16 KiB at random of 10 GiB on a warm connection, p50 of {ASKED}, {PAIRS} runs", " ms"),
            Figure("L3-p99", p99, at_most(1), "the same, p99", " ms")]


def measure(product: Product, file: pathlib.Path, folder: pathlib.Path) -> list[Figure]:
    del file
    small = random_file(folder / "small", 1 << 20)
    ours, both, theirs, full = [], [], [], []
    lacking = ""
    with serving(product, small, folder / "serve") as node:
        try:
            with peers.iroh_raw_receiver() as iroh:
                for _ in range(PAIRS):
                    ours.append(run(product.bench("connect_bench"), node.peer, CONNECTS).json()["connect_ms"]["p50"])
                    theirs.append(iroh_connect_ms(iroh))
                    full.append(iroh_connect_ms(iroh, "--no-resume"))
        except NotRun as reason:
            lacking = str(reason)
        for _ in range(PAIRS):
            both.append(run(product.bench("connect_bench"), node.peer, CONNECTS, node.blake3).json())
    connects = [report["connect_ms"]["p50"] for report in both]
    firsts = [report["first_16k_ms"]["p50"] for report in both]
    allowed = [1.1 * connect + 0.3 for connect in connects]
    l1 = [Figure("L1", None, at_most(0.75), lacking)] if lacking else [
        ratio_figure("L1", ours, theirs, at_most(0.75), "connect p50", "iroh", "ms"),
        ratio_figure("L1-full", ours, full, None, "connect p50", "iroh without resumption", "ms")]
    return [*l1, ratio_figure("L2", firsts, allowed, at_most(1.0), "first 16 KiB p50", "1.1 x own connect + 0.3 =", "ms"),
            *warm_figures(product, folder)]


def iroh_connect_ms(server: peers.LineServer, *options: str) -> float:
    report = run(peers.rust_peer(), "bench-connect", *peers.at(server), "--count", CONNECTS, *options).json()
    return report["connect_ms"]["p50"]
