"""The product as one side of a figure: a serving node and fresh getting nodes, through tools/local_node.py."""

import contextlib
import pathlib
import shutil
import sys

from measure import Cost, cpu_of, run

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tools"))
from local_mints import Mints  # noqa: E402
from local_node import Daemon, Node, Server  # noqa: E402


class Product:
    """The programs of one build directory."""

    def __init__(self, build: pathlib.Path):
        self.binary = build / "archipelago"
        self.build = build

    def bench(self, name: str) -> pathlib.Path:
        return self.build / "bench" / name

    def node(self, folder: pathlib.Path) -> Node:
        return Node(str(self.binary), folder)


def forget(*paths: pathlib.Path) -> None:
    """Removes files and folders; what is not there is fine."""
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


class ServingNode:
    """`serve` with one blob added in place. Its CPU is read from outside while it runs."""

    def __init__(self, server: Server, blake3: str):
        self.server, self.blake3 = server, blake3
        self.pid = server.process.pid

    @property
    def peer(self) -> str:
        return self.server.peer

    def cpu(self) -> float:
        return cpu_of(self.pid)


@contextlib.contextmanager
def serving(product: Product, file: pathlib.Path, folder: pathlib.Path, blake3: str | None = None):
    """`blake3` is given when the node of this folder holds the file already."""
    node = product.node(folder)
    if blake3 is None:
        blake3 = node.must("add", "--in-place", file)[0]["blake3"]
    server = Server(node)
    try:
        yield ServingNode(server, blake3)
    finally:
        server.stop()


def get_to_file(product: Product, source: ServingNode, folder: pathlib.Path, out: pathlib.Path, **options) -> tuple[Cost, float]:
    """A new node fetches into `out`: the getter's cost and the server's CPU seconds."""
    node = product.node(folder)
    node.must("init")
    before = source.cpu()
    getter = run(*node.command("get", source.blake3, "--from", source.peer, "-o", out), **options)
    return getter, source.cpu() - before


def get_discarding(product: Product, source: ServingNode) -> tuple[Cost, float]:
    """The same transfer into a sink that verifies and drops: the getter's cost and the server's CPU seconds."""
    before = source.cpu()
    getter = run(product.bench("transfer_bench"), source.peer, source.blake3)
    return getter, source.cpu() - before
