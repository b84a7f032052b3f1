"""The daemon as its users meet it: `archipelago node`, its control API, and commands beside it.

    node_test.py --bin ARCHIPELAGO [name...]

Prints PASS or FAIL for each case and the plain closing line.
"""

import contextlib
import http.client
import json
import os
import pathlib
import signal
import socket
import sys
import time
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from cli_test import HELLO_BLAKE3, MIB, refused, run_cases  # noqa: E402
from local_node import Daemon, Origin, random_file  # noqa: E402

CASES = {}
NEEDS_SWARM = set()


def case(function):
    CASES[function.__name__] = function
    return function


def swarm_case(function):
    NEEDS_SWARM.add(function.__name__)
    return case(function)


@case
def a_node_starts_says_where_it_is_and_stops_cleanly(world):
    node = world.node()
    with Daemon(node) as daemon:
        run = node.folder / "run"
        for name in ("token", "ports.json", "sock"):
            assert (run / name).stat().st_mode & 0o777 == 0o600, name
        for port in ("control", "content"):
            assert daemon.ports[port] == daemon.hello[port] and daemon.ports[port].startswith("127.0.0.1:"), port
        assert daemon.ports["pid"] == daemon.process.pid and daemon.ports["swarm"] == []
        assert len(daemon.token) == 64
        first = daemon.token
        assert daemon.stop() == 0, daemon.log
        assert "stopped" in daemon.log and first not in daemon.log
        assert sorted(p.name for p in run.iterdir()) == ["lock"]
    with Daemon(node) as daemon:
        assert daemon.token != first


@case
def commands_beside_it_go_through_the_socket(world):
    node, path = world.node(), world.file("hello.txt", b"hello world")
    with Daemon(node) as daemon:
        assert node.must("rpc", "node.info")[0]["daemon"] is True
        added = node.must("rpc", "blob.add", json.dumps({"path": str(path)}))[0]
        assert added["blake3"] == HELLO_BLAKE3
        assert daemon.result("blob.get", {"content": HELLO_BLAKE3})["complete"] is True
        refused(node.run("rpc", "blob.get", json.dumps({"content": "00" * 32})), 3, "not_found")
        refused(node.run("rpc", "no.such"), 2, "no such method")
        refused(node.run("rpc", "blob.get", "{"), 2)
        refused(node.run("rpc", "blob.get", '{"contnet":"x"}'), 2, "contnet")
    # And without it the same, in the command's own process.
    assert node.must("rpc", "node.info")[0]["daemon"] is False
    assert node.must("rpc", "blob.get", json.dumps({"content": HELLO_BLAKE3}))[0]["complete"] is True
    refused(world.node("nowhere").run("rpc", "node.info"), 3, "init")


@case
def every_command_of_the_store_works_beside_a_node(world):
    node, path = world.node(), world.file("hello.txt", b"hello world")
    with Daemon(node) as daemon:
        added = node.must("add", path.name, cwd=world.root)[0]  # relative to where the person is, not the node
        assert added["blake3"] == HELLO_BLAKE3 and added["size_bytes"] == 11, added
        refused(node.run("add", world.root / "nowhere"), 3, "nowhere")
        refused(node.run("add", world.root), 2, "data directory")  # it has the node's keys below it
        refused(node.run("add", node.folder / "run" / "token"), 2, "data directory")
        assert [row["blake3"] for row in node.must("ls")] == [HELLO_BLAKE3]
        assert node.must("info", HELLO_BLAKE3)[0]["offered"] is True
        assert node.must("pin", HELLO_BLAKE3)[0]["pinned"] is True
        assert daemon.result("blob.get", {"content": HELLO_BLAKE3})["pinned"] is True
        refused(node.run("rm", HELLO_BLAKE3), 2)
        node.must("pin", "--remove", HELLO_BLAKE3)
        assert node.must("verify")[-1]["damaged"] == 0
        node.must("rm", "--force", HELLO_BLAKE3)
        assert node.must("ls") == []
        refused(node.run("info", HELLO_BLAKE3), 3)
        calls = daemon.http("GET", "/metrics", Authorization=f"Bearer {daemon.token}")[2]
        assert 'rpc_calls_total{method="blob.add",outcome="ok"} 1' in calls, calls


