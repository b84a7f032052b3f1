"""wallet: W1 (receive of a 64-proof token against the bare curve calls, and against cashu-ts), W2 (proofs into wallet.db),
W3 (balance and selection among a million proofs), all of it CPU time. W4: the wall of a swap between two mints."""

import os
import pathlib
import statistics
import time

import peers
from figures import Figure, at_least, at_most, ratio_figure
from measure import NotRun, cpu_of, run
from nodes import Daemon, Mints, Product

ROUNDS = 15
THEIR_ROUNDS = 5
BOOKED, RUNS = 10_000, 5
MILLION = 1_000_000
SWAPS, SWAPPED, MOST_FEE = 30, 100, 20
SWAP_TRIPS = 5  # both quotes, the payment, what became of the target's quote, the claim


def receive(product: Product, *options: str) -> dict:
    return run(product.bench("wallet_bench"), "receive", ROUNDS, *options).json()


def cashu_ts_ms(product: Product, folder: pathlib.Path) -> list[float]:
    prefix = peers.cashu_ts()
    token = folder / "token.json"
    token.write_text(run(product.bench("wallet_bench"), "token").output)
    program = pathlib.Path(__file__).with_name("wallet_cashu_ts.mjs")
    environment = os.environ | {"ARCHIPELAGO_CASHU_TS": str(prefix)}
    return run(prefix / "node", program, THEIR_ROUNDS, token, env=environment).json()["receive_ms"]


def receive_figures(product: Product, folder: pathlib.Path) -> list[Figure]:
    new, old = receive(product), receive(product, "v1")
    ours = new["receive_ms"]
    figures = [
        ratio_figure("W1", new["bare_ms"], ours, at_least(0.85), "bare libsecp256k1 calls", "receive of 64 proofs", "ms"),
        ratio_figure("W1-v1", old["bare_ms"], old["receive_ms"], None, "the same with a keyset of version 1", "receive", "ms"),
    ]
    try:
        theirs = cashu_ts_ms(product, folder)
    except NotRun as reason:
        return [*figures, Figure("W1-ts", None, at_least(40), str(reason))]
    # One process after the other: no pairs, so the medians.
    ratio = statistics.median(theirs) / statistics.median(ours)
    return [*figures, Figure("W1-ts", ratio, at_least(40), f"cashu-ts {statistics.median(theirs):.0f} ms, ours {statistics.median(ours):.1f} ms")]


def slowed(mints: Mints, rtt_ms: int) -> None:
    """Every answer of theirs takes so much longer."""
    for url in mints.urls.values():
        mints.control("faults", method="DELETE", url=url)
        if rtt_ms:
            mints.control("faults", [{"fault": "delay_before", "ms": rtt_ms, "times": 0}], url=url)


def swap_costs(daemon: Daemon, mints: Mints, rtt_ms: int) -> tuple[list[float], list[float]]:
    """Of each swap: the wall beyond round trips and what the mints compute, and the node's CPU in it. Units: ms."""
    home, other = mints.urls.values()
    rest, cpu = [], []
    for _ in range(SWAPS):
        mints.pay(daemon.result("wallet.mint", {"amount_sats": 2 * SWAPPED, "mint": home})["invoice"])
        daemon.result("wallet.resume")
        slowed(mints, rtt_ms)
        node, others = cpu_of(daemon.process.pid), cpu_of(mints.process.pid)
        began = time.perf_counter()
        row = daemon.result("wallet.swap", {"from": home, "to": other, "amount_sats": SWAPPED, "max_fee_sats": MOST_FEE})
        wall = time.perf_counter() - began
        assert row["state"] == "done", row
        cpu.append(1000 * (cpu_of(daemon.process.pid) - node))
        rest.append(1000 * (wall - (cpu_of(mints.process.pid) - others)) - SWAP_TRIPS * rtt_ms)
        slowed(mints, 0)
    return rest, cpu


def swap_figures(product: Product, folder: pathlib.Path) -> list[Figure]:
    """The mints are on this machine, so what they compute is no round trip of theirs and is taken off too."""
    node = product.node(folder / "swap")
    mints = Mints(product.build / "testmint" / "testmint", "--mint", "home:100:v2", "--mint", "shop:0:v2", "--keep-alive")
    figures = []
    try:
        node.must("wallet", "init")
        for url in mints.urls.values():
            node.must("wallet", "mints", "add", url)
        with Daemon(node) as daemon:
            for name, rtt_ms in (("W4", 0), ("W4-50", 50)):
                rest, cpu = swap_costs(daemon, mints, rtt_ms)
                detail = (f"{SWAPS} swaps at a round trip of {rtt_ms} ms: wall less {SWAP_TRIPS} of them and the mints' CPU, "
                          f"spread {min(rest):.1f}-{max(rest):.1f}; {statistics.median(cpu):.1f} ms of it are the node's CPU")
                figures.append(Figure(name, statistics.median(rest), at_most(10), detail, " ms"))
    finally:
        mints.stop()
    return figures


def measure(product: Product, file: pathlib.Path, folder: pathlib.Path) -> list[Figure]:
    del file
    figures = receive_figures(product, folder)
    put = run(product.bench("wallet_bench"), "put", folder / "put", BOOKED, RUNS).json()["put_us"]
    book = run(product.bench("wallet_bench"), "select", folder / "select", MILLION).json()
    asked = book["balance_ms"] + book["select_ms"]
    return [
        *figures,
        Figure("W2", statistics.median(put), at_most(25), f"{BOOKED} proofs in one transaction, each, {RUNS} runs, spread {min(put):.1f}-{max(put):.1f}", " us"),
        Figure("W3", asked, at_most(1), f"balance {book['balance_ms']:.3f} ms and selection {book['select_ms']:.3f} ms with 1e6 proofs", " ms"),
        Figure("W3-take", book["take_ms"], None, f"{book['taken']} selected proofs taken, with the commit", " ms"),
        *swap_figures(product, folder),
    ]
