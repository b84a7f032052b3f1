"""The command line as its users meet it: exit codes, one clear line for bad input, nothing lost, nothing left behind.

    cli_test.py --bin ARCHIPELAGO [name...]

Prints PASS or FAIL for each case and the plain closing line. Cases that need root (a full or read-only disk, another user) print SKIP
with the reason when they cannot run.
"""

import argparse
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from local_node import Node, Origin, Server, random_file, sha256_of  # noqa: E402

HELLO_BLAKE3 = "d74981efa70a0c880b8d8c1985d075dbcbf679b99a5f9914e5aaf96b831a9e24"
EMPTY_BLAKE3 = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
SOME_ID = "ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c"
KIB, MIB = 1 << 10, 1 << 20

CASES = {}
NEEDS_SWARM = set()


def case(function):
    CASES[function.__name__] = function
    return function


def swarm_case(function):
    """A case that a build without the swarm leaves out."""
    NEEDS_SWARM.add(function.__name__)
    return case(function)


class Skip(Exception):
    pass


class World:
    """A temporary folder with the binary under test."""

    def __init__(self, binary: str, root: pathlib.Path):
        self.binary, self.root = binary, root

    def node(self, name: str = "node") -> Node:
        return Node(self.binary, self.root / name)

    def file(self, name: str, content: bytes) -> pathlib.Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path


def refused(result, code: int, *words: str) -> None:
    """The command ended with `code` and one line on standard error that has all the words."""
    got, _, errors = result
    lines = errors.strip().splitlines()
    assert got == code, f"exit {got}, not {code}: {errors.strip()!r}"
    assert len(lines) == 1, f"{len(lines)} lines on standard error: {errors!r}"
    for word in words:
        assert word in lines[0], f"{word!r} is not in {lines[0]!r}"


@swarm_case
def a_round_trip_through_add_ls_info_export(world):
    node, path = world.node(), world.file("hello.txt", b"hello world")
    added = node.must("add", path)[0]
    assert added["blake3"] == HELLO_BLAKE3
    assert added["sha256"] == "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9"
    assert added["size_bytes"] == 11 and added["ticket"].startswith("blob")
    assert [row["blake3"] for row in node.must("ls")] == [HELLO_BLAKE3]
    assert node.must("info", HELLO_BLAKE3)[0]["complete"] is True
    node.must("export", HELLO_BLAKE3, "-o", world.root / "out.txt")
    assert (world.root / "out.txt").read_bytes() == b"hello world"
    refused(node.run("export", HELLO_BLAKE3, "-o", world.root / "out.txt"), 2, "exists")
    assert node.must("verify")[-1]["damaged"] == 0


@case
def an_empty_file_and_edge_sizes_have_the_known_hashes(world):
    node = world.node()
    known = {0: EMPTY_BLAKE3, 1: "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213",
             1025: "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444",
             16384: "f875d6646de28985646f34ee13be9a576fd515f76b5b0a26bb324735041ddde4",
             16385: "1dabe216be2578830263b049de1639f39f05a4da616b9b78c7a5e4e41662fd1f",
             1048576: "74cb441fd087764ca9c3694da742ebe30cbeb3060a17009ca81825c7a8d10343"}
    for size, blake3 in known.items():
        path = world.file(f"{size}.bin", bytes(i % 251 for i in range(size)))
        for mode in ([], ["--in-place"]):
            assert node.must("add", *mode, path)[0]["blake3"] == blake3, (size, mode)
        node.must("export", blake3, "-o", world.root / f"{size}.out")
        assert (world.root / f"{size}.out").read_bytes() == path.read_bytes()


@case
def identity_is_made_once_and_never_replaced(world):
    node = world.node()
    refused(node.run("id"), 3, "init")
    first = node.must("init")[0]["endpoint_id"]
    assert node.must("init")[0]["endpoint_id"] == first == node.must("id")[0]["endpoint_id"]
    key = node.folder / "keys" / "endpoint.key"
    assert key.stat().st_mode & 0o777 == 0o600 and node.folder.stat().st_mode & 0o777 == 0o700
    key.write_text("not a key\n")
    refused(node.run("id"), 5, "endpoint.key")
    key.unlink()
    node_again = node.run("id")
    refused(node_again, 5, "endpoint.key")


