"""wallet: W1 (receive of a 64-proof token against the bare curve calls, and against cashu-ts), W2 (proofs into wallet.db),
W3 (balance and selection among a million proofs). All of it CPU time."""

import os
import pathlib
import statistics

import peers
from figures import Figure, at_least, at_most, ratio_figure
from measure import NotRun, run
from nodes import Product

ROUNDS = 15
THEIR_ROUNDS = 5
BOOKED, RUNS = 10_000, 5
MILLION = 1_000_000


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
    ]
