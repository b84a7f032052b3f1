"""A mint with a fault proxy before it, for tools/kill_money.py: ours, which can be put back to how it was, or a real one.

What a mint owes is read from its own database, never asked of the wallet.
"""

import os
import pathlib
import shutil
import signal
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "interop"))
sys.dont_write_bytecode = True
import cashu_mints  # noqa: E402
import harness  # noqa: E402
import linked_pair  # noqa: E402
from local_mints import Mints, Program, control  # noqa: E402

FEE_PPK = 100
OURS = {"testmint": (), "uncached": ("--without", "19")}  # uncached: a request that is sent again finds its inputs spent
REAL = {"nutshell": cashu_mints.Nutshell, "cdk": cashu_mints.CdkMintd}


class Proxied:
    """`url` is the proxy's: the only way a wallet knows."""

    def begin(self, proxy, upstream):
        self.proxy = Program(proxy, upstream)
        self.url = self.proxy.hello["url"]

    def faults(self, *script):
        control(self.url, "faults", list(script))

    def no_faults(self):
        control(self.url, "faults", method="DELETE")

    def happened(self):
        return control(self.url, "faults")["happened"]

    def unexecuted(self):
        """Requests that arrived and were not executed, or not yet."""
        requests = control(self.url, "requests")
        return requests["arrived"] - requests["executed"]

    def settle(self):
        """What is held is cut off; what is under way ends."""
        control(self.url, "cut", {})
        until = time.monotonic() + 60
        while control(self.url, "requests")["under_way"]:
            assert time.monotonic() < until, "a request never ends"
            time.sleep(0.002)  # another process's counter: polled


class Testmint(Proxied):
    """`keep` and `put_back`: its book as it was, so that each cell of the matrix begins with the same."""

    can_be_put_back = True

    def __init__(self, given, root, *options):
        self.options, self.binary, self.book, self.kept = options, given.testmint, root / "book", root / "book.kept"
        self.port = cashu_mints.tcp_port()
        self._start()
        self.begin(given.proxy, self.mints.url)

    def _start(self):
        self.mints = Mints(self.binary, "--mint", f"mint:{FEE_PPK}:v2", "--port", self.port, "--data-dir", self.book, "--auto-pay",
                           *self.options)

    def keep(self):
        self.mints.stop()
        shutil.rmtree(self.kept, ignore_errors=True)
        shutil.copytree(self.book, self.kept)
        self._start()

    def put_back(self):
        self.mints.process.send_signal(signal.SIGKILL)
        self.mints.process.communicate()
        shutil.rmtree(self.book)
        shutil.copytree(self.kept, self.book)
        self._start()

    def invoice(self, sats):
        return self.mints.invoice(sats)

    def outstanding(self):
        report = self.mints.control("report")
        if not report["balanced"] or report["pending"]:
            raise AssertionError(f"the mint's own book: {report['pending']} pending, {report['remarks']}")
        return report["outstanding"]

    def stop(self):
        self.proxy.stop()
        self.mints.stop()


class RealMint(Proxied):
    """nutshell or CDK's mint; invoices to be paid are another nutshell's."""

    can_be_put_back = False

    def __init__(self, kind, given):
        self.test = harness.Test(f"kills-{kind}")
        self.mint = REAL[kind](self.test, FEE_PPK).start()
        self.payee = cashu_mints.Nutshell(self.test, 0, name="payee").start()
        self.begin(given.proxy, self.mint.url)

    def invoice(self, sats):
        return self.payee.invoice(sats)

    def outstanding(self):
        """CDK's mint pays a second late: a melt whose wallet was killed ends after it."""
        until = time.monotonic() + 30
        while self.mint.books().pending and time.monotonic() < until:
            time.sleep(0.05)  # another process's database: polled
        if pending := self.mint.books().pending:
            raise AssertionError(f"{pending} sat are pending at the mint")
        return cashu_mints.outstanding(self.mint)

    def stop(self):
        self.proxy.stop()
        self.test.close()


class LinkedMints:
    """Two real mints on one Lightning, each behind a proxy; a script is of both: at each, of the requests that come there."""

    def __init__(self, kinds, given):
        self.test = harness.Test(f"kills-{'-'.join(kinds)}")
        self.pair = linked_pair.linked_pair(self.test, *kinds, fee_ppk=FEE_PPK)
        self.sides = [Proxied(), Proxied()]
        for side, mint in zip(self.sides, self.pair.both):
            side.begin(given.proxy, mint.url)
        self.urls = [side.url for side in self.sides]

    def faults(self, *script):
        for side in self.sides:
            side.faults(*script)

    def no_faults(self):
        for side in self.sides:
            side.no_faults()

    def happened(self):
        return sum(side.happened() for side in self.sides)

    def unexecuted(self):
        return sum(side.unexecuted() for side in self.sides)

    def settle(self):
        for side in self.sides:
            side.settle()

    def outstanding(self):
        return tuple(map(cashu_mints.outstanding, self.pair.both))

    def stop(self):
        for side in self.sides:
            side.proxy.stop()
        self.test.close()


def lack(kind):
    """Why this mint cannot be had here, or None."""
    return None if kind in OURS else harness.missing([kind, "nutshell"])


def open_mint(kind, given, root):
    os.environ.update(cashu_mints.NO_PROXY)
    return Testmint(given, root, *OURS[kind]) if kind in OURS else RealMint(kind, given)