@swarm_case
def malformed_words_are_refused_with_one_line(world):
    node = world.node()
    node.must("init")
    ticket = node.must("add", world.file("x", b"x"))[0]["ticket"]
    for word in ["", "xyz", HELLO_BLAKE3[:-1], HELLO_BLAKE3 + "0", HELLO_BLAKE3.upper(), "s" + HELLO_BLAKE3[1:], "blob", "blob!!", ticket[:-9],
                 ticket + "aaaaaaaa", "BLOB" + ticket[4:], "endpoint" + ticket[4:], "blob" + "a" * 9000, "\x1b[31mred"]:
        refused(node.run("get", word), 2)
        refused(node.run("info", word), 2)
    for peer in ["", "@", SOME_ID, SOME_ID + "@", SOME_ID + "@host:1", SOME_ID + "@1.2.3.4", SOME_ID + "@1.2.3.4:99999", SOME_ID[:-1] + "@1.2.3.4:1",
                 "02" + "00" * 31 + "@1.2.3.4:1"]:  # no point of the curve has this y
        refused(node.run("get", HELLO_BLAKE3, "--from", peer), 2)
    for url in ["", "x", "ftp://127.0.0.1/x", "file:///etc/passwd", "http://", "http://user:secret@127.0.0.1/", "http://127.0.0.1:99999/", "http://a b/"]:
        code, lines, errors = node.run("get", HELLO_BLAKE3, "--origin", url)
        refused((code, lines, errors), 2)
        assert "secret" not in errors
    for words in [["nonsense"], ["get"], ["add"], ["get", HELLO_BLAKE3, "--no-such"], []]:
        code, _, errors = node.run(*words)
        assert code == 2 and errors.strip(), (words, code, errors)


@swarm_case
def paths_that_cannot_be_added_are_refused(world):
    node = world.node()
    refused(node.run("add", world.root / "nowhere"), 3, "nowhere")
    (world.root / "empty").mkdir()
    refused(node.run("add", world.root / "empty"), 2, "no files")
    os.mkfifo(world.root / "fifo")
    refused(node.run("add", world.root / "fifo"), 2, "fifo")
    loop = world.root / "loop"
    loop.mkdir()
    (loop / "again").symlink_to(loop)
    refused(node.run("add", loop), 2, "no files")
    (loop / "file").write_bytes(b"x")
    assert node.must("add", loop)[0]["files"] == 1  # the symlink is left out, as sendme does
    odd = world.root / "odd"
    odd.mkdir()
    with open(os.fsencode(odd) + b"/\xff.bin", "wb") as file:
        file.write(b"x")
    refused(node.run("add", odd), 2, "\\\\xff")
    with open(os.fsencode(odd) + b"/a\\b", "wb") as file:
        file.write(b"x")
    refused(node.run("add", odd), 2)
    deep = world.root / "deep"
    (deep / "/".join(["d"] * 70)).mkdir(parents=True)
    refused(node.run("add", deep), 2, "deep")
    assert node.must("ls") == [] or all(row["size_bytes"] <= 200 for row in node.must("ls"))
    assert node.must("verify")[-1]["damaged"] == 0


@case
def an_unreadable_file_and_a_foreign_data_directory_are_refused(world):
    if os.getuid() != 0:
        raise Skip("needs root to become another user")
    secret = world.file("secret", b"x")
    secret.chmod(0)
    world.root.chmod(0o755)
    home = world.root / "theirs"
    home.mkdir()
    os.chown(home, 65534, 65534)
    binary = shutil.copy(world.binary, world.root / "archipelago")
    os.chmod(binary, 0o755)

    def as_nobody(*words):
        done = subprocess.run([binary, "--json", *map(str, words)], user=65534, group=65534, capture_output=True, text=True)
        return done.returncode, [], done.stderr

    refused(as_nobody("--data-dir", home / "node", "add", secret), 2, "secret")
    mine = world.node("mine")
    mine.must("init")
    refused(as_nobody("--data-dir", mine.folder, "ls"), 2)
    refused(as_nobody("--data-dir", world.root / "new", "init"), 2)


@swarm_case
def a_second_process_is_told_that_the_directory_is_in_use(world):
    node = world.node()
    node.must("add", world.file("x", b"x"))
    with Server(node):
        refused(node.run("ls"), 1, "another archipelago")
    node.must("ls")


@case
def a_file_that_changes_while_it_is_added_is_refused(world):
    node = world.node()
    path = random_file(world.root / "big", 512 * MIB)
    stop = threading.Event()

    def scribble():
        with open(path, "r+b") as file:
            while not stop.is_set():
                file.seek(7)
                file.write(os.urandom(8))
                file.flush()

    writer = threading.Thread(target=scribble)
    writer.start()
    try:
        refused(node.run("add", path), 2, "changed")
        refused(node.run("add", "--in-place", path), 2, "changed")
    finally:
        stop.set()
        writer.join()
    assert node.must("ls") == []
    left = [path for path in (node.folder / "tmp").rglob("*") if path.is_file()]
    assert left == [], left


