"""pay: what payment costs the seller of bytes. PAY1 (throughput of paid requests against free ones), PAY2 (CPU of a paid request beyond a
free one's), PAY3 (syncs of files, by 16 MiB delivered and by payment)."""

import pathlib
import re
import signal
import statistics
import subprocess

from figures import Figure, at_least, at_most, ratio_figure
from measure import cpu_of, random_file, run
from nodes import Daemon, Mints, Product
from struck import strace

MIB = 1 << 20
SIZE = 256 * MIB
STEP = 64 * MIB  # for a sat
SATS = 20  # of a token: more than any run uses up
PAIRS = 9
WIDE, WIDE_COUNT = MIB, 768
NARROW, NARROW_COUNT = 16 << 10, 16_000
SETTLED = 16 * MIB
TOKENS = 2 * PAIRS + 4


class Shop:
    """A selling node, a file that is sold and one that is free, and a purse of tokens."""

    def __init__(self, product: Product, folder: pathlib.Path, mints: Mints):
        self.bench = product.bench("pay_bench")
        self.purse, seller = product.node(folder / "purse"), product.node(folder / "seller")
        for node in (self.purse, seller):
            node.must("wallet", "init")
            node.must("wallet", "mints", "add", mints.url)
        self.purse.must("wallet", "mint", str(2 * SATS * TOKENS))
        sold, free = (random_file(folder / name, SIZE) for name in ("sold", "free"))
        self.sold = seller.must("add", "--class", "paid", sold)[0]["blake3"]
        self.free = seller.must("add", "--class", "public", free)[0]["blake3"]
        self.daemon = Daemon(seller, ARCHIPELAGO_SWARM_ENABLED="true", ARCHIPELAGO_SWARM_BIND="127.0.0.1:0")
        service = next(row for row in self.daemon.result("streaming.list-services")["services"] if row["service"] == "content-download")
        self.daemon.result("streaming.configure-service", {"service": "content-download", "revision": service["revision"], "enabled": True,
                                                           "step_size": STEP, "price_per_step_sats": 1})
        self.peer = f"{self.daemon.hello['endpoint_id']}@{self.daemon.ports['swarm'][0]}"
        self.token_file = folder / "token"

    def token(self) -> pathlib.Path:
        self.token_file.write_text(self.purse.must("wallet", "send", str(SATS))[0]["token"])
        return self.token_file

    def costs(self, paid: bool, size: int, count: int) -> tuple[float, float]:
        """Of `count` requests: seconds, and the seller's CPU in them (a payment's, too)."""
        words = [self.token()] if paid else []
        before = cpu_of(self.daemon.process.pid)
        seconds = run(self.bench, self.peer, self.sold if paid else self.free, SIZE, size, count, *words).json()["seconds"]
        return seconds, cpu_of(self.daemon.process.pid) - before


def syncs_of(pid: int, deed) -> int:
    """fsync and fdatasync of a running process during it."""
    watch = subprocess.Popen([strace(), "-f", "-e", "trace=fsync,fdatasync", "-p", str(pid)], stderr=subprocess.PIPE, text=True)
    lines = [watch.stderr.readline()]
    assert "attached" in lines[0], lines
    deed()
    watch.send_signal(signal.SIGINT)
    return len(re.findall(r"\bf(?:data)?sync\(", watch.communicate(timeout=30)[1]))


def throughput(shop: Shop, name: str, size: int, count: int, bar: float) -> tuple[Figure, list[float]]:
    """And by how much the seller's CPU of a paid request is more than a free one's. Units: us."""
    free, paid, more = [], [], []
    for side in (False, True):
        shop.costs(side, size, count // 8)
    for _ in range(PAIRS):
        seconds, cpu = shop.costs(False, size, count)
        paid_seconds, paid_cpu = shop.costs(True, size, count)
        free.append(count * size / MIB / seconds)
        paid.append(count * size / MIB / paid_seconds)
        more.append(1e6 * (paid_cpu - cpu) / count)
    return ratio_figure(name, paid, free, at_least(bar), f"paid in ranges of {size >> 10} KiB", "free", "MiB/s"), more


def measure(product: Product, file: pathlib.Path, folder: pathlib.Path) -> list[Figure]:
    del file
    mints = Mints(product.build / "testmint" / "testmint", "--auto-pay")
    shop = None
    try:
        shop = Shop(product, folder, mints)
        wide, _ = throughput(shop, "PAY1", WIDE, WIDE_COUNT, 0.98)
        narrow, more = throughput(shop, "PAY1-16", NARROW, NARROW_COUNT, 0.90)
        pid = shop.daemon.process.pid
        one, many = (syncs_of(pid, lambda count=count: shop.costs(True, WIDE, count)) for count in (1, WIDE_COUNT))
        token = {"token": shop.token().read_text()}
        plain = syncs_of(pid, lambda: shop.daemon.result("wallet.receive", token))
    finally:
        if shop:
            shop.daemon.stop()
        mints.stop()
    delivered = WIDE_COUNT * WIDE // SETTLED
    return [
        wide, narrow,
        Figure("PAY2", statistics.median(more), at_most(5), f"the seller's CPU of a paid request of 16 KiB beyond a free one's, {PAIRS} pairs of {NARROW_COUNT}, a payment "
               f"among each, spread {min(more):.1f}-{max(more):.1f}", " us"),
        Figure("PAY3", (many - one) / delivered, at_most(1), f"{many - one} syncs more for {delivered} times 16 MiB", ""),
        Figure("PAY3-token", one - plain, at_most(1), f"{one} syncs of a payment with one request, {plain} of receiving such a token into the wallet", ""),
    ]
