"""Figures as ratios against peers in the same run: run.py --build DIR [group...] [--gate] [--folder DIR].

Groups: hash, start, latency, transfer, link, swarm, http, scale, memory, wallet, pay; none named: all. With --gate the exit code is 1 when a bar is missed
(or could not be measured) that known_misses.md does not list. What each figure is: README.md.
"""

import argparse
import io
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import figures_test  # noqa: E402
import hash_group  # noqa: E402
import http_group  # noqa: E402
import latency_group  # noqa: E402
import link_group  # noqa: E402
import memory_group  # noqa: E402
import pay_group  # noqa: E402
import scale_group  # noqa: E402
import start_group  # noqa: E402
import swarm_group  # noqa: E402
import transfer_group  # noqa: E402
import wallet_group  # noqa: E402
from figures import excused, gate_passes, read_known_misses  # noqa: E402
from measure import GIB, random_file  # noqa: E402
from nodes import Product, forget  # noqa: E402

GROUPS = {"hash": hash_group, "start": start_group, "latency": latency_group, "transfer": transfer_group, "link": link_group,
          "swarm": swarm_group, "http": http_group, "scale": scale_group, "memory": memory_group, "wallet": wallet_group, "pay": pay_group}


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("groups", nargs="*", choices=[[], *GROUPS], metavar="group", help=f"of {', '.join(GROUPS)}")
    parser.add_argument("--build", type=pathlib.Path, required=True, help="a release build with the target all_benches")
    parser.add_argument("--gate", action="store_true", help="exit 1 on a missed bar that is not a known miss")
    parser.add_argument("--folder", type=pathlib.Path, help="where the working files go (default: the system's temporary folder)")
    return parser.parse_args()


def measure_group(name: str, product: Product, file: pathlib.Path, folder: pathlib.Path) -> list:
    folder.mkdir()
    try:
        return GROUPS[name].measure(product, file, folder)
    finally:
        forget(folder)


def busy() -> str:
    """Latencies and whatever depends on wake-ups mean little on a machine that does something else."""
    load = os.getloadavg()[0]
    return f" (load {load:.1f} on {os.cpu_count()} processors: a busy machine distorts latencies and throughput)" if load > os.cpu_count() else ""


def main() -> int:
    options = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: ended"))  # so that folders and children are cleaned up
    product = Product(options.build.resolve())
    if not product.binary.exists():
        sys.exit(f"bench: no {product.binary}: build the release preset first")
    gate_check = unittest.defaultTestLoader.loadTestsFromModule(figures_test)
    if not unittest.TextTestRunner(verbosity=0, stream=io.StringIO()).run(gate_check).wasSuccessful():
        sys.exit("bench: the gate itself is broken: python3 bench/figures_test.py")
    known = read_known_misses(HERE / "known_misses.md")
    figures = []
    began = time.monotonic()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="archipelago-bench-", dir=options.folder))
    try:
        (folder / "files").mkdir()
        file = random_file(folder / "files" / "film.bin", GIB)
        for name in options.groups or GROUPS:
            print(f"== {name}{busy()}", flush=True)
            for figure in measure_group(name, product, file, folder / name):
                figures.append(figure)
                print(figure.line(known), flush=True)
    finally:
        shutil.rmtree(folder)
    missed = [figure.name for figure in figures if figure.missed]
    unlisted = [figure.name for figure in figures if figure.missed and not excused(figure, known)]
    barred = sum(figure.bar is not None for figure in figures)
    met = [figure.name for figure in figures if figure.name in known and not figure.missed]
    if met:
        print(f"reached again, take out of known_misses.md: {', '.join(met)}")
    print(f"bench: {barred - len(missed)} of {barred} bars held in {time.monotonic() - began:.0f} s"
          + (f"; missed: {', '.join(missed)}" if missed else "") + (f"; not excused: {', '.join(unlisted)}" if unlisted else ""))
    return 0 if not options.gate or gate_passes(figures, known) else 1


if __name__ == "__main__":
    sys.exit(main())