@swarm_case
def a_file_added_in_place_and_changed_later_is_never_served_stale(world):
    node, other = world.node(), world.node("other")
    path = random_file(world.root / "big", 2 * MIB)
    added = node.must("add", "--in-place", path)[0]
    with open(path, "r+b") as file:
        file.seek(MIB)
        file.write(b"changed")
    code, lines, _ = node.run("verify")
    assert code == 5 and lines[-1]["damage_left"] == 1, (code, lines)
    with Server(node) as server:
        code, _, _ = other.run("get", added["blake3"], "--from", server.peer, "-o", world.root / "out")
        assert code == 3, code
    assert not (world.root / "out").exists()


@case
def flipped_bits_and_a_truncated_outboard_are_found_and_repaired(world):
    node = world.node()
    path = random_file(world.root / "big", 3 * MIB)
    added = node.must("add", path)[0]
    data = next(node.folder.glob("blobs/*/*.data"))
    outboard = next(node.folder.glob("blobs/*/*.obao4"))
    data.chmod(0o600)
    with open(data, "r+b") as file:
        file.seek(2 * MIB + 5)
        byte = file.read(1)[0]
        file.seek(2 * MIB + 5)
        file.write(bytes([byte ^ 1]))
    code, lines, _ = node.run("verify")
    assert code == 5 and lines[-1]["damage_left"] == 1
    code, _, _ = node.run("export", added["blake3"], "-o", world.root / "bad")
    assert code == 5 and not (world.root / "bad").exists()
    code, lines, _ = node.run("verify", "--repair")
    assert code == 0 and lines[-1]["damage_left"] == 0
    with Origin(world.root) as origin:
        result = node.must("get", added["blake3"], "--origin", f"{origin.url}/big", "-o", world.root / "good")[-1]
    assert sha256_of(world.root / "good") == added["sha256"]
    assert result["resumed_bytes"] >= 2 * MIB, result
    os.truncate(outboard if outboard.exists() else next(node.folder.glob("blobs/*/*.obao4")), 64)
    code, lines, _ = node.run("verify")
    assert code == 5, lines
    node.must("verify", "--repair")
    assert node.must("verify")[-1]["damaged"] == 0
    node.must("export", added["blake3"], "-o", world.root / "again")
    assert sha256_of(world.root / "again") == added["sha256"]


@case
def a_corrupted_database_is_named_and_left_alone(world):
    node = world.node()
    node.must("add", random_file(world.root / "big", 100 * KIB))
    database = node.folder / "db" / "store.db"
    content = bytearray(database.read_bytes())
    content[:64] = os.urandom(64)
    database.write_bytes(content)
    refused(node.run("ls"), 5, "store.db")
    assert database.read_bytes() == bytes(content)


@case
def a_full_disk_leaves_a_clean_store(world):
    if os.getuid() != 0:
        raise Skip("needs root to mount a small disk")
    source = random_file(world.root / "big", 8 * MIB)
    for kib in (600, 1024, 4 * 1024, 8 * 1024 + 40):
        disk = world.root / f"disk{kib}"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", disk], check=True)
        try:
            node = Node(world.binary, disk / "node")
            result = node.run("add", source)
            assert result[0] == 6, (kib, result)
            refused(result, 6)
            code, lines, errors = node.run("verify")
            assert code in (0, 6), (kib, code, lines, errors)
        finally:
            subprocess.run(["umount", disk], check=True)


@case
def a_read_only_data_directory_is_refused(world):
    if os.getuid() != 0:
        raise Skip("needs root to mount a read-only disk")
    disk = world.root / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk], check=True)
    try:
        node = Node(world.binary, disk / "node")
        node.must("add", world.file("x", b"x"))
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        code, _, errors = node.run("add", world.file("y", b"y"))
        assert code == 2 and len(errors.strip().splitlines()) == 1, (code, errors)
    finally:
        subprocess.run(["umount", disk], check=True)


@swarm_case
def a_collection_comes_out_under_its_names(world):
    alice, bob = world.node("alice"), world.node("bob")
    folder = world.root / "photos"
    for name, content in {"a.txt": b"hello world", "b/c.txt": b"", "b/d.txt": b"hello world", "grüße 🏝.txt": b"x" * 40000}.items():
        world.file(f"photos/{name}", content)
    added = alice.must("add", folder)[0]
    with Server(alice) as server:
        out = world.root / "out"
        out.mkdir()
        bob.must("get", "s" + added["blake3"], "--from", server.peer, "-o", out)
    found = {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file()}
    assert found == {f"photos/{p.relative_to(folder)}": p.read_bytes() for p in folder.rglob("*") if p.is_file()}, found
    refused(bob.run("export", "s" + added["blake3"], "-o", out), 2, "exists")


