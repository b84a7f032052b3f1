"""latency: L1 (connect against iroh's), L2 (cold connect to the first verified 16 KiB against our own connect)."""

import pathlib

import peers
from figures import Figure, at_most, ratio_figure
from measure import NotRun, random_file, run
from nodes import Product, serving

PAIRS = 7
CONNECTS = 200


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
    return [*l1, ratio_figure("L2", firsts, allowed, at_most(1.0), "first 16 KiB p50", "1.1 x own connect + 0.3 =", "ms")]


def iroh_connect_ms(server: peers.LineServer, *options: str) -> float:
    report = run(peers.RUST_PEER, "bench-connect", *peers.at(server), "--count", CONNECTS, *options).json()
    return report["connect_ms"]["p50"]
