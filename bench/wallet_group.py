"""wallet: W1 (receive of a 64-proof token against the bare curve calls, and against cashu-ts), W2 (proofs into wallet.db),
W3 (balance and selection among a million proofs), all of it CPU time. W4: the wall of a swap between two mints."""

import http.client
import os
import pathlib
import statistics
import time
import urllib.parse

import peers
from figures import Figure, at_least, at_most, ratio_figure
from measure import NotRun, cpu_of, run
from nodes import Daemon, Mints, Product

ROUNDS = 15
THEIR_ROUNDS = 5
BOOKED, RUNS = 10_000, 5
MILLION = 1_000_000
SWAPS, SWAPPED, MOST_FEE = 30, 100, 20
TRIPS = 30
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


def receive_figures(product: Product, folder: pathlib.Path) -> tuple[list[Figure], float]:
    """And the bare curve calls of one proof of the 64 that come in and the 64 that are asked for instead. Units: ms."""
    new, old = receive(product), receive(product, "v1")
    ours = new["receive_ms"]
    curve_ms = statistics.median(new["bare_ms"]) / 128
    figures = [
        ratio_figure("W1", new["bare_ms"], ours, at_least(0.85), "bare libsecp256k1 calls", "receive of 64 proofs", "ms"),
        ratio_figure("W1-v1", old["bare_ms"], old["receive_ms"], None, "the same with a keyset of version 1", "receive", "ms"),
    ]
    try:
        theirs = cashu_ts_ms(product, folder)
    except NotRun as reason:
        return [*figures, Figure("W1-ts", None, at_least(40), str(reason))], curve_ms
    # One process after the other: no pairs, so the medians.
    ratio = statistics.median(theirs) / statistics.median(ours)
    timed = f"cashu-ts {statistics.median(theirs):.0f} ms, ours {statistics.median(ours):.1f} ms"
    return [*figures, Figure("W1-ts", ratio, at_least(40), timed)], curve_ms


def slowed(mints: Mints, rtt_ms: int) -> None:
    """Every answer of theirs takes so much longer."""
    for url in mints.urls.values():
        mints.control("faults", method="DELETE", url=url)
        if rtt_ms:
            mints.control("faults", [{"fault": "delay_before", "ms": rtt_ms, "times": 0}], url=url)


def trip_ms(mints: Mints) -> float:
    """One round trip with such a mint on a connection that stands: a question that costs it nothing, less the CPU that it costs all the same."""
    address = urllib.parse.urlsplit(mints.url)
    connection = http.client.HTTPConnection(address.hostname, address.port)
    walls = []
    before = cpu_of(mints.process.pid)
    for _ in range(TRIPS):
        began = time.perf_counter()
        connection.request("GET", "/v1/info")
        connection.getresponse().read()
        walls.append(time.perf_counter() - began)
    connection.close()
    return 1000 * (statistics.median(walls) - (cpu_of(mints.process.pid) - before) / TRIPS)


def call_ms(daemon: Daemon) -> float:
    """A call to the node that does nothing."""
    walls = []
    for _ in range(TRIPS):
        began = time.perf_counter()
        daemon.result("node.info")
        walls.append(time.perf_counter() - began)
    return 1000 * statistics.median(walls)


def swap_costs(daemon: Daemon, mints: Mints, rtt_ms: int) -> tuple[list[float], list[float]]:
    """Of each swap: the wall less what the mints compute, and the node's CPU in it. Units: ms."""
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
        rest.append(1000 * (wall - (cpu_of(mints.process.pid) - others)))
        slowed(mints, 0)
    return rest, cpu


def swap_figures(product: Product, folder: pathlib.Path, curve_ms: float) -> list[Figure]:
    """The mints are on this machine, so what they compute is no round trip of theirs and is taken off too. `curve_ms`: the bare curve
    calls of one output, of which the swap asks the target for as many as the amount has bits."""
    node = product.node(folder / "swap")
    mints = Mints(product.build / "testmint" / "testmint", "--mint", "home:100:v2", "--mint", "shop:0:v2", "--keep-alive")
    curve = SWAPPED.bit_count() * curve_ms
    figures = []
    try:
        node.must("wallet", "init")
        for url in mints.urls.values():
            node.must("wallet", "mints", "add", url)
        with Daemon(node) as daemon:
            for name, rtt_ms in (("W4", 0), ("W4-50", 50)):
                slowed(mints, rtt_ms)
                trip, call = trip_ms(mints), call_ms(daemon)
                slowed(mints, 0)
                walls, cpu = swap_costs(daemon, mints, rtt_ms)
                rest = [wall - SWAP_TRIPS * trip - call - curve for wall in walls]
                detail = (f"{SWAPS} swaps at a round trip of {rtt_ms} ms: wall less {SWAP_TRIPS} of them ({trip:.2f} ms each), the mints' CPU, an empty call "
                          f"({call:.1f} ms) and the bare curve work of the ecash ({curve:.1f} ms), spread {min(rest):.1f}-{max(rest):.1f}; "
                          f"the node's CPU in all {statistics.median(cpu):.1f} ms")
                figures.append(Figure(name, statistics.median(rest), at_most(10), detail, " ms"))
    finally:
        mints.stop()
    return figures


def measure(product: Product, file: pathlib.Path, folder: pathlib.Path) -> list[Figure]:
    del file
    figures, curve_ms = receive_figures(product, folder)
    put = run(product.bench("wallet_bench"), "put", folder / "put", BOOKED, RUNS).json()["put_us"]
    book = run(product.bench("wallet_bench"), "select", folder / "select", MILLION).json()
    asked = book["balance_ms"] + book["select_ms"]
    return [
        *figures,
        Figure("W2", statistics.median(put), at_most(25), f"{BOOKED} proofs in one transaction, each, {RUNS} runs, spread {min(put):.1f}-{max(put):.1f}", " us"),
        Figure("W3", asked, at_most(1), f"balance {book['balance_ms']:.3f} ms and selection {book['select_ms']:.3f} ms with 1e6 proofs", " ms"),
        Figure("W3-take", book["take_ms"], None, f"{book['taken']} selected proofs taken, with the commit", " ms"),
        *swap_figures(product, folder, curve_ms),
    ]
