"""The fetch engine at work: a node, three peers of different quality and an origin, on loopback.

A film is fetched from all of them at once, each giving only so many bytes a second, and played through the node's
content port while it arrives. Prints who gave what. Exits 1 when what was played differs, when it was not played until
the fetch was over, when a good source gave nothing, or when the liar was not found out.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from local_node import Daemon, Node, Origin, ShapedPeer  # noqa: E402
from two_nodes import require  # noqa: E402

MB = 1_000_000
SECONDS = 40


def make_film(path: pathlib.Path) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"testsrc2=duration={SECONDS}:size=640x360:rate=25",
                    "-f", "lavfi", "-i", f"sine=frequency=440:duration={SECONDS}", "-c:v", "libx264", "-preset", "ultrafast",
                    "-b:v", "8M", "-minrate", "8M", "-maxrate", "8M", "-bufsize", "8M", "-x264-params", "nal-hrd=cbr",
                    "-c:a", "aac", "-movflags", "+faststart", "-shortest", str(path)], check=True)


def frames(source: str, at_first=lambda: None) -> list[str]:
    """A digest of every decoded frame; `at_first` is called when the first one is there."""
    lines = []
    player = subprocess.Popen(["ffmpeg", "-v", "error", "-i", source, "-f", "framemd5", "-flush_packets", "1", "-"], stdout=subprocess.PIPE, text=True)
    for line in player.stdout:
        if not line.startswith("#"):
            if not lines:
                at_first()
            lines.append(line)
    require(player.wait() == 0, f"the player failed on {source}")
    return lines


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--bin", required=True)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="archipelago-scene-") as temp:
        root = pathlib.Path(temp)
        (root / "www").mkdir()
        film = root / "www" / "film.mp4"
        make_film(film)
        publisher = Node(given.bin, root / "publisher")
        blake3 = publisher.must("add", film)[0]["blake3"]
        (root / "www" / "film.mp4.obao4").write_bytes(next((root / "publisher").glob("blobs/*/*.obao4")).read_bytes())
        print(f"film.mp4: {film.stat().st_size:,} bytes, {SECONDS} s, blake3 {blake3}")
        shaped = pathlib.Path(given.bin).parent / "bench" / "swarm_peer_bench"
        with (ShapedPeer(shaped, film, "good", 3 * MB) as good, ShapedPeer(shaped, film, "good", MB) as slow,
              ShapedPeer(shaped, film, "corrupt") as liar, Origin(root / "www") as origin,
              Daemon(Node(given.bin, root / "node")) as daemon):
            url = f"{origin.url}/film.mp4?fault=drip:20000:0.01"  # 2 MB/s
            started = daemon.result("fetch.start", {"content": blake3, "peers": [good.address, slow.address, liar.address], "origins": [url], "seed": True})

            def status() -> dict:
                return daemon.result("fetch.status", {"fetch": started["fetch"]})["fetches"][0]

            while status()["held_bytes"] == 0:
                time.sleep(0.01)
            at_first = []
            played = frames(f"http://{daemon.ports['content']}/blobs/{blake3}.mp4", lambda: at_first.append(status()))
            ended = daemon.fetch_ended(started["fetch"])
            require(ended["state"] == "complete", f"the fetch ended as {ended}")
            held = at_first[0]["held_bytes"]
            print(f"played {len(played)} frames; at the first {held:,} bytes of the film were there ({100 * held // ended['held_bytes']} %)")
            require(played == frames(str(film)), "what was played is not the film")
            require(2 * held < ended["held_bytes"], "it did not play while it arrived")
            print(subprocess.run(daemon.node.command("explain", blake3)[:3] + ["explain", blake3], capture_output=True, text=True, check=True).stdout, end="")
            rows = {row["source"]: row for row in daemon.result("fetch.explain", {"fetch": started["fetch"]})["sources"]}

            def row_of(text: str) -> dict:
                return next(row for name, row in rows.items() if text in name)

            for name, peer in (("good", good), ("slow", slow)):
                require(row_of(peer.address[:10])["verified_bytes"] > 0, f"the {name} peer served 0 bytes")
            require(row_of("origin")["verified_bytes"] > 0, "the origin served 0 bytes")
            require(row_of(liar.address[:10])["lied"], "the liar was not found out")
    print("every frame equal, every good source served, the liar named")


if __name__ == "__main__":
    main()
