"""The content port as download programs meet it: curl, wget and aria2 against a running node.

    content_test.py --bin ARCHIPELAGO [name...]

Prints PASS or FAIL for each case and the plain closing line.
"""

import email.parser
import email.policy
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from cli_test import EMPTY_BLAKE3, HELLO_BLAKE3, MIB, Skip, run_cases  # noqa: E402
from local_node import Daemon, random_file  # noqa: E402

CASES = {}
NOWHERE = "00" * 32


def case(function):
    CASES[function.__name__] = function
    return function


def program(name, *words, **options):
    if not shutil.which(name):
        raise Skip(f"{name} is not there")
    return subprocess.run([name, *map(str, words)], capture_output=True, timeout=120, **options)


class Answer:
    """What curl got: the last head, and the body."""

    def __init__(self, raw: bytes):
        head, self.body = raw.split(b"\r\n\r\n", 1)
        first, _, fields = head.decode().partition("\r\n")
        self.status = int(first.split()[1])
        self.headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in fields.split("\r\n"))}


def curl(url, *words) -> Answer:
    done = program("curl", "-sS", "-i", *words, url)
    assert done.returncode == 0, (url, words, done.stderr.decode())
    return Answer(done.stdout)


class Served:
    """A node that offers one random blob, its URL and its bytes."""

    def __init__(self, world, size=3 * MIB + 12345):
        node, path = world.node(), random_file(world.root / "blob.mp4", size)
        self.node, self.bytes = node, path.read_bytes()
        self.blake3 = node.must("add", path)[0]["blake3"]
        self.daemon = Daemon(node)
        self.root = f"http://{self.daemon.ports['content']}"
        self.url = f"{self.root}/blobs/{self.blake3}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.daemon.stop()


@case
def a_blob_comes_whole_with_its_type_and_can_be_kept_for_ever(world):
    with Served(world) as served:
        for extension, media_type in (("", "application/octet-stream"), (".mp4", "video/mp4"), (".html", "application/octet-stream"), (".svg", "application/octet-stream"), (".txt", "text/plain; charset=utf-8")):
            got = curl(served.url + extension)
            assert got.status == 200 and got.body == served.bytes, extension
            assert got.headers["content-type"] == media_type, (extension, got.headers)
            assert got.headers["etag"] == f'"{served.blake3}"' and "immutable" in got.headers["cache-control"]
            assert got.headers["accept-ranges"] == "bytes" and got.headers["content-length"] == str(len(served.bytes))
            assert got.headers["access-control-allow-origin"] == "*" and got.headers["x-content-type-options"] == "nosniff"
            assert "sandbox" in got.headers["content-security-policy"] and "set-cookie" not in got.headers
        head = curl(served.url, "--head")
        assert head.status == 200 and head.body == b"" and head.headers["content-length"] == str(len(served.bytes))
        metrics = served.daemon.http("GET", "/metrics", Authorization=f"Bearer {served.daemon.token}")[2]
        assert f"archipelago_content_sent_bytes_total {5 * len(served.bytes)}" in metrics, metrics


@case
def ranges_are_what_was_asked_for(world):
    with Served(world) as served:
        size = len(served.bytes)
        for text, begin, end in (("0-0", 0, 1), ("16383-16385", 16383, 16386), ("1000000-", 1000000, size), ("-1", size - 1, size), (f"{size - 5}-{size + 5}", size - 5, size)):
            got = curl(served.url, "-r", text)
            assert got.status == 206 and got.body == served.bytes[begin:end], text
            assert got.headers["content-range"] == f"bytes {begin}-{end - 1}/{size}", got.headers
        got = curl(served.url, "-r", "0-99,20000-20099,-10")
        assert got.status == 206 and got.headers["content-type"].startswith("multipart/byteranges"), got.headers
        whole = b"Content-Type: " + got.headers["content-type"].encode() + b"\r\n\r\n" + got.body
        parts = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(whole).get_payload()
        assert [part["content-range"] for part in parts] == [f"bytes 0-99/{size}", f"bytes 20000-20099/{size}", f"bytes {size - 10}-{size - 1}/{size}"]
        for piece in (served.bytes[:100], served.bytes[20000:20100], served.bytes[-10:]):
            assert piece in got.body
        for text in (f"bytes={size}-", "bytes=-0"):
            got = curl(served.url, "-H", f"Range: {text}")
            assert got.status == 416 and got.headers["content-range"] == f"bytes */{size}", (text, got.status)
        for text in ("bytes=5-2", "bytes=a-b", "lines=0-5", "bytes=0-5,", "bytes=" + "0-0," * 200 + "0-0"):
            got = curl(served.url, "-H", f"Range: {text}")
            assert got.status in (200, 206, 416), (text, got.status)
            assert got.status != 200 or got.body == served.bytes, text


