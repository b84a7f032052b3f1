"""start: C1 (exec to serving, empty store), C2 (size of the stripped program)."""

import pathlib
import statistics
import subprocess
import time

from figures import Figure, at_most
from nodes import Product, Server

STARTS = 20


def start_ms(product: Product, data_dir: pathlib.Path) -> float:
    began = time.perf_counter()
    server = Server(product.node(data_dir))  # returns with the line that says where it listens
    took = (time.perf_counter() - began) * 1e3
    server.stop()
    return took


def empty_process_ms() -> float:
    began = time.perf_counter()
    subprocess.run(["/bin/true"], check=True)
    return (time.perf_counter() - began) * 1e3


def measure(product: Product, file: pathlib.Path, folder: pathlib.Path) -> list[Figure]:
    del file
    node = product.node(folder / "start")
    node.must("init")
    starts, empty = [], []
    for _ in range(STARTS):
        starts.append(start_ms(product, folder / "start"))
        empty.append(empty_process_ms())
    starts.sort()
    stripped = folder / "stripped"
    subprocess.run(["strip", "-o", stripped, product.binary], check=True)
    size = stripped.stat().st_size / (1 << 20)
    return [
        Figure("C1", statistics.median(starts), at_most(25), f"exec to serving, p50 of {STARTS}, {starts[0]:.1f}-{starts[-1]:.1f}; an empty process {statistics.median(empty):.1f} ms", " ms"),
        Figure("C2", size, at_most(4), "the stripped program, Debian's shared libraries beside it", " MiB"),
    ]
