"""What nobody may find: words, secrets of ecash and tokens, looked for wherever a wallet leaves traces.

    secrets_test.py --bin ARCHIPELAGO --testmint TESTMINT [name...]

The markers are the wallet's own: its words were chosen here, and every secret of every token that it gave away is read from that
token. Closing line and exit code as wallet_test.py's.
"""

import base64
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys

from wallet_test import BAD_INPUT, World, eventually, main, spent, swap_never_answered
from local_node import Daemon

WORDS = "legal winner thank year wave sausage worth useful legal winner thank yellow"
CASES = []


def case(function):
    CASES.append(function)
    return function


def cbor(data, at=0):
    """One item of a token: (item, where the next one begins). Only what NUT-00 V4 uses."""
    kind, short, at = data[at] >> 5, data[at] & 31, at + 1
    size = 0 if short < 24 else 1 << (short - 24)
    value, at = (short if size == 0 else int.from_bytes(data[at : at + size], "big")), at + size
    if kind == 0:
        return value, at
    if kind in (2, 3):
        raw = data[at : at + value]
        return (raw if kind == 2 else raw.decode()), at + value
    out = []
    for _ in range(value * (2 if kind == 5 else 1)):
        item, at = cbor(data, at)
        out.append(item)
    return (dict(zip(out[::2], out[1::2])) if kind == 5 else out), at