@swarm_case
def send_prints_the_ticket_alone_and_get_takes_it(world):
    alice, bob = world.node("alice"), world.node("bob")
    path = random_file(world.root / "film.bin", 3 * MIB)
    process = subprocess.Popen([world.binary, "--data-dir", alice.folder, "send", path, "--bind", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        tickets = []
        for line in process.stdout:
            if line.startswith("blob"):
                tickets.append(line.rstrip("\n"))
                break
        assert tickets and tickets[0].isalnum(), tickets
        bob.must("get", tickets[0], "-o", world.root / "out.bin")
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode == 0, process.returncode
    assert sha256_of(world.root / "out.bin") == sha256_of(path)


@swarm_case
def only_what_is_offered_is_served(world):
    alice, bob, carol = world.node("alice"), world.node("bob"), world.node("carol")
    added = alice.must("add", random_file(world.root / "x", 200 * KIB))[0]
    with Server(alice) as server:
        bob.must("get", added["blake3"], "--from", server.peer)
    with Server(bob) as server:  # fetched, not offered
        code, _, _ = carol.run("get", added["blake3"], "--from", server.peer)
        assert code == 3, code
    bob.must("pin", "--offer", added["blake3"])
    with Server(bob) as server:
        carol.must("get", added["blake3"], "--from", server.peer)


@swarm_case
def what_is_sold_is_not_given_away_by_serve(world):
    alice, bob = world.node("alice"), world.node("bob")
    sold = alice.must("add", random_file(world.root / "x", 200 * KIB))[0]["blake3"]
    free = alice.must("add", random_file(world.root / "y", 200 * KIB), "--class", "public")[0]["blake3"]
    with Server(alice) as server:
        bob.must("get", sold, "--from", server.peer)
    bob.must("rm", "--force", sold)
    alice.must("wallet", "init")
    alice.must("service", "set", "content-download", "--on", "--price", "1")
    with Server(alice) as server:
        code, _, _ = bob.run("get", sold, "--from", server.peer)
        assert code not in (0, 1), code
        bob.must("get", free, "--from", server.peer)


@swarm_case
def dead_lying_and_origin_in_one_get(world):
    alice, bob = world.node("alice"), world.node("bob")
    path = random_file(world.root / "film.bin", 2 * MIB)
    added = alice.must("add", path)[0]
    closed = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    closed.bind(("127.0.0.1", 0))
    dead = f"{SOME_ID}@127.0.0.1:{closed.getsockname()[1]}"
    out = world.root / "out.bin"
    code, _, _ = bob.run("get", added["blake3"], "--from", dead, "-o", out)
    assert code == 3 and not out.exists(), code
    with Origin(world.root) as origin:
        code, lines, _ = bob.run("get", added["blake3"], "--from", dead, "--origin", f"{origin.url}/film.bin?fault=wrong", "-o", out)
        assert code == 5 and not out.exists(), (code, lines)
        assert not any(row["complete"] for row in bob.must("ls"))
        lines = bob.must("get", added["blake3"], "--from", dead, "--origin", f"{origin.url}/film.bin", "-o", out, "--explain")
    assert sha256_of(out) == added["sha256"]
    rows = {row["source"]: row for row in lines if "source" in row}
    assert len(rows) == 2 and any(SOME_ID[:10] in name for name in rows), rows
    closed.close()


@swarm_case
def interrupting_a_get_keeps_the_partial_and_says_how_to_go_on(world):
    alice, bob = world.node("alice"), world.node("bob")
    path = random_file(world.root / "film.bin", 64 * MIB)
    added = alice.must("add", path)[0]
    with Origin(world.root) as origin:
        url = f"{origin.url}/film.bin?fault=stall&at={32 * MIB}"
        process = bob.start("get", added["blake3"], "--origin", url, "-o", world.root / "out.bin")
        while process.poll() is None and not list(bob.folder.glob("tmp/*")) and not list(bob.folder.glob("blobs/*/*")):
            pass
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
        assert process.returncode == 130, (process.returncode, errors)
        assert "again" in errors or "resume" in errors, errors
    with Server(alice) as server:
        bob.must("get", added["blake3"], "--from", server.peer, "-o", world.root / "out.bin")
    assert sha256_of(world.root / "out.bin") == added["sha256"]


@case
def an_origin_alone_is_enough_with_and_without_a_sidecar(world):
    """What the no-swarm build is for. With the sidecar every 16 KiB is verified as it comes, so a bad one keeps the rest."""
    path = random_file(world.file("www/film.bin", b""), 3 * MIB)
    publisher = world.node("publisher")
    added = publisher.must("add", path)[0]
    with Origin(world.root / "www") as origin:
        for name, sidecar in (("plain", False), ("sidecar", True)):
            if sidecar:
                shutil.copy(next(publisher.folder.glob("blobs/*/*.obao4")), world.root / "www" / "film.bin.obao4")
            node = world.node(name)
            result = node.must("get", added["blake3"], "--origin", f"{origin.url}/film.bin", "-o", world.root / f"{name}.out")[-1]
            assert result["from_origin_bytes"] == 3 * MIB and result["from_peers_bytes"] == 0, result
            assert sha256_of(world.root / f"{name}.out") == added["sha256"]
            assert node.must("verify")[-1]["damaged"] == 0
        liar = world.node("liar")
        code, _, _ = liar.run("get", added["blake3"], "--origin", f"{origin.url}/film.bin?fault=wrong", "-o", world.root / "liar.out")
        assert code == 5 and not (world.root / "liar.out").exists(), code


@case
def a_fetched_file_is_handed_over_and_held_until_it_changes(world):
    path = random_file(world.file("www/film.bin", b""), 3 * MIB)
    added = world.node("publisher").must("add", path)[0]
    blake3, sha256 = added["blake3"], added["sha256"]
    node, first, second = world.node(), world.root / "first", world.root / "second"
    mask = os.umask(0o027)
    with Origin(world.root / "www") as origin:
        get = ["get", blake3, "--origin", f"{origin.url}/film.bin"]
        assert node.must(*get, "-o", first)[-1]["sha256"] is None
        assert not list(node.folder.glob("blobs/*/*.data"))
        assert sha256_of(first) == sha256 and first.stat().st_mode & 0o777 == 0o640
        known = node.must("info", blake3)[0]
        assert (known["location"], known["path"]) == ("external", str(first)), known
        assert known["sha256"] == sha256, known
        assert node.must(*get, "-o", second, "--sha256")[-1]["sha256"] == sha256
        assert sha256_of(second) == sha256 and second.stat().st_mode & 0o777 == 0o640
        os.umask(mask)
        assert node.must("verify")[-1]["damaged"] == 0
        first.write_bytes(b"mine now")
        assert node.must("info", blake3)[0]["complete"] is False
        assert node.run("verify")[0] == 5
        # Had again, and given away as it came: nothing of the first file is touched.
        third = world.root / "third"
        node.must(*get, "-o", third)
        assert sha256_of(third) == sha256 and first.read_bytes() == b"mine now"
        node.must("rm", blake3)
        assert sha256_of(third) == sha256 and not node.must("ls")
        # Kept by the user: the store has its own.
        node.must(*get)
        node.must("pin", blake3)
        node.must(*get, "-o", world.root / "fourth")
        assert node.must("info", blake3)[0]["location"] == "owned"


@case
def pins_names_and_offers_keep_blobs_from_gc(world):
    node = world.node()
    added = node.must("add", world.file("x", b"x" * 50000))[0]
    assert node.must("gc", "--min-age", "0")[0]["removed_blobs"] == 0
    refused(node.run("rm", added["blake3"]), 2)
    node.must("rm", "--force", added["blake3"])
    assert node.must("ls") == []
    assert list(node.folder.glob("blobs/*/*")) == []


def run_cases(cases: dict, needs_swarm: set) -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--bin", required=True)
    arguments.add_argument("names", nargs="*")
    given = arguments.parse_args()
    passed = failed = skipped = 0
    without_swarm = "no swarm" in subprocess.run([given.bin, "info", "blobaaaa"], capture_output=True, text=True).stderr
    for name, function in cases.items():
        if given.names and not any(part in name for part in given.names):
            continue
        if without_swarm and name in needs_swarm:
            continue
        with tempfile.TemporaryDirectory(prefix="archipelago-cli-") as temp:
            try:
                function(World(str(pathlib.Path(given.bin).resolve()), pathlib.Path(temp)))
                passed += 1
                print(f"PASS {name}")
            except Skip as reason:
                skipped += 1
                print(f"SKIP {name}: {reason}")
            except (AssertionError, SystemExit, subprocess.SubprocessError, OSError, KeyError, json.JSONDecodeError, StopIteration) as failure:
                failed += 1
                print(f"FAIL {name}: {type(failure).__name__} {failure}")
        sys.stdout.flush()
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    run_cases(CASES, NEEDS_SWARM)
