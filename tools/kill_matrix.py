"""kill -9 at random moments of `add` and `get`: the store verifies clean, and a resumed get fetches <= 4 MiB twice.

    kill_matrix.py --bin ARCHIPELAGO [--rounds 200] [--mib 128] [--seed N]

A moment counts as inside the operation when the operation's own file was there at the kill and the process had not ended.
At least 80 % must be inside.
"""

import argparse
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from local_node import Node, Server, random_file, sha256_of  # noqa: E402

MIB = 1 << 20
TWICE_LIMIT = 4 * MIB


class Failed(Exception):
    pass


def require(condition: bool, complaint: str) -> None:
    if not condition:
        raise Failed(complaint)


def begun(node: Node, marks: list[str]) -> bool:
    return any(path.is_file() for mark in marks for path in node.folder.glob(mark))


def wait_until_begun(process, node: Node, marks: list[str]) -> None:
    while process.poll() is None and not begun(node, marks):
        time.sleep(0.0005)  # another process's file: polled


def duration_of(folder: pathlib.Path, binary: str, marks: list[str], *words: str) -> float:
    """Seconds from the operation's first file to its end: the shortest of three, so that kills drawn within it are inside."""
    shortest = float("inf")
    for _ in range(3):
        node = Node(binary, folder)
        process = node.start(*words)
        wait_until_begun(process, node, marks)
        started = time.monotonic()
        process.communicate()
        shortest = min(shortest, time.monotonic() - started)
        shutil.rmtree(folder)
    return shortest


def kill_during(node: Node, delay: float, marks: list[str], *words: str) -> bool:
    """Starts the command and kills it `delay` seconds after its first file appeared. True if it was inside then."""
    process = node.start(*words)
    wait_until_begun(process, node, marks)
    deadline = time.monotonic() + delay
    try:
        process.wait(timeout=max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        pass
    inside = process.poll() is None and begun(node, marks)
    process.kill()
    process.communicate()
    return inside


def check_clean(node: Node, when: str) -> None:
    code, lines, errors = node.run("verify")
    require(code == 0, f"{when}: verify exits {code}: {lines} {errors.strip()}")


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--bin", required=True)
    arguments.add_argument("--rounds", type=int, default=200)
    arguments.add_argument("--mib", type=int, default=128)
    arguments.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    given = arguments.parse_args()
    draw = random.Random(given.seed)
    print(f"kill matrix: {given.rounds} rounds, {given.mib} MiB, --seed {given.seed}")
    inside = {"add": 0, "get": 0}
    rounds = {"add": 0, "get": 0}
    worst = failed = 0

    with tempfile.TemporaryDirectory(prefix="archipelago-kill-") as temp:
        root = pathlib.Path(temp)
        source = random_file(root / "source.bin", given.mib * MIB)
        truth = sha256_of(source)
        provider = Node(given.bin, root / "provider")
        provider.must("add", source)
        blake3 = provider.must("ls")[0]["blake3"]
        add_marks, get_marks = ["tmp/*", "blobs/*/*"], ["blobs/*/*"]
        add_seconds = duration_of(root / "probe", given.bin, add_marks, "add", source)
        with Server(provider) as server:
            get_seconds = duration_of(root / "probe", given.bin, get_marks, "get", blake3, "--from", server.peer)

        for number in range(given.rounds):
            operation = "add" if number % 2 == 0 else "get"
            rounds[operation] += 1
            node = Node(given.bin, root / "node")
            delay = draw.uniform(0, 0.85 * (add_seconds if operation == "add" else get_seconds))
            try:
                if operation == "add":
                    inside["add"] += kill_during(node, delay, add_marks, "add", source)
                    if node.folder.exists():
                        check_clean(node, f"round {number}: after a killed add")
                    require(node.must("add", source)[0]["blake3"] == blake3, "add after a kill gives another hash")
                    check_clean(node, f"round {number}: after the second add")
                else:
                    out = root / "out.bin"
                    with Server(provider) as server:
                        inside["get"] += kill_during(node, delay, get_marks, "get", blake3, "--from", server.peer, "-o", out)
                        finished = out.exists()
                        if node.folder.exists():
                            check_clean(node, f"round {number}: after a killed get")
                        if not finished:
                            node.must("get", blake3, "--from", server.peer, "-o", out)
                    require(sha256_of(out) == truth, "the resumed file differs")
                    twice = server.counters["payload_acked_bytes"] - given.mib * MIB
                    worst = max(worst, twice)
                    require(twice <= TWICE_LIMIT, f"{twice:,} bytes fetched twice")
                    check_clean(node, f"round {number}: after the resumed get")
                    out.unlink()
            except Failed as failure:
                failed += 1
                print(f"round {number} ({operation}, killed after {delay * 1000:.1f} ms): {failure}")
            shutil.rmtree(node.folder, ignore_errors=True)
            (root / "out.bin").unlink(missing_ok=True)

    for operation in inside:
        print(f"{operation}: {inside[operation]} of {rounds[operation]} kills inside the operation")
    print(f"most bytes fetched twice on resume: {worst:,}")
    if sum(inside.values()) < 0.8 * given.rounds:
        failed += 1
        print("fewer than 80 % of the kills were inside the operation")
    print(f"{given.rounds - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
