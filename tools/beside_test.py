"""Commands beside a running node: `get send serve export gc explain doctor id`, and Ctrl-C on any of them.

    beside_test.py --bin ARCHIPELAGO [name...]

Prints PASS or FAIL for each case and the plain closing line.
"""

import json
import os
import pathlib
import shutil
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from cli_test import HELLO_BLAKE3, KIB, MIB, refused, run_cases  # noqa: E402
from local_node import Daemon, Origin, Server, random_file  # noqa: E402

CASES = {}
NEEDS_SWARM = set()
SWARM_ON = {"ARCHIPELAGO_SWARM_ENABLED": "true", "ARCHIPELAGO_SWARM_BIND": "127.0.0.1:0"}


def case(function):
    CASES[function.__name__] = function
    return function


def swarm_case(function):
    NEEDS_SWARM.add(function.__name__)
    return case(function)


def wait_until(true, seconds=20.0):
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)


class Published:
    """A random file on a test origin, with its outboard beside it so that it is verified as it comes."""

    def __init__(self, world, size):
        (world.root / "origin").mkdir()
        self.path = random_file(world.root / "origin" / "file", size)
        self.bytes = self.path.read_bytes()
        publisher = world.node("publisher")
        self.blake3 = publisher.must("add", self.path)[0]["blake3"]
        shutil.copy(next(publisher.folder.glob(f"blobs/*/{self.blake3}.obao4")), self.path.with_suffix(".obao4"))
        self.origin = Origin(world.root / "origin")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.origin.__exit__()


@case
def get_goes_through_the_node_and_the_file_is_handed_over(world):
    node = world.node()
    with Published(world, 5 * MIB + 3) as published, Daemon(node) as daemon:
        url = f"{published.origin.url}/file"
        code, lines, errors = node.run("get", published.blake3, "--origin", url, "-o", "out", "--explain", cwd=world.root)
        assert code == 0, errors
        assert (world.root / "out").read_bytes() == published.bytes
        source, got = lines
        assert source["kind"] == "origin" and source["verified_bytes"] == len(published.bytes) and source["outcome"] == "ok", source
        assert got["from_origin_bytes"] == len(published.bytes) and got["paths"] == [str(world.root / "out")] and got["blobs"] == 1, got
        assert daemon.result("blob.get", {"content": published.blake3})["location"] == "external"  # not written twice
        # Again: nothing to fetch, and the file that is there is not replaced.
        refused(node.run("get", published.blake3, "-o", world.root / "out"), 2, "exists")
        again = node.must("get", published.blake3, "-o", world.root / "two")[-1]
        assert again["from_origin_bytes"] == 0 and (world.root / "two").read_bytes() == published.bytes, again
        refused(node.run("get", "11" * 32, "--origin", f"{published.origin.url}/none"), 3)
        refused(node.run("get", "11" * 32, "--origin", url), 5)  # other bytes than asked for
        refused(node.run("get", published.blake3, "-o", node.folder / "run" / "x"), 2, "data directory")


@swarm_case
def a_ticket_is_enough_for_the_node(world):
    seeder, node = world.node("seeder"), world.node()
    path = random_file(world.root / "file", 300 * KIB)
    added = seeder.must("add", path)[0]
    with Daemon(seeder, **SWARM_ON) as seeding, Daemon(node) as daemon:
        ticket = seeding.result("blob.add", {"path": str(path)})["ticket"]
        got = node.must("get", ticket, "-o", world.root / "out")[-1]
        assert got["from_peers_bytes"] == 300 * KIB and (world.root / "out").read_bytes() == path.read_bytes()
        assert got["blake3"] == added["blake3"]
        # A ticket that comes by a lesser token leads into no private network.
        daemon.result("blob.remove", {"content": added["blake3"], "force": True})
        _, answer = daemon.post("fetch.start", {"content": ticket}, token=daemon.of_scope("operate"))
        assert answer["error"]["data"]["code"] == "denied", answer
        assert daemon.fetch_ended(daemon.result("fetch.start", {"content": ticket})["fetch"])["state"] == "complete"


@swarm_case
def a_folder_is_sent_by_the_node_and_fetched_by_another(world):
    sender, getter = world.node("sender"), world.node("getter")
    for name in ("one", "sub/two"):
        world.file(f"folder/{name}", os.urandom(70 * KIB))
    with Daemon(sender):
        refused(sender.run("send", world.root / "folder"), 2, "swarm.enabled")
        refused(sender.run("serve"), 2, "swarm.enabled")
        assert sender.must("ls") == []
    with Daemon(sender, **SWARM_ON) as serving, Daemon(getter):
        refused(sender.run("send", world.root / "folder", "--bind", "127.0.0.1:0"), 2, "--bind")
        assert sender.must("serve")[0]["addrs"] == serving.result("swarm.status")["addresses"]
        sent = sender.must("send", "folder", cwd=world.root)[-1]
        got = getter.must("get", sent["ticket"], "-o", world.root / "out")[-1]
        assert got["from_peers_bytes"] > 140 * KIB and len(got["paths"]) == 2, got
        for name in ("one", "sub/two"):
            assert (world.root / "out" / "folder" / name).read_bytes() == (world.root / "folder" / name).read_bytes(), got["paths"]


