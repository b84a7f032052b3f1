#!/usr/bin/env python3
"""Prints where the Rust peer built from the sources as they are belongs: one folder a version of them."""

import hashlib
import os
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
CACHE = pathlib.Path(os.environ.get("ARCHIPELAGO_CACHE", pathlib.Path.home() / ".cache/archipelago")) / "interop"


def rust_peer():
    folder = HERE / "rust_peer"
    source = hashlib.sha256()
    for path in [folder / "Cargo.toml", folder / "Cargo.lock", *sorted(folder.glob("src/*.rs"))]:
        source.update(path.read_bytes())
    return CACHE / f"peer-{source.hexdigest()[:16]}/archy-peer"


if __name__ == "__main__":
    print(rust_peer())
