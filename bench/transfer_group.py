"""transfer: T1 (CPU of both sides, file to file), T2 (wall), T3 (server CPU), T4 (receiver CPU), T5 (iroh-blobs on one side).

One round runs every side once, so each ratio is taken between neighbours in time. iroh's raw streams are neither
verified nor read from or written to a file: the comparison is against us.
"""

import contextlib
import pathlib
import statistics

import peers
from figures import Figure, at_least, at_most, ratio_figure, show
from measure import Cost, NotRun, b3sum, into_page_cache, run, warm_pages
from nodes import Product, forget, get_discarding, get_to_file, serving

ROUNDS = 7


class Round:
    """What the sides cost, by name; every list has one entry a round."""

    def __init__(self):
        self.values: dict[str, list[float]] = {}
        self.lacking: dict[str, str] = {}

    def take(self, **values: float) -> None:
        for name, value in values.items():
            self.values.setdefault(name, []).append(value)

    def figure(self, name: str, ours: str, theirs: str, bar, labels: tuple[str, str], unit: str) -> Figure:
        for side in (ours, theirs):
            if side not in self.values:
                return Figure(name, None, bar, self.lacking.get(side.split("_")[0], f"no {side}"))
        return ratio_figure(name, self.values[ours], self.values[theirs], bar, *labels, unit)


