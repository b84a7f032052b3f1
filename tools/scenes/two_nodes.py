"""The main job on real bytes: two nodes and an origin on loopback.

1. swarm fetch      a second node gets a file from the first over QUIC
2. origin fallback  the first node is gone, a plain HTTP origin has the file
3. resume           a fetch is killed (-9) half-way and goes on where it stopped

SHA-256 is compared each time; exits 1 if it differs, or if an expected source served nothing.
"""

import argparse
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from local_node import Node, Origin, Server, random_file, sha256_of  # noqa: E402

MIB = 1 << 20


def show(title: str, result: dict, seconds: float) -> None:
    sources = f"peers {result['from_peers_bytes']:,} B, origin {result['from_origin_bytes']:,} B, already held {result['resumed_bytes']:,} B"
    print(f"  {title}: {result['size_bytes']:,} bytes in {seconds:.2f} s  ({sources})")


def require(condition: bool, complaint: str) -> None:
    if not condition:
        sys.exit(f"FAILED: {complaint}")


def fetch(node: Node, out: pathlib.Path, *words: str) -> tuple[dict, float]:
    begun = time.monotonic()
    lines = node.must("get", *words, "-o", str(out))
    return lines[-1], time.monotonic() - begun


def half_way(process, folder: pathlib.Path, at_least: int) -> bool:
    """Waits until the partial file of a running get holds `at_least` bytes. False when the get ended first."""
    while process.poll() is None:
        held = sum(path.stat().st_blocks * 512 for path in folder.glob("blobs/*/*.data") if path.exists())
        if held >= at_least:
            return True
        time.sleep(0.001)  # polling a file of another process: there is nothing to wait on
    return False


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--bin", required=True)
    arguments.add_argument("--mib", type=int, default=128)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="archipelago-scene-") as temp:
        root = pathlib.Path(temp)
        www = root / "www"
        www.mkdir()
        source = random_file(www / "film.bin", given.mib * MIB)
        truth = sha256_of(source)
        alice, bob, carol, dave = (Node(given.bin, root / name) for name in ("alice", "bob", "carol", "dave"))

        added = alice.must("add", source)[0]
        blake3 = added["blake3"]
        require(added["sha256"] == truth, "add printed another SHA-256")
        print(f"alice added film.bin: {added['size_bytes']:,} bytes\n  blake3 {blake3}\n  sha256 {truth}")

        print("1. swarm fetch: bob gets it from alice")
        with Server(alice) as server:
            result, seconds = fetch(bob, root / "bob.bin", blake3, "--from", server.peer)
        show("bob", result, seconds)
        require(sha256_of(root / "bob.bin") == truth, "bob's file differs")
        require(result["from_peers_bytes"] > 0, "the peer served 0 bytes")
        require(server.counters["payload_acked_bytes"] >= added["size_bytes"], "alice's counter disagrees")

        print("2. origin fallback: alice is gone, an HTTP origin has the file")
        with Origin(www) as origin:
            result, seconds = fetch(carol, root / "carol.bin", blake3, "--from", server.peer, "--origin", f"{origin.url}/film.bin")
        show("carol", result, seconds)
        require(sha256_of(root / "carol.bin") == truth, "carol's file differs")
        require(result["from_origin_bytes"] > 0, "the origin served 0 bytes")

        print("3. resume after kill -9: dave's first get dies half-way")
        with Server(alice) as server:
            dying = dave.start("get", blake3, "--from", server.peer, "-o", root / "dave.bin")
            require(half_way(dying, dave.folder, added["size_bytes"] // 3), "the get ended before it could be killed")
            dying.kill()
            dying.communicate()
            require(not (root / "dave.bin").exists(), "an unfinished get left an output file")
            result, seconds = fetch(dave, root / "dave.bin", blake3, "--from", server.peer)
        show("dave", result, seconds)
        require(sha256_of(root / "dave.bin") == truth, "dave's file differs")
        require(result["resumed_bytes"] > 0, "nothing was resumed")
        require(result["from_peers_bytes"] > 0, "the peer served 0 bytes")
        # Below zero: the killed get took some bytes and could not say so any more.
        twice = max(0, server.counters["payload_acked_bytes"] - added["size_bytes"])
        print(f"  alice's counter: {twice:,} bytes fetched twice")
        require(twice <= 4 * MIB, "more than 4 MiB were fetched twice")
    print("all SHA-256 equal")


if __name__ == "__main__":
    main()
