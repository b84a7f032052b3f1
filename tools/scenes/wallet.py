"""A wallet that pays across mints: two linked test mints, 1,000 sat minted at one of them, 500 of it swapped to the other.

The wallet is killed with SIGKILL while its payment is under way, and goes on afterwards. Prints where every sat is, by the
wallet's own history and by the mints' own databases. Exits 1 when the two differ.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from local_mints import Mints  # noqa: E402
from local_node import Node  # noqa: E402
from two_nodes import require  # noqa: E402

MINTED, SWAPPED, MOST_FEE = 1000, 500, 20
SWAP_LIMIT_S = 60


def report(mints, url):
    said = mints.control("report", url=url)
    require(said["balanced"], f"{url}: its own book does not balance: {said['remarks']}")
    return said


def swap_and_kill(node, mints, home, other):
    """SIGKILL while the payment lies at the mint, which has carried it out and has not answered."""
    mints.faults({"fault": "delay_after", "route": "POST /v1/melt/bolt11", "ms": 600_000})
    before = mints.control("requests")["executed"]
    command = node.command("wallet", "swap", SWAPPED, "--from", home, "--to", other, "--max-fee", MOST_FEE)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + SWAP_LIMIT_S
    while report(mints, home)["melted"] == 0:
        require(process.poll() is None, "the swap ended before it was to be killed")
        require(time.monotonic() < until, "the payment never reached the mint")
        time.sleep(0.01)  # another process's book: polled
    process.kill()
    process.wait()
    mints.control("cut", {})
    mints.no_faults()
    print(f"killed with SIGKILL: the mint had paid, the wallet did not know ({mints.control('requests')['executed'] - before} requests)")


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--bin", required=True)
    given = arguments.parse_args()
    testmint = pathlib.Path(given.bin).parent / "testmint" / "testmint"
    with tempfile.TemporaryDirectory(prefix="archipelago-scene-") as temp:
        node = Node(given.bin, pathlib.Path(temp) / "wallet")
        mints = Mints(testmint, "--mint", "home:100:v2", "--mint", "shop:0:v1")
        try:
            home, other = mints.urls["home"], mints.urls["shop"]
            node.must("wallet", "init")
            for url in (home, other):
                node.must("wallet", "mints", "add", url)
            mints.pay(node.must("wallet", "mint", MINTED, "--no-wait")[0]["invoice"])
            node.must("wallet", "resume")
            print(f"minted {MINTED} sat at {home}")
            swap_and_kill(node, mints, home, other)
            balances = {row["url"]: row for row in node.must("wallet", "balance")[0]["mints"]}
            print(f"after the death: {balances[home]['balance_sats']} sat at home, {balances[home]['in_recovery_sats']} in recovery, "
                  f"{balances[other]['balance_sats']} at the other mint")
            node.must("wallet", "resume")
            print("resumed")
            explain(node, mints, home, other)
        finally:
            mints.stop()


def explain(node, mints, home, other):
    history = node.must("wallet", "history")
    for row in reversed(history):
        part = f" (part of {row['part_of']})" if row["part_of"] else ""
        print(f"  {row['operation']:>2} {row['kind']:<10} {row['state']:<6} {row['amount_sats']:>5} sat, fee {row['fee_sats']}, {row['mint']}{part}")
    swap = next((row for row in history if row["kind"] == "cross_swap"), None)
    require(swap is not None and swap["state"] == "done", f"the swap is not done: {swap}")
    balances = {row["url"]: row["balance_sats"] for row in node.must("wallet", "balance")[0]["mints"]}
    fee = swap["fee_sats"]
    print(f"{MINTED} minted = {balances[home]} at home + {balances[other]} at the other mint + {fee} in fees (at most {MOST_FEE})")
    require(balances[other] == SWAPPED, f"{balances[other]} sat arrived, not {SWAPPED}")
    require(balances[home] + balances[other] + fee == MINTED, "they do not add up")
    require(fee <= MOST_FEE, "it cost more than it was to cost at most")
    for url in (home, other):
        owed = report(mints, url)["outstanding"]
        print(f"{url} owes {owed} sat by its own database")
        require(owed == balances[url], f"the wallet holds {balances[url]} sat of {url}")
    print("every sat is where the books say")


if __name__ == "__main__":
    main()
