"""Buying bytes: a buyer with ecash of the wrong mint, two sellers at different prices, a slow free origin behind them.

Then sellers that cheat, and an empty wallet. Prints who gave what for how much, and where every sat is by the wallets of
buyer and sellers and by the mints' own databases. Exits 1 when a sum or a source is not as it has to be.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from local_mints import Mints, control  # noqa: E402
from local_node import Daemon, Node, Origin, random_file, sha256_of  # noqa: E402
from two_nodes import require  # noqa: E402

MIB = 1 << 20
SIZE, SMALL = 256 * MIB, 24 * MIB
CHEAP, DEAR = 1, 2  # sat a MiB
FUNDS, BUDGET, MOST_FEE = 3000, 600, 30
SLOW = "drip:1048576:0.5"  # 2 MiB/s
CHEATS = {"denies": "denies", "stalls": "stalls", "dearer": "asks for more than he did"}
SWARM = {"ARCHIPELAGO_SWARM_ENABLED": "true", "ARCHIPELAGO_SWARM_BIND": "127.0.0.1:0"}
CAPS = {
    "ARCHIPELAGO_PAYMENT_BUDGET_SATS": str(BUDGET), "ARCHIPELAGO_PAYMENT_MAX_FEE_SATS": str(MOST_FEE),
    "ARCHIPELAGO_PAYMENT_PEER_SATS": str(4 * BUDGET), "ARCHIPELAGO_PAYMENT_DAY_SATS": str(4 * BUDGET)}


class Seller:
    def __init__(self, given, folder, name, price, mint, file):
        self.name, self.price = name, price
        node = Node(given.bin, folder / name)
        node.must("wallet", "init")
        node.must("wallet", "mints", "add", mint)
        self.blake3 = node.must("add", "--in-place", file)[0]["blake3"]
        node.must("service", "set", "content-download", "--on", "--price", price, "--step", MIB)
        self.daemon = Daemon(node, **SWARM)
        self.id = self.daemon.hello["endpoint_id"]
        self.peer = f"{self.id}@{self.daemon.ports['swarm'][0]}"

    def balance(self):
        return balance(self.daemon)

    def sold(self):
        """(bytes delivered, msat paid in, msat used) over all sessions."""
        sessions = self.daemon.result("streaming.sessions", {"closed_too": True})["sessions"]
        return tuple(sum(row[name] for row in sessions) for name in ("units", "credit_msat", "used_msat"))


def balance(daemon):
    rows = daemon.result("wallet.balance")["mints"]
    require(all(row["in_recovery_sats"] == 0 for row in rows), f"something is not decided: {rows}")
    return sum(row["balance_sats"] for row in rows)


def owed(mints):
    """What both mints owe, by their own databases."""
    reports = [control(url, "report") for url in mints.urls.values()]
    require(all(report["balanced"] for report in reports), f"a mint's book does not balance: {reports}")
    return sum(report["outstanding"] for report in reports)


def get(buyer, blake3, peers, origin, out):
    """The lines that `get` printed."""
    words = [word for peer in peers for word in ("--from", peer)]
    command = buyer.node.command("get", blake3, *words, "--origin", origin, "-o", out, "--explain")
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    require(done.returncode == 0, f"get: exit {done.returncode}: {done.stderr.strip()}")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    for row in rows:
        if "source" in row:
            print(f"  {row['source']}: {row['verified_bytes'] / MIB:.1f} MiB, {row['outcome']}")
        elif "seller" in row:
            print(f"  {row['seller'][:10]} was paid {row['paid_sats']} sat in {row['payments']} payments, {row['fees_sats']} in fees, "
                  f"{row['lost_sats']} for nothing")
    return rows


def brought(rows, peer):
    """Bytes from one source: a peer's id, or "origin"."""
    return sum(row["verified_bytes"] for row in rows if "source" in row and (row["kind"] == peer or peer[:10] in row["source"]))


def bills(rows):
    return {row["seller"]: row for row in rows if "seller" in row}


