"""Two nodes that trade: one sells a file by the MiB for ecash of a test mint, the other buys it within its caps.

    trade_test.py --bin ARCHIPELAGO --testmint TESTMINT
"""

import argparse
import pathlib
import subprocess
import tempfile

from local_mints import Mints
from local_node import Daemon, Node, random_file

MIB = 1 << 20


def wallet(node, *words):
    done = subprocess.run(node.command("wallet", *words), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return done.stdout


def fetched(buyer, seller, blake3):
    """The fetch of it from the seller alone, once it has ended."""
    started = buyer.result("fetch.start", {"content": blake3, "peers": [seller]})
    return buyer.fetch_ended(started["fetch"])


def balance(daemon):
    return sum(row["balance_sats"] for row in daemon.result("wallet.balance")["mints"])


def main():
    given = argparse.ArgumentParser()
    given.add_argument("--bin", required=True)
    given.add_argument("--testmint", required=True)
    given = given.parse_args()
    with tempfile.TemporaryDirectory() as root:
        root = pathlib.Path(root)
        mints = Mints(given.testmint, "--auto-pay")
        try:
            trade(given.bin, mints, root)
        finally:
            mints.stop()
    print("a node sold what another one bought, to the sat")


def trade(binary, mints, root):
    seller_node, buyer_node = Node(binary, root / "seller"), Node(binary, root / "buyer")
    for node in (seller_node, buyer_node):
        wallet(node, "mints", "add", mints.url)
    wallet(buyer_node, "mint", "500")
    files = [random_file(root / f"file{number}", 12 * MIB) for number in range(3)]
    free, sold, dear = [seller_node.must("add", path)[0]["blake3"] for path in files]
    swarm = {"ARCHIPELAGO_SWARM_ENABLED": "true", "ARCHIPELAGO_SWARM_BIND": "127.0.0.1:0"}
    caps = {"ARCHIPELAGO_PAYMENT_BUDGET_SATS": "200", "ARCHIPELAGO_PAYMENT_MAX_FEE_SATS": "5", "ARCHIPELAGO_PAYMENT_PEER_SATS": "400", "ARCHIPELAGO_PAYMENT_DAY_SATS": "400"}
    with Daemon(seller_node, **swarm) as seller, Daemon(buyer_node, **swarm, **caps) as buyer:
        peer = f"{seller.hello['endpoint_id']}@{seller.ports['swarm'][0]}"
        # Every service is off: what is offered is free.
        assert fetched(buyer, peer, free)["state"] == "complete"
        assert balance(buyer) == 500
        revision = next(row["revision"] for row in seller.result("streaming.list-services")["services"] if row["service"] == "content-download")
        service = {"service": "content-download", "revision": revision, "enabled": True, "price_per_step_sats": 2, "step_size": MIB}
        service = seller.result("streaming.configure-service", service)
        ended = fetched(buyer, peer, sold)
        assert ended["state"] == "complete" and ended["from_peers_bytes"] == 12 * MIB, ended
        assert balance(buyer) == 500 - 24, balance(buyer)
        assert balance(seller) == 24, balance(seller)
        sessions = seller.result("streaming.sessions")["sessions"]
        assert len(sessions) == 1, sessions
        # A price beyond the cap is not paid, not even in part.
        service |= {"price_per_step_sats": 100, "revision": service["revision"]}
        service = seller.result("streaming.configure-service", {key: service[key] for key in ("service", "revision", "price_per_step_sats")})
        ended = fetched(buyer, peer, dear)
        assert ended["state"] == "failed", ended
        assert balance(buyer) == 500 - 24 and balance(seller) == 24


if __name__ == "__main__":
    main()