@case
def export_gc_and_id_work_beside_a_node(world):
    node, path = world.node(), world.file("hello.txt", b"hello world")
    made = node.must("init")[0]["endpoint_id"]
    with Daemon(node) as daemon:
        assert node.must("id")[0]["endpoint_id"] == made == node.must("init")[0]["endpoint_id"]
        node.must("add", path)
        exported = node.must("export", HELLO_BLAKE3, "-o", "out", cwd=world.root)[0]
        assert exported["path"] == str(world.root / "out") and (world.root / "out").read_bytes() == b"hello world"
        refused(node.run("export", HELLO_BLAKE3, "-o", world.root / "out"), 2, "exists")
        refused(node.run("export", "00" * 32, "-o", world.root / "none"), 3)
        refused(node.run("export", HELLO_BLAKE3, "-o", node.folder / "keys" / "x"), 2, "data directory")
        link = world.root / "link"
        link.symlink_to(node.folder / "keys")
        refused(node.run("export", HELLO_BLAKE3, "-o", link / "x"), 2, "data directory")
        assert node.must("gc", "--min-age", "0")[0]["removed_blobs"] == 0  # its name keeps it
        node.must("rm", "--force", HELLO_BLAKE3)
        assert node.must("gc", "--min-age", "0", "--dry-run")[0]["dry_run"] is True
        for call in ({"content": HELLO_BLAKE3, "path": "relative"}, {"content": HELLO_BLAKE3}):
            _, answer = daemon.post("blob.export", call)
            assert answer["error"]["data"]["code"] == "bad_input", answer


@case
def an_import_ends_when_its_command_is_interrupted(world):
    node, path = world.node(), random_file(world.root / "big", 256 * MIB)
    for how, code in ((signal.SIGINT, 130), (signal.SIGKILL, -9)):
        with Daemon(node) as daemon:
            adding = node.start("add", path)
            wait_until(lambda: any(p.is_file() for p in (node.folder / "tmp").rglob("*")) or adding.poll() is not None)
            adding.send_signal(how)
            _, errors = adding.communicate(timeout=30)
            assert adding.returncode == code, (adding.returncode, errors)
            wait_until(lambda: not any(p.is_file() for p in (node.folder / "tmp").rglob("*")))
            assert node.must("ls") == [] and daemon.process.poll() is None


@case
def a_fetch_ends_when_its_command_is_interrupted_and_goes_on_from_there(world):
    node = world.node()
    with Published(world, 3 * MIB) as published, Daemon(node) as daemon:
        slow = f"{published.origin.url}/!drip:65536:0.1/file"
        getting = node.start("get", published.blake3, "--origin", slow, "-o", world.root / "out")
        wait_until(lambda: any(f["held_bytes"] > 0 for f in daemon.result("fetch.status")["fetches"]) or getting.poll() is not None)
        getting.send_signal(signal.SIGINT)
        _, errors = getting.communicate(timeout=30)
        assert getting.returncode == 130 and "interrupted" in errors, (getting.returncode, errors)
        ended = daemon.result("fetch.status")["fetches"][0]
        assert ended["state"] == "cancelled" and not (world.root / "out").exists(), ended
        again = node.must("get", published.blake3, "--origin", f"{published.origin.url}/file", "-o", world.root / "out")[-1]
        assert (world.root / "out").read_bytes() == published.bytes


@case
def a_second_get_waits_for_the_fetch_of_the_first(world):
    node = world.node()
    with Published(world, 2 * MIB) as published, Daemon(node) as daemon:
        slow = f"{published.origin.url}/!drip:65536:0.05/file"
        started = daemon.result("fetch.start", {"content": published.blake3, "origins": [slow]})
        waiting = node.start("get", published.blake3, "-o", world.root / "other")
        wait_until(lambda: daemon.result("fetch.status", {"fetch": started["fetch"]})["fetches"][0]["held_bytes"] > 0)
        out, errors = waiting.communicate(timeout=60)
        assert waiting.returncode == 0, errors
        assert json.loads(out.splitlines()[-1])["from_origin_bytes"] == 2 * MIB, out
        assert (world.root / "other").read_bytes() == published.bytes
        assert len(daemon.result("fetch.status")["fetches"]) == 1


@case
def a_node_that_stops_ends_the_commands_beside_it(world):
    node = world.node()
    with Published(world, 2 * MIB) as published, Daemon(node) as daemon:
        slow = f"{published.origin.url}/!drip:1024:0.5/file"
        getting = node.start("get", published.blake3, "--origin", slow)
        wait_until(lambda: daemon.result("fetch.status")["fetches"] != [] or getting.poll() is not None)
        assert daemon.stop() == 0, daemon.log
        _, errors = getting.communicate(timeout=30)
        assert getting.returncode in (3, 130) and len(errors.splitlines()) == 1, (getting.returncode, errors)