class Sides:
    def __init__(self, product: Product, file: pathlib.Path, folder: pathlib.Path, stack: contextlib.ExitStack):
        self.product, self.file, self.folder = product, file, folder
        self.blake3, self.size = b3sum(file), file.stat().st_size
        self.gib = self.size / (1 << 30)
        self.costs = Round()
        self.node = stack.enter_context(serving(product, file, folder / "serve"))
        assert self.node.blake3 == self.blake3
        self.runs = [self.ours, self.discard]
        for name, begin in (("iroh", self.begin_iroh), ("blobs", self.begin_blobs), ("torrent", self.begin_torrent), ("nginx", self.begin_nginx)):
            try:
                begin(stack)
            except NotRun as reason:
                self.costs.lacking[name] = str(reason)

    def per_gib(self, seconds: float) -> float:
        return seconds / self.gib

    def written(self, path: pathlib.Path) -> None:
        """Checks the digest of what a run wrote, then removes it."""
        if b3sum(path) != self.blake3:
            raise RuntimeError(f"{path} differs from what was sent")
        forget(path)

    def ours(self) -> None:
        warm_pages(self.size + self.size // 4)
        getter, server = get_to_file(self.product, self.node, self.folder / "get", self.folder / "out")
        self.written(self.folder / "out")
        forget(self.folder / "get")
        self.costs.take(ours_cpu=self.per_gib(getter.cpu + server), ours_get=self.per_gib(getter.cpu), ours_serve=self.per_gib(server), ours_wall=self.per_gib(getter.wall))

    def discard(self) -> None:
        getter, server = get_discarding(self.product, self.node)
        report = getter.json()
        assert report["bytes"] == self.size
        self.costs.take(discard_wall=self.per_gib(report["wall_s"]), discard_get=self.per_gib(getter.cpu), discard_serve=self.per_gib(server), discard_cpu=self.per_gib(getter.cpu + server))

    def begin_iroh(self, stack) -> None:
        receiver = stack.enter_context(peers.iroh_raw_receiver())

        def side() -> None:
            sender, received, report = peers.iroh_raw_run(receiver, self.size)
            self.costs.take(iroh_cpu=self.per_gib(sender.cpu + received), iroh_receive=self.per_gib(received), iroh_wall=self.per_gib(report["wall_s"]))

        self.runs.append(side)

    def begin_blobs(self, stack) -> None:
        """iroh-blobs with itself, and with us on either side."""
        server = stack.enter_context(peers.iroh_blobs_server(self.file, self.folder))
        store, out = self.folder / "iroh-blobs-get", self.folder / "iroh-blobs-out"

        def iroh_gets(identity: str, address: str) -> tuple[Cost, float]:
            warm_pages(self.size + self.size // 4)
            getter = run(peers.rust_peer(), "bench-get", "--id", identity, "--addr", address, "--hash", self.blake3, "--fs-store", store, "--out", out)
            self.written(out)
            forget(store)
            return getter, self.per_gib(getter.json()["wall_s"])

        def we_get() -> float:
            warm_pages(self.size + self.size // 4)
            node = self.product.node(self.folder / "get")
            node.must("init")
            getter = run(*node.command("get", self.blake3, "--from", f"{server.hello['id']}@{server.hello['addr']}", "-o", out))
            self.written(out)
            forget(self.folder / "get")
            return self.per_gib(getter.wall)

        def side() -> None:
            before = server.cpu()
            getter, wall = iroh_gets(server.hello["id"], server.hello["addr"])
            self.costs.take(blobs_cpu=self.per_gib(getter.cpu + server.cpu() - before), blobs_wall=wall)
            self.costs.take(blobs_from_us_wall=iroh_gets(*self.node.peer.split("@"))[1], we_from_blobs_wall=we_get())

        self.runs.append(side)

    def begin_torrent(self, stack) -> None:
        torrent = stack.enter_context(peers.libtorrent(self.file, self.folder / "torrent"))
        target = self.folder / "leech"

        def side() -> None:
            warm_pages(self.size + self.size // 4)
            target.mkdir()
            leecher, seeded, written = torrent.leech(target)
            self.written(written)
            forget(target)
            self.costs.take(torrent_cpu=self.per_gib(leecher.cpu + seeded), torrent_wall=self.per_gib(leecher.json()["wall_s"]))

        self.runs.append(side)

    def begin_nginx(self, stack) -> None:
        server = stack.enter_context(peers.nginx(self.file.parent, self.folder / "nginx"))
        server.fetch(self.file.name, sink=str(self.folder / "nginx-out"))  # once to a file: the digest
        self.written(self.folder / "nginx-out")

        def side() -> None:
            client, served = server.fetch(self.file.name)
            assert client.json()["bytes"] == self.size
            self.costs.take(nginx_serve=self.per_gib(served), nginx_wall=self.per_gib(client.wall))

        self.runs.append(side)

    def control(self) -> None:
        """What new page-cache pages cost just now: the noise in every run that writes a file."""
        warm_pages(self.size + self.size // 4)
        self.costs.take(cp=self.per_gib(run("cp", "--reflink=never", self.file, self.folder / "control").cpu))
        forget(self.folder / "control")


def measure(product: Product, file: pathlib.Path, folder: pathlib.Path) -> list[Figure]:
    with contextlib.ExitStack() as stack:
        sides = Sides(product, file, folder, stack)
        for _ in range(ROUNDS):
            into_page_cache(file)
            for side in sides.runs:
                side()
            sides.control()
    cpu, wall = "s/GiB", "s/GiB wall"
    costs = sides.costs
    ours, iroh = "ours", "iroh raw"
    cp = costs.values["cp"]
    get = statistics.median(costs.values["ours_get"])
    return [
        costs.figure("T1", "ours_cpu", "iroh_cpu", at_most(0.65), (f"ours get {show(get)} and both", iroh), cpu),
        costs.figure("T1-blobs", "ours_cpu", "blobs_cpu", at_most(1.0), (ours, "iroh-blobs 0.103"), cpu),
        costs.figure("T1-torrent", "ours_cpu", "torrent_cpu", at_most(0.5), (ours, "libtorrent v2"), cpu),
        costs.figure("T1-discard", "discard_cpu", "iroh_cpu", None, ("ours into nothing, verified", iroh), cpu),
        # Throughputs: ours over theirs is their time over ours.
        costs.figure("T2", "iroh_wall", "discard_wall", at_least(1.7), (iroh, ours), wall),
        costs.figure("T2-file", "blobs_wall", "ours_wall", None, ("iroh-blobs 0.103", "ours, file to file"), wall),
        costs.figure("T3", "discard_serve", "nginx_serve", at_most(1.25), ("our server", "nginx TLS 1.3"), cpu),
        costs.figure("T4", "discard_get", "iroh_receive", at_most(0.6), ("our receiver", "iroh receiver"), cpu),
        costs.figure("T5-serve", "blobs_wall", "blobs_from_us_wall", at_least(1.0), ("iroh-blobs with itself", "iroh-blobs from us"), wall),
        costs.figure("T5-fetch", "blobs_wall", "we_from_blobs_wall", at_least(1.1), ("iroh-blobs with itself", "we from iroh-blobs"), wall),
        Figure("control", statistics.median(cp), None, f"cp into new pages, s/GiB, spread {show(min(cp))}-{show(max(cp))}"),
    ]
