"""memory: M1, the peak resident memory of adding, serving and getting a 10 GiB blob, and what it is at 1 GiB."""

import pathlib
import shutil

from figures import Figure, at_most
from measure import GIB, NotRun, PeakMemory, random_file, run
from nodes import Product, forget, get_to_file, serving

BAR_MIB = 48
LARGE = 10 * GIB
# The file, the getter's own copy, the file it exports, outboards.
ROOM = 3 * LARGE + LARGE // 4


def peaks(product: Product, file: pathlib.Path, folder: pathlib.Path) -> dict[str, float]:
    """MiB by command. The folder is empty again afterwards."""
    served = folder / "m1-serve"
    added = run(*product.node(served).command("add", "--in-place", file), peak=True)
    blake3 = added.json()["blake3"]
    with serving(product, file, served, blake3) as node:
        watch = PeakMemory(node.pid)
        getter, _ = get_to_file(product, node, folder / "m1-get", folder / "m1-out", peak=True)
        serve_peak = watch.stop()
    same = run("cmp", file, folder / "m1-out", may_fail=True).ok
    forget(served, folder / "m1-get", folder / "m1-out")
    if not same:
        raise RuntimeError("the fetched file differs")
    return {"add": added.peak_kib / 1024, "serve": serve_peak / 1024, "get": getter.peak_kib / 1024}


def measure(product: Product, file: pathlib.Path, folder: pathlib.Path) -> list[Figure]:
    free = shutil.disk_usage(folder).free
    if free < ROOM:
        reason = f"{free >> 30} GiB free in {folder.parent}, {ROOM >> 30} needed"
        return [Figure(f"M1-{name}", None, at_most(BAR_MIB), reason, " MiB") for name in ("add", "serve", "get")]
    small = peaks(product, file, folder)
    large_file = random_file(folder / "large", LARGE)
    try:
        large = peaks(product, large_file, folder)
    finally:
        forget(large_file)
    return [Figure(f"M1-{name}", large[name], at_most(BAR_MIB), f"peak resident at 10 GiB; {small[name]:.1f} MiB at {file.stat().st_size / GIB:g} GiB", " MiB") for name in large]