def secrets_in(token):
    """Of each proof. (What its signature was unblinded with tells who made it, but spends nothing.)"""
    text = token.removeprefix("cashuB")
    decoded, _ = cbor(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    proofs = [proof for entry in decoded["t"] for proof in entry["p"]]
    assert proofs
    return {proof["s"] for proof in proofs}


def is_watched(binary):
    """A leak checker looks into the memory of the program that it is part of."""
    return b"__asan_init" in pathlib.Path(binary).read_bytes()


def forms_of(secret):
    """As text, and where it is hexadecimal as the bytes themselves."""
    yield secret.encode()
    if len(secret) == 64 and all(c in "0123456789abcdef" for c in secret):
        yield bytes.fromhex(secret)


def traces_of(folder):
    """Every file of the data directory but those whose business is keeping the secret."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.parent.name != "keys":
            yield path.relative_to(folder), path.read_bytes()


def must_not_tell(where, content, markers):
    for marker in markers:
        for form in forms_of(marker):
            assert form not in content, f"{where} has {marker[:16]}..."


def a_life(world, mints):
    """A wallet that has done everything, an operation of which is open: (wallet, markers, the open one)."""
    wallet = world.wallet()
    wallet.one("init", "--words", "-", feed=WORDS)
    wallet.run("mints", "add", mints.url)
    wallet.fund(1000)
    tokens = [wallet.one("send", str(sats))["token"] for sats in (10, 37, 120)]
    other = world.ready(mints, "other")
    other.receive(tokens[0])
    back = other.one("send", "4")["token"]
    wallet.receive(back)
    tokens += [wallet.one("send", "9", "--lock", other.one("pubkey")["pubkey"])["token"]]
    wallet.one("melt", mints.invoice(30))
    wallet.receive_refused(tokens[0], BAD_INPUT, "spent")
    wallet.receive_refused(tokens[1][:-6], BAD_INPUT, "")
    before = spent(mints)
    swap_never_answered(mints)
    sending = wallet.start("send", "5", "--lock", other.one("pubkey")["pubkey"])
    eventually(lambda: spent(mints) > before, "the swap was executed")
    sending.kill()
    sending.communicate()
    markers = {WORDS, " ".join(WORDS.split()[3:7]), *tokens, back}
    for token in [*tokens, back]:
        markers |= secrets_in(token)
    assert len(markers) > 15, len(markers)
    return wallet, markers


@case
def no_file_of_the_wallet_tells_a_secret(world):
    mints = world.mints("--auto-pay", "--mint", "m:100:v2")
    wallet, markers = a_life(world, mints)
    seen = {}
    for name, content in traces_of(wallet.node.folder):
        must_not_tell(name, content, markers)
        seen[str(name)] = len(content)
    assert seen["db/wallet.db"] > 50_000, seen
    # The search finds what is there.
    kept = (wallet.node.folder / "keys" / "wallet.words").read_bytes()
    assert any(form in kept for form in forms_of(WORDS))


@case
def no_answer_and_no_log_tells_a_secret(world):
    mints = world.mints("--auto-pay", "--mint", "m:100:v2")
    wallet, markers = a_life(world, mints)
    world.printed.clear()
    with Daemon(wallet.node, "--log-level", "trace") as daemon:
        for words in (["history"], ["op", "show", "1"], ["op", "show", "2"], ["balance"], ["mints"], ["doctor"]):
            wallet.run(*words)
        number = wallet.run("history", "--limit", "1")[0]["operation"]
        wallet.run("op", "show", str(number))
        proc = pathlib.Path("/proc") / str(daemon.process.pid)
        for name in ("environ", "cmdline"):
            must_not_tell(name, (proc / name).read_bytes(), markers)
        for name, content in traces_of(wallet.node.folder):
            must_not_tell(f"{name} while a node runs", content, markers)
        mints.no_faults()
        eventually(lambda: wallet.one("op", "show", str(number))["state"] == "done", "the send is gone on with")
        assert daemon.stop() == 0
        must_not_tell("the node's log", daemon.log.encode(), markers)
    for words, out, errors in world.printed:
        must_not_tell(f"wallet {' '.join(words)}", (out + errors).encode(), markers)


def as_somebody(world, wallet):
    """How to start the node as a user who is not root: (command, options of Popen, that user)."""
    if os.geteuid() != 0:
        return wallet.node.command("node"), {}, os.geteuid()
    nobody = 65534
    binary = shutil.copy(world.binary, world.root / "archipelago")
    world.root.chmod(0o755)
    for path in [wallet.node.folder, *wallet.node.folder.rglob("*")]:
        os.chown(path, nobody, nobody)
    return [binary, *wallet.node.command("node")[1:]], {"user": nobody, "group": nobody, "extra_groups": []}, nobody


@case
def a_crash_leaves_no_core_and_memory_is_private(world):
    mints = world.mints("--auto-pay", "--mint", "m:100:v2")
    wallet, _ = a_life(world, mints)
    command, options, user = as_somebody(world, wallet)
    here = world.root / "cores"
    here.mkdir(mode=0o777)

    def cores_allowed():
        resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def owner_of_memory(process):
        return (pathlib.Path("/proc") / str(process.pid) / "mem").stat().st_uid

    plain = subprocess.Popen(["sleep", "60"], cwd=here, preexec_fn=cores_allowed, **options)
    ports = {"ARCHIPELAGO_CONTROL_PORT": "0", "ARCHIPELAGO_CONTENT_PORT": "0"}
    node = subprocess.Popen(command, env=os.environ | ports, cwd=here, stdout=subprocess.PIPE, preexec_fn=cores_allowed, **options)
    for process in (plain, node):
        world.stack.callback(process.kill)
    assert node.stdout.readline(), "the node did not start"
    assert owner_of_memory(plain) == user, "the look below sees nothing"
    if not is_watched(world.binary):
        assert owner_of_memory(node) == 0, "another program of this user can read its memory"
    limits = (pathlib.Path("/proc") / str(node.pid) / "limits").read_text()
    assert re.search(r"Max core file size +0 +0 ", limits), limits
    for process in (plain, node):
        process.send_signal(signal.SIGSEGV)
    _, status = os.waitpid(plain.pid, 0)
    assert os.WCOREDUMP(status) or not list(here.iterdir())
    _, status = os.waitpid(node.pid, 0)
    node.stdout.close()
    assert not os.WCOREDUMP(status), status


if __name__ == "__main__":
    sys.exit(main(CASES))