@case
def the_content_port_has_what_is_free(world):
    node = world.node()
    files = {name or "standard": world.file(name or "standard", f"offered as {name}".encode()) for name in ("", "public", "metered", "paid")}
    with Daemon(node) as daemon:
        hashes = {name: node.must("add", path, *([] if name == "standard" else ["--class", name]))[0]["blake3"] for name, path in files.items()}

        def has():
            return {name for name, blake3 in hashes.items() if content_status(daemon, blake3) == 200}

        assert {row["blake3"]: row["class"] for row in node.must("ls")} == {blake3: name for name, blake3 in hashes.items()}
        assert daemon.result("blob.get", {"content": hashes["paid"]})["offered"] == "paid"
        assert has() == {"standard", "public"}, has()
        node.must("add", files["paid"])  # keeps its class unless another one is named
        assert has() == {"standard", "public"}, has()
        node.must("pin", "--offer", "--class", "public", hashes["metered"])
        assert has() == {"standard", "public", "metered"}, has()
        refused(node.run("pin", "--class", "public", hashes["paid"]), 2, "--offer")
        refused(node.run("add", files["paid"], "--class", "free"), 2, "class")
        node.must("wallet", "init")
        node.must("service", "set", "content-download", "--on", "--price", "1")
        assert has() == {"public", "metered"}, has()
        node.must("service", "set", "content-download", "--off")
        assert has() == {"standard", "public", "metered"}, has()