@case
def explain_tells_who_was_asked_while_it_runs_and_afterwards(world):
    node = world.node()
    with Published(world, 2 * MIB) as published:
        slow, gone = f"{published.origin.url}/!drip:65536:0.05/file", f"{published.origin.url}/none?secret=1"
        refused(node.run("explain", published.blake3), 3)
        with Daemon(node) as daemon:
            refused(node.run("explain", published.blake3), 3, "no fetch")
            started = daemon.result("fetch.start", {"content": published.blake3, "origins": [gone, slow]})
            wait_until(lambda: daemon.result("fetch.status", {"fetch": started["fetch"]})["fetches"][0]["from_origin_bytes"] > 0)
            lines = node.must("explain", published.blake3)
            assert lines[0]["complete"] is False and lines[1]["state"] == "running" and len(lines) == 4, lines
            assert daemon.fetch_ended(started["fetch"])["state"] == "complete"
            held, fetch, missing, good = node.must("explain", published.blake3)
            assert held["complete"] is True and fetch["state"] == "complete" and fetch["fetch"] == started["fetch"]
            assert missing["verified_bytes"] == 0 and missing["outcome"] != "ok" and "secret" not in missing["source"], missing
            assert good["verified_bytes"] == 2 * MIB and good["outcome"] == "ok" and good["rate_bytes_s"] > 0, good
            for call in ({}, {"fetch": 1, "content": published.blake3}):
                _, answer = daemon.post("fetch.explain", call)
                assert answer["error"]["data"]["code"] == "bad_input", answer
        assert node.must("explain", published.blake3)[0]["complete"] is True  # what the store knows, without a node


@case
def doctor_finds_what_is_wrong(world):
    def examined(exit_code, *words, **environment):
        os.environ.update(ARCHIPELAGO_CONTROL_PORT="0", ARCHIPELAGO_CONTENT_PORT="0", **environment)
        try:
            code, lines, errors = node.run("doctor", *words)
        finally:
            for name in ("ARCHIPELAGO_CONTROL_PORT", "ARCHIPELAGO_CONTENT_PORT", *environment):
                del os.environ[name]
        assert code == exit_code, (code, lines, errors)
        found = {line["check"]: line for line in lines[:-1]}
        assert lines[-1]["failures"] == sum(line["health"] == "failure" for line in found.values()), lines
        return found

    node = world.node()
    assert examined(1)["data_dir"]["health"] == "failure" and not node.folder.exists()
    node.must("init")
    found = examined(0)
    assert {"data_dir", "settings", "node", "store", "disk_space", "disk_write", "clock", "open_files", "udp", "control_port", "content_port", "reach"} == set(found), found
    assert found["store"]["health"] == "ok" and "doctor" not in [p.name for p in (node.folder / "tmp").iterdir()]
    node.folder.chmod(0o755)
    assert "chmod 700" in examined(0)["data_dir"]["text"]
    node.folder.chmod(0o700)
    (node.folder / "config.toml").write_text("[swarm]\nenable = true\n")
    assert "swarm.enabled" in examined(1)["settings"]["text"]
    (node.folder / "config.toml").unlink()
    with Daemon(node) as daemon:
        found = examined(0)
        assert found["node"]["text"].startswith("runs") and daemon.ports["content"] in found["ports"]["text"], found
        node = world.node("other")
        node.must("init")
        for name in ("control", "content"):
            taken = {f"ARCHIPELAGO_{name.upper()}_PORT": daemon.ports[name].rsplit(":")[-1]}
            os.environ.update(taken)
            code, lines, _ = node.run("doctor")
            for variable in taken:
                del os.environ[variable]
            assert code == 1 and [line["check"] for line in lines[:-1] if line["health"] == "failure"][0] == f"{name}_port", lines
        node = daemon.node
        daemon.stop(signal.SIGKILL)
        assert examined(0)["node"]["health"] == "warning"


@swarm_case
def doctor_sees_a_process_that_is_no_node_and_a_taken_swarm_port(world):
    node, other = world.node(), world.node("other")
    node.must("init")
    other.must("init")
    with Server(node) as serving:
        code, lines, _ = node.run("doctor")
        assert code == 1 and "another process" in next(line for line in lines if line.get("check") == "store")["text"], lines
        os.environ.update(ARCHIPELAGO_SWARM_ENABLED="true", ARCHIPELAGO_SWARM_BIND=serving.address)
        code, lines, _ = other.run("doctor")
        del os.environ["ARCHIPELAGO_SWARM_ENABLED"], os.environ["ARCHIPELAGO_SWARM_BIND"]
        assert code == 1 and next(line for line in lines if line.get("check") == "swarm_port")["health"] == "failure", lines


if __name__ == "__main__":
    run_cases(CASES, NEEDS_SWARM)
