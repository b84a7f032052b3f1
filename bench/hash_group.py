"""hash: H1 (tree hashing against plain BLAKE3), H2 (import in place), H4 (import by copy), H5 (verify)."""

import pathlib
import re

from figures import Figure, at_least, at_most, ratio_figure
from measure import b3sum, into_page_cache, run
from nodes import Product, forget
from peers import need

PAIRS = 7


def h1(product: Product) -> list[Figure]:
    report = run(product.bench("bao_bench"), may_fail=True).output
    figures = []
    for isa, ratio, rest in re.findall(r"^H1 (\w+) ratio=([0-9.]+) (.*)$", report, re.MULTILINE):
        figures.append(Figure(f"H1-{isa}", float(ratio), at_least(0.95), f"outboard build against BLAKE3, hot 1 MiB; GB/s: {rest}"))
    return figures or [Figure("H1", None, at_least(0.95), f"bao_bench said nothing: {report[:100]}")]


class Import:
    """The rows of one 1 GiB file in the page cache. Costs are CPU seconds of whole processes."""

    def __init__(self, product: Product, file: pathlib.Path, folder: pathlib.Path):
        self.product, self.file, self.folder, self.blake3 = product, file, folder, b3sum(file)
        self.size = file.stat().st_size
        self.cpu: dict[str, list[float]] = {}

    def take(self, name: str, cpu: float) -> None:
        self.cpu.setdefault(name, []).append(cpu)

    def pass_only(self, name: str, *options) -> None:
        """import_bench: BLAKE3 and outboard."""
        cost = run(self.product.bench("import_bench"), self.file, self.folder / "outboard", *options)
        assert cost.json()["blake3"] == self.blake3
        self.take(name, cost.cpu)

    def add(self, name: str, *options) -> None:
        """The product's own `add`, SHA-256 included, into a new node that stays for `verify`."""
        data_dir = self.folder / name
        forget(data_dir)
        node = self.product.node(data_dir)
        node.must("init")
        cost = run(*node.command("add", *options, self.file))
        assert cost.json()["blake3"] == self.blake3
        self.take(name, cost.cpu)

    def verify(self, name: str, of: str) -> None:
        cost = run(*self.product.node(self.folder / of).command("verify"))
        assert cost.json()["bytes"] == self.size and cost.json()["damaged"] == 0
        self.take(name, cost.cpu)

    def copying(self, target: pathlib.Path, measure) -> None:
        """Into pages that another copy has just given back: who is the first to touch new ones pays the machine's host for them."""
        forget(target)
        run("cp", "--reflink=never", self.file, target)
        forget(target)
        measure()

    def one_round(self) -> None:
        into_page_cache(self.file)
        self.pass_only("pass")
        self.take("b3sum", run("b3sum", "--num-threads", "1", self.file).cpu)
        self.take("b3sum-no-mmap", run("b3sum", "--num-threads", "1", "--no-mmap", self.file).cpu)
        self.add("add", "--in-place")
        self.take("sha256", run("openssl", "dgst", "-sha256", self.file).cpu)
        self.verify("verify", "add")
        copy = self.folder / "copy"
        self.copying(copy, lambda: self.pass_only("copy-pass", "--copy", copy))
        self.copying(copy, lambda: self.take("cp", run("cp", "--reflink=never", self.file, copy).cpu))
        forget(copy)
        self.copying(self.folder / "add-copy", lambda: self.add("add-copy"))
        forget(self.folder / "add-copy")

    def ratio(self, figure: str, ours: str, theirs: list[str], bar, label: str) -> Figure:
        reference = [sum(parts) for parts in zip(*(self.cpu[name] for name in theirs))]
        return ratio_figure(figure, self.cpu[ours], reference, bar, label, " + ".join(theirs), "s")


def measure(product: Product, file: pathlib.Path, folder: pathlib.Path) -> list[Figure]:
    need("b3sum")
    figures = h1(product)
    rows = Import(product, file, folder)
    for _ in range(PAIRS):
        rows.one_round()
    return [
        *figures,
        rows.ratio("H2", "pass", ["b3sum"], at_most(0.85), "BLAKE3 and outboard"),
        rows.ratio("H2-read", "pass", ["b3sum-no-mmap"], None, "BLAKE3 and outboard"),
        rows.ratio("H2-full", "add", ["b3sum", "sha256"], None, "add --in-place, with SHA-256"),
        rows.ratio("H4", "copy-pass", ["b3sum", "cp"], at_most(1.3), "BLAKE3, outboard and durable copy"),
        rows.ratio("H4-full", "add-copy", ["b3sum", "cp", "sha256"], None, "add, with SHA-256"),
        rows.ratio("H5", "verify", ["add"], at_most(1.05), "verify"),
    ]