def buy_from_two(mints, buyer, cheap, dear, origin, file, folder):
    print(f"\n{SIZE // MIB} MiB: {cheap.name} asks {CHEAP} sat a MiB, {dear.name} {DEAR}, the origin nothing and gives 2 MiB/s")
    before = balance(buyer)
    rows = get(buyer, cheap.blake3, [cheap.peer, dear.peer], f"{origin.url}/{file.name}?fault={SLOW}", folder / "bought")
    require(sha256_of(folder / "bought") == sha256_of(file), "the file is not what was sold")
    spent = before - balance(buyer)
    paid, fees = (sum(bill[name] for bill in bills(rows).values()) for name in ("paid_sats", "fees_sats"))
    print(f"paid {paid} sat and {fees} in fees = {spent} that left the wallet")
    require(paid + fees == spent, f"{spent} sat left the wallet")
    require(paid + fees <= BUDGET + MOST_FEE, "more was paid than the caps allow")
    require(brought(rows, cheap.id) > 0, "nothing came from the cheap seller")
    require(brought(rows, cheap.id) + brought(rows, dear.id) + brought(rows, "origin") == SIZE, "the sources do not add up")
    for seller in (cheap, dear):
        units, credit, used = seller.sold()
        bill = bills(rows).get(seller.id, {"paid_sats": 0})
        print(f"{seller.name}: delivered {units / MIB:.1f} MiB, {credit / 1000:.0f} sat paid in, {used / 1000:.1f} used, {seller.balance()} in its wallet")
        require(credit == 1000 * bill["paid_sats"] == 1000 * seller.balance(), "buyer and seller do not agree")
        require(used == 1000 * -(-units * seller.price // MIB) or used <= credit, "more was used than was paid")
        require(brought(rows, seller.id) <= units, "bytes came that were not metered")


def cheat(given, mints, buyer, thief, how, origin, file, folder):
    """One seller that cheats beside the origin. What it takes it redeems."""
    before = balance(buyer)
    command = [pathlib.Path(given.bin).parent / "interop" / "cheating_seller", file, how, "1", mints.urls["shop"]]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    hello = json.loads(process.stdout.readline())
    out = folder / f"from-{how}"
    words = ["--from", hello["peer"], "--origin", f"{origin.url}/{file.name}?fault={SLOW}", "-o", out, "--explain"]
    getting = subprocess.Popen(buyer.node.command("get", hello["blake3"], *words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    taken = 0
    token = process.stdout.readline()
    while token:
        done = subprocess.run(thief.command("wallet", "receive", "-"), input=json.loads(token)["token"], capture_output=True, text=True, timeout=60)
        require(done.returncode == 0, f"the thief: {done.stderr.strip()}")
        taken += json.loads(done.stdout.splitlines()[-1])["amount_sats"]
        process.stdin.write("\n")
        process.stdin.flush()
        if how != "dearer":
            break
        token = None
    said, errors = getting.communicate(timeout=300)
    process.stdin.close()
    process.wait(timeout=20)
    require(getting.returncode == 0, f"get: exit {getting.returncode}: {errors.strip()}")
    require(sha256_of(out) == sha256_of(file), "the file is not what was asked for")
    rows = [json.loads(line) for line in said.splitlines()]
    spent = before - balance(buyer)
    from_cheat = brought(rows, hello["peer"])
    print(f"a seller that {CHEATS[how]}: took {taken} sat, gave {from_cheat / MIB:.1f} MiB; the rest came from the origin; {spent} sat left the wallet")
    bill = sum(row["paid_sats"] + row["fees_sats"] for row in rows if "seller" in row)
    require(bill == spent, f"the receipt says {bill} sat")
    require(taken <= 10, "more than one instalment was at risk")
    return taken


def decided(buyer):
    """A token that was made when its fetch ended, and handed to nobody, is had back within a minute."""
    until = time.monotonic() + 90
    while [row for row in buyer.result("streaming.purchases", {"limit": 1000})["purchases"] if row["state"] == "open"]:
        require(time.monotonic() < until, "a purchase is never decided")
        time.sleep(0.2)  # another process's books: polled


def empty_wallet(given, mints, seller, origin, file, folder):
    node = Node(given.bin, folder / "poor")
    node.must("wallet", "init")
    node.must("wallet", "mints", "add", mints.urls["home"])
    with Daemon(node, **SWARM, **CAPS) as poor:
        rows = get(poor, seller.blake3, [seller.peer], f"{origin.url}/{file.name}", folder / "for-nothing")
    require(sha256_of(folder / "for-nothing") == sha256_of(file), "the file is not what was asked for")
    require(brought(rows, "origin") == SIZE and not bills(rows), f"it did not all come from the origin: {rows}")
    print("an empty wallet: all of it from the origin, exit 0")


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--bin", required=True)
    given = arguments.parse_args()
    testmint = pathlib.Path(given.bin).parent / "testmint" / "testmint"
    with tempfile.TemporaryDirectory(prefix="archipelago-scene-") as temp:
        folder = pathlib.Path(temp)
        (folder / "origin").mkdir()
        file = random_file(folder / "origin" / "film", SIZE)
        mints = Mints(testmint, "--mint", "home:100:v2", "--mint", "shop:0:v1")
        buyer_node, thief = Node(given.bin, folder / "buyer"), Node(given.bin, folder / "thief")
        with Origin(folder / "origin") as origin:
            try:
                for node, names in ((buyer_node, ("home", "shop")), (thief, ("shop",))):
                    node.must("wallet", "init")
                    for name in names:
                        node.must("wallet", "mints", "add", mints.urls[name])
                mints.pay(buyer_node.must("wallet", "mint", FUNDS, "--no-wait")[0]["invoice"])
                buyer_node.must("wallet", "resume")
                print(f"the buyer has {FUNDS} sat at home; both sellers take ecash of shop only")
                cheap, dear = (Seller(given, folder, name, price, mints.urls["shop"], file)
                               for name, price in (("cheap", CHEAP), ("dear", DEAR)))
                with cheap.daemon, dear.daemon, Daemon(buyer_node, **SWARM, **CAPS) as buyer:
                    buy_from_two(mints, buyer, cheap, dear, origin, file, folder)
                    print("\nsellers that cheat")
                    for how in CHEATS:
                        cheat(given, mints, buyer, thief, how, origin, random_file(folder / "origin" / how, SMALL), folder)
                    print("\nan empty wallet")
                    empty_wallet(given, mints, cheap, origin, file, folder)
                    decided(buyer)
                    stolen = thief.must("wallet", "balance")[0]["total_sats"]
                    held = balance(buyer) + cheap.balance() + dear.balance() + stolen
                    print(f"\n{held} sat are in the wallets of buyer, sellers and thief; the mints owe {owed(mints)}")
                    require(held == owed(mints), "they do not add up")
            finally:
                mints.stop()
    print("every sat is where the books say")


if __name__ == "__main__":
    main()