def content_status(daemon, blake3):
    try:
        with urllib.request.urlopen(f"http://{daemon.ports['content']}/blobs/{blake3}", timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as refusal:
        return refusal.code


@case
def a_stop_in_the_middle_of_an_import_leaves_nothing_half_added(world):
    node, path = world.node(), random_file(world.root / "big", 512 * MIB)
    with Daemon(node) as daemon:
        adding = node.start("add", path)
        while not any(p.is_file() for p in (node.folder / "tmp").rglob("*")) and adding.poll() is None:
            pass
        assert daemon.stop() == 0, daemon.log
        _, errors = adding.communicate(timeout=30)
        assert adding.returncode in (3, 130) and len(errors.splitlines()) == 1, (adding.returncode, errors)
    assert node.must("ls") == []
    assert [p for p in (node.folder / "tmp").rglob("*") if p.is_file()] == []


@case
def a_socket_left_by_a_killed_node_is_no_hindrance(world):
    node = world.node()
    daemon = Daemon(node)
    daemon.stop(signal.SIGKILL)
    assert (node.folder / "run" / "sock").exists()
    assert node.must("rpc", "node.info")[0]["daemon"] is False
    with Daemon(node):
        assert node.must("rpc", "node.info")[0]["daemon"] is True


@case
def a_second_node_and_a_taken_port_are_refused_with_one_line(world):
    node = world.node()
    with Daemon(node) as daemon:
        refused(node.run("node"), 1, "another archipelago")
        other = world.node("other")
        other.must("init")
        (other.folder / "config.toml").write_text(f"[control]\nport = {daemon.ports['control'].rsplit(':')[-1]}\n[log]\nlevel = \"error\"\n")
        refused(other.run("node"), 1, "control port")
        assert sorted(p.name for p in (other.folder / "run").iterdir()) == ["lock"]


@case
def a_wrong_token_gets_nothing_and_a_lesser_one_what_it_says(world):
    node = world.node()
    with Daemon(node) as daemon:
        for token in ("0" * 64, "x", daemon.token[:-1], daemon.token.upper() + "0"):
            status, answer = daemon.post("node.info", token=token)
            assert status == 401 and answer["error"] == "token", (status, answer)
        made = daemon.result("token.create", {"scope": "read", "lives_s": 60})
        assert daemon.result("node.info", token=made["token"])["daemon"] is True
        _, answer = daemon.post("blob.verify", token=made["token"])
        assert answer["error"]["data"]["code"] == "denied", answer
        status, _, text = daemon.http("GET", "/metrics", Authorization=f"Bearer {made['token']}")
        assert status == 200 and "archipelago_uptime_seconds" in text
        daemon.result("token.revoke", {"id": made["id"]})
        assert daemon.post("node.info", token=made["token"])[0] == 401


@case
def a_misspelt_setting_stops_the_start_and_says_what_was_meant(world):
    node = world.node()
    node.must("init")
    config = node.folder / "config.toml"
    config.write_text("[swarm]\nenable = true\n")
    refused(node.run("node"), 2, "config.toml:2", "swarm.enabled")
    config.unlink()
    refused(node.run("--config", world.root / "none.toml", "node"), 3, "none.toml")
    os.environ["ARCHIPELAGO_SWARM_ENABLE"] = "true"
    try:
        refused(node.run("node"), 2, "ARCHIPELAGO_SWARM_ENABLED")
    finally:
        del os.environ["ARCHIPELAGO_SWARM_ENABLE"]


@case
def settings_are_changed_only_by_who_has_seen_them(world):
    node = world.node()
    node.must("init")
    config = node.folder / "config.toml"
    config.write_text("# mine\n[log]\nlevel = \"info\" # for now\n")
    with Daemon(node) as daemon:
        seen = daemon.result("settings.get", {"name": "log.level"})
        change = {"name": "log.level", "value": "error", "revision": seen["revision"]}
        assert daemon.result("settings.set", change)["live"] is True
        assert config.read_text() == "# mine\n[log]\nlevel = \"error\" # for now\n"
        _, answer = daemon.post("settings.set", change)
        assert answer["error"]["data"]["code"] == "try_later", answer
        _, answer = daemon.post("settings.set", dict(change, name="control.port", value=1, revision=daemon.result("settings.get")["revision"]))
        assert answer["error"]["data"]["code"] == "denied", answer  # the environment overrides it
        daemon.stop()
        assert "stopping" not in daemon.log  # the new level was in force


@case
def a_disk_that_is_nearly_full_takes_no_new_fetch(world):
    node, other = world.node(), world.node("other")
    (world.root / "origin").mkdir()
    path = random_file(world.root / "origin" / "big", MIB)
    blake3 = other.must("add", path)[0]["blake3"]
    with Origin(world.root / "origin") as origin, Daemon(node, ARCHIPELAGO_FETCH_KEEP_FREE_PERCENT="100") as daemon:
        wanted = {"content": blake3, "origins": [f"{origin.url}/big"]}
        refused = daemon.post("fetch.start", wanted)[1]["error"]
        assert refused["data"]["code"] == "no_space", refused
        code, _, errors = node.run("get", blake3, "--origin", f"{origin.url}/big", "-o", world.root / "out")
        assert code == 6 and not (world.root / "out").exists(), (code, errors)
        assert len(errors.splitlines()) == 1 and "fetch.keep_free_percent" in errors, errors
        assert daemon.result("fetch.status", {})["fetches"] == []
    # What is here needs no room.
    with Daemon(other, ARCHIPELAGO_FETCH_KEEP_FREE_PERCENT="100") as daemon:
        assert daemon.fetch_ended(daemon.result("fetch.start", wanted)["fetch"])["state"] == "complete"


@case
def a_fetch_runs_in_the_node_and_its_events_are_heard(world):
    node = world.node()
    (world.root / "origin").mkdir()
    path = random_file(world.root / "origin" / "big", 4 * MIB)
    other = world.node("other")
    other.must("init")
    blake3 = other.must("add", path)[0]["blake3"]
    with Origin(world.root / "origin") as origin, Daemon(node) as daemon:
        host, port = daemon.ports["control"].rsplit(":", 1)
        with contextlib.closing(socket.create_connection((host, int(port)), timeout=30)) as listening:
            listening.sendall(f"GET /events HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {daemon.token}\r\n\r\n".encode())
            heard = listening.recv(4096)
            assert b" 200 " in heard and b"text/event-stream" in heard, heard
            started = daemon.result("fetch.start", {"content": blake3, "origins": [f"{origin.url}/big"]})
            while b"fetch.done" not in heard or not heard.endswith(b"\r\n"):
                piece = listening.recv(4096)
                assert piece, heard
                heard += piece
            assert b'"state":"complete"' in heard, heard
        one = daemon.result("fetch.status", {"fetch": started["fetch"]})["fetches"][0]
        assert one["state"] == "complete" and one["from_origin_bytes"] == 4 * MIB, one
        sources = daemon.result("fetch.explain", {"fetch": started["fetch"]})["sources"]
        assert len(sources) == 1 and sources[0]["kind"] == "origin" and sources[0]["lied"] is False, sources
        made = daemon.result("token.create", {"scope": "operate"})
        # A lesser token cannot point the node at the operator's own network.
        again = daemon.result("fetch.start", {"content": "11" * 32, "origins": [f"{origin.url}/big"]}, token=made["token"])
        one = daemon.fetch_ended(again["fetch"])
        assert one["state"] == "failed" and one["held_bytes"] == 0, one


@swarm_case
def the_swarm_is_off_until_the_operator_turns_it_on(world):
    node, path = world.node(), world.file("hello.txt", b"hello world")
    node.must("add", path)
    with Daemon(node) as daemon:
        status = daemon.result("swarm.status")
        assert status["running"] is False and daemon.result("transport.status")["bound"] == []
        bound = [line for line in pathlib.Path(f"/proc/{daemon.process.pid}/net/udp").read_text().splitlines()[1:]]
        sockets = {os.readlink(f) for f in pathlib.Path(f"/proc/{daemon.process.pid}/fd").iterdir() if f.is_symlink()}
        assert not [line for line in bound if f"socket:[{line.split()[9]}]" in sockets], "a UDP socket is bound"
    with Daemon(node, ARCHIPELAGO_SWARM_ENABLED="true", ARCHIPELAGO_SWARM_BIND="127.0.0.1:0") as daemon:
        assert daemon.result("swarm.status")["running"] is True
        peer = f"{daemon.hello['endpoint_id']}@{daemon.ports['swarm'][0]}"
        other = world.node("other")
        other.must("get", HELLO_BLAKE3, "--from", peer, "-o", world.root / "out")
        assert (world.root / "out").read_bytes() == b"hello world"
        assert daemon.result("swarm.status")["payload_sent_bytes"] == 11
        assert "swarm_payload_sent_bytes_total 11" in daemon.http("GET", "/metrics", Authorization=f"Bearer {daemon.token}")[2]


def bit_rot_heals(world, name, meet, **environment):
    """A flipped bit that `meet` makes the node read: only its group is gone, and an origin brings it back."""
    node = world.node(name)
    (world.root / f"{name}-www").mkdir()
    path = random_file(world.root / f"{name}-www" / "film", 3 * MIB)
    blake3 = node.must("add", path)[0]["blake3"]
    data = next(node.folder.glob("blobs/*/*.data"))
    data.chmod(0o600)
    with open(data, "r+b") as file:
        file.seek(2 * MIB + 5)
        byte = file.read(1)[0]
        file.seek(2 * MIB + 5)
        file.write(bytes([byte ^ 1]))
    with Origin(path.parent) as origin, Daemon(node, **environment) as daemon:
        content = f"http://{daemon.ports['content']}/blobs/{blake3}"
        meet(daemon, blake3, content)
        limit = time.monotonic() + 30
        while daemon.result("blob.get", {"content": blake3})["complete"]:
            assert time.monotonic() < limit, "nobody marked it"
            time.sleep(0.02)
        assert daemon.result("blob.get", {"content": blake3})["held_bytes"] == 3 * MIB - 16384
        started = daemon.result("fetch.start", {"content": blake3, "origins": [f"{origin.url}/film"]})
        ended = daemon.fetch_ended(started["fetch"])
        assert ended["state"] == "complete" and ended["from_origin_bytes"] <= MIB, ended
        with urllib.request.urlopen(content) as whole:
            assert whole.read() == path.read_bytes()
        daemon.stop()
        assert f"{blake3} is damaged" in daemon.log, daemon.log


@case
def bit_rot_that_a_player_meets_is_missing_until_it_is_fetched_again(world):
    def meet(daemon, blake3, content):
        try:
            with urllib.request.urlopen(content) as broken:
                broken.read()
        except http.client.IncompleteRead as cut:
            assert len(cut.partial) <= 2 * MIB, len(cut.partial)
        else:
            raise AssertionError("all of a damaged blob was given out")

    bit_rot_heals(world, "player", meet)


@swarm_case
def bit_rot_that_a_peer_meets_is_missing_until_it_is_fetched_again(world):
    def meet(daemon, blake3, content):
        peer = f"{daemon.hello['endpoint_id']}@{daemon.ports['swarm'][0]}"
        other = world.node("other")
        code, _, errors = other.run("get", blake3, "--from", peer, "-o", world.root / "out")
        assert code == 3 and not (world.root / "out").exists(), (code, errors)
        # The end too, where it asked again for what the peer had left.
        assert other.must("info", blake3)[0]["held_bytes"] in (2 * MIB, 3 * MIB - 16384)

    bit_rot_heals(world, "peer", meet, ARCHIPELAGO_SWARM_ENABLED="true", ARCHIPELAGO_SWARM_BIND="127.0.0.1:0")


@case
def the_log_is_json_when_asked(world):
    with Daemon(world.node(), ARCHIPELAGO_LOG_FORMAT="json") as daemon:
        daemon.stop()
        lines = [json.loads(line) for line in daemon.log.splitlines()]
        assert lines[0]["module"] == "node" and lines[0]["level"] == "info" and lines[0]["ts_ms"] > 1_600_000_000_000


if __name__ == "__main__":
    run_cases(CASES, NEEDS_SWARM)