@case
def conditions_save_what_is_known_already(world):
    with Served(world) as served:
        tag = f'"{served.blake3}"'
        assert curl(served.url, "-H", f"If-None-Match: {tag}").status == 304
        assert curl(served.url, "-H", 'If-None-Match: "other"').status == 200
        assert curl(served.url, "-H", 'If-Match: "other"').status == 412
        assert curl(served.url, "-r", "0-9", "-H", f"If-Range: {tag}").body == served.bytes[:10]
        assert curl(served.url, "-r", "0-9", "-H", 'If-Range: "other"').body == served.bytes


@case
def only_what_is_held_and_offered_is_found_and_nothing_is_changed(world):
    with Served(world) as served:
        node, hidden = served.node, world.file("hidden.txt", b"hello world")
        node.must("add", hidden)
        assert curl(f"{served.root}/blobs/{HELLO_BLAKE3}").body == b"hello world"
        node.must("rpc", "blob.unpin", f'{{"content":"{HELLO_BLAKE3}","offer":true}}')
        missing = curl(f"{served.root}/blobs/{NOWHERE}")
        assert missing.status == 404
        for path in (f"/blobs/{HELLO_BLAKE3}", f"/blobs/{served.blake3.upper()}", f"/blobs/{served.blake3}/", f"/blobs/../blobs/{served.blake3}x", "/", "/rpc/v1", "/metrics", "/events", "/../../etc/passwd"):
            got = curl(f"{served.root}{path}", "--path-as-is")
            assert got.status == 404 and got.body == missing.body, (path, got.status, got.body)
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            assert curl(served.url, "-X", method).status == 405, method
        assert curl(served.url).body == served.bytes


@case
def an_empty_blob_and_a_removed_one(world):
    with Served(world) as served:
        empty = world.file("empty", b"")
        served.node.must("add", empty)
        got = curl(f"{served.root}/blobs/{EMPTY_BLAKE3}")
        assert got.status == 200 and got.body == b"" and got.headers["content-length"] == "0"
        assert curl(f"{served.root}/blobs/{EMPTY_BLAKE3}", "-r", "0-").status == 416
        served.node.must("rm", "--force", served.blake3)
        assert curl(served.url).status == 404


@case
def a_damaged_blob_ends_short_and_never_sends_a_wrong_byte(world):
    with Served(world) as served:
        data = next(p for p in served.node.folder.glob(f"blobs/*/{served.blake3}.data"))
        at = 2 * MIB + 5
        with open(data, "r+b") as file:
            file.seek(at)
            file.write(bytes([served.bytes[at] ^ 1]))
        assert curl(served.url, "-r", "0-1048575").body == served.bytes[:MIB]  # the damage lies behind
        done = program("curl", "-sS", served.url)
        assert done.returncode == 18, (done.returncode, done.stderr)  # a partial file
        assert len(done.stdout) <= at and served.bytes.startswith(done.stdout)
        served.daemon.stop()
        assert "damaged" in served.daemon.log and served.daemon.process.returncode == 0


@case
def wget_goes_on_from_where_it_stopped(world):
    with Served(world) as served:
        out = world.root / "out"
        out.write_bytes(served.bytes[:1_000_003])
        done = program("wget", "-q", "-c", "-O", out, served.url + ".mp4")
        assert done.returncode == 0, done.stderr
        assert out.read_bytes() == served.bytes


@case
def aria2_fetches_in_many_pieces_at_once(world):
    with Served(world, 24 * MIB + 17) as served:
        done = program("aria2c", "-q", "-x", "8", "-s", "8", "-k", "1M", "-d", world.root, "-o", "out", served.url)
        assert done.returncode == 0, (done.stdout, done.stderr)
        assert (world.root / "out").read_bytes() == served.bytes
        metrics = served.daemon.http("GET", "/metrics", Authorization=f"Bearer {served.daemon.token}")[2]
        requests = int(metrics.split("\narchipelago_content_requests_total ")[1].split()[0])
        assert requests >= 8, requests


@case
def another_node_takes_it_for_an_origin_with_a_tree(world):
    """The outboard beside the blob lets every 16 KiB be verified as it comes."""
    with Served(world, 9 * MIB + 1) as served:
        outboard = curl(served.url + ".obao4")
        groups = -(-len(served.bytes) // 16384)
        assert outboard.status == 200 and len(outboard.body) == 64 * (groups - 1)
        other = world.node("other")
        out = other.must("get", served.blake3, "--origin", served.url, "-o", world.root / "out")[-1]
        assert (world.root / "out").read_bytes() == served.bytes and out["from_origin_bytes"] == len(served.bytes)


if __name__ == "__main__":
    run_cases(CASES, set())
