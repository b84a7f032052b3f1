"""link: T6: QUIC through a bottleneck that loses datagrams, in virtual time: nothing here depends on the machine."""

import pathlib

from figures import Figure, at_least, at_most
from measure import run
from nodes import Product

FAIR = (0.4, 0.6)


def measure(product: Product, file: pathlib.Path, folder: pathlib.Path) -> list[Figure]:
    del file, folder
    program = product.bench("link_bench")
    figures = []
    for name, loss_ppm, bar in (("clean", 0, None), ("0.1%", 1000, at_least(0.85)), ("1%", 10_000, at_least(0.7))):
        bbr, cubic = (run(program, "alone", algorithm, loss_ppm).json() for algorithm in ("bbr", "cubic"))
        figures += [
            Figure(f"T6-{name}", bbr["goodput"], bar, f"bbr, of a link of 500 Mb/s and 20 ms; cubic {cubic['goodput']:.2f}"),
            Figure(f"T6-{name}-q", bbr["queue_dropped"], at_most(0.02), f"of bbr's datagrams the queue had no room for; cubic {cubic['queue_dropped']:.4f}"),
        ]
    share = run(program, "share").json()
    worst = max(FAIR[0] / share["bbr_share"], share["bbr_share"] / FAIR[1])
    return [*figures, Figure("T6-fair", worst, at_most(1), f"bbr's share beside one cubic sender is {share['bbr_share']:.2f} of {share['link_use']:.2f}, wanted {FAIR[0]} to {FAIR[1]}")]
