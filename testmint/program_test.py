"""The programs as tests start them: `testmint` and `fault_proxy`, with a client that shares no line with them.

    program_test.py --testmint PROGRAM --proxy PROGRAM

Prints PASS or FAIL for each case. Every program that is started ends with its case.
"""

import argparse
import contextlib
import hashlib
import http.client
import json
import os
import pathlib
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
import urllib.error
import urllib.request

CASES = []


def case(function):
    CASES.append(function)
    return function


# --- the client -----------------------------------------------------------------------------------

P = 2**256 - 2**32 - 977
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G = (0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
     0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8)


def add(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0]:
        if (a[1] + b[1]) % P == 0:
            return None
        slope = 3 * a[0] * a[0] * pow(2 * a[1], -1, P) % P
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P) % P
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def times(k, point):
    out = None
    while k:
        if k & 1:
            out = add(out, point)
        point = add(point, point)
        k >>= 1
    return out


def lift(text):
    x = int(text[2:], 16)
    y = pow(x**3 + 7, (P + 1) // 4, P)
    if y * y % P != (x**3 + 7) % P:
        return None
    return x, y if y % 2 == int(text[:2], 16) % 2 else P - y


def text(point):
    return f"{2 + point[1] % 2:02x}{point[0]:064x}"


def hash_to_curve(secret):
    first = hashlib.sha256(b"Secp256k1_HashToCurve_Cashu_" + secret.encode()).digest()
    for counter in range(256):
        point = lift("02" + hashlib.sha256(first + counter.to_bytes(4, "little")).hexdigest())
        if point:
            return point
    raise ValueError(secret)


def ask(url, body=None, method=None):
    """The status and the JSON of an answer, or (None, None) when the connection is lost."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers={"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        page = error.read()
        return error.code, json.loads(page) if page.startswith(b"{") else None
    except (OSError, ValueError, http.client.HTTPException):
        return None, None


class Gone(Exception):
    """No answer came."""


def must(url, body):
    status, answer = ask(url, body)
    if status is None:
        raise Gone
    assert status == 200, answer
    return answer


class Client:
    def __init__(self, url):
        self.url = url
        keyset = ask(url + "/v1/keys")[1]["keysets"][0]
        self.id, self.keys = keyset["id"], keyset["keys"]

    def outputs(self, *amounts):
        made = []
        for amount in amounts:
            secret, r = secrets.token_hex(32), secrets.randbelow(N - 1) + 1
            made.append((amount, secret, r, text(add(hash_to_curve(secret), times(r, G)))))
        return made, [{"amount": a, "id": self.id, "B_": b} for a, _, _, b in made]

    def proofs(self, made, signatures):
        out = []
        for (amount, secret, r, _), signature in zip(made, signatures, strict=True):
            x, y = times(r, lift(self.keys[str(amount)]))
            c = add(lift(signature["C_"]), (x, P - y))
            out.append({"amount": amount, "id": self.id, "secret": secret, "C": text(c)})
        return out

    def mint(self, *amounts):
        quote = must(self.url + "/v1/mint/quote/bolt11", {"amount": sum(amounts), "unit": "sat"})
        must(self.url + "/_test/pay", {"request": quote["request"]})
        made, outputs = self.outputs(*amounts)
        answer = must(self.url + "/v1/mint/bolt11", {"quote": quote["quote"], "outputs": outputs})
        return self.proofs(made, answer["signatures"])

    def swap(self, proofs, *amounts):
        made, outputs = self.outputs(*amounts)
        status, answer = ask(self.url + "/v1/swap", {"inputs": proofs, "outputs": outputs})
        return status, self.proofs(made, answer["signatures"]) if status == 200 else answer


# --- programs -------------------------------------------------------------------------------------


@contextlib.contextmanager
def running(*command):
    """The process and its line; it is stopped by the end of its standard input."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process, json.loads(process.stdout.readline())
    finally:
        if process.poll() is None:
            process.stdin.close()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        process.stdin.close()
        process.stdout.close()
        process.wait()


@case
def a_foreign_client_mints_swaps_and_pays(world):
    with running(world.testmint, "--mint", "a:100:v1", "--mint", "b:0:v2") as (process, hello):
        a, b = Client(hello["mints"]["a"]), Client(hello["mints"]["b"])
        proofs = a.mint(64, 32, 16)
        status, proofs = a.swap(proofs, 64, 32, 8, 4, 2, 1)
        assert status == 200, proofs
        claim = ask(b.url + "/v1/mint/quote/bolt11", {"amount": 100, "unit": "sat"})[1]
        quote = ask(a.url + "/v1/melt/quote/bolt11", {"request": claim["request"], "unit": "sat"})[1]
        made, blanks = a.outputs(1, 1, 1, 1)
        melted = ask(a.url + "/v1/melt/bolt11", {"quote": quote["quote"], "inputs": proofs, "outputs": blanks})[1]
        assert melted["state"] == "PAID" and sum(s["amount"] for s in melted["change"]) == 111 - 100 - 1 - 1, melted
        made, outputs = b.outputs(64, 32, 4)
        status, answer = ask(b.url + "/v1/mint/bolt11", {"quote": claim["quote"], "outputs": outputs})
        assert status == 200 and b.swap(b.proofs(made, answer["signatures"]), 64, 36 - 4, 4)[0] == 200
        report = ask(a.url + "/_test/report-all")[1]
        assert [m["balanced"] for m in report["mints"]] == [True, True], report
        assert report["lightning"]["payments"][0]["state"] == "paid"


@case
def it_stops_in_each_way(world):
    with running(world.testmint) as (process, hello):
        assert pathlib.Path(hello["data_dir"]).is_dir()
        process.stdin.close()
        assert process.wait(20) == 0
        assert not pathlib.Path(hello["data_dir"]).exists()
    for sign in (signal.SIGTERM, signal.SIGINT):
        with running(world.testmint) as (process, _):
            process.send_signal(sign)
            assert process.wait(20) == 0
    with running(world.testmint) as (process, hello):
        assert ask(hello["mints"]["mint"] + "/_test/shutdown", {})[0] == 200
        assert process.wait(20) == 0
    with running(world.testmint) as (process, hello), running(world.proxy, hello["mints"]["mint"]) as (proxy, _):
        proxy.terminate()
        assert proxy.wait(20) == 0


@case
def its_books_are_sound_whenever_it_is_killed(world):
    """It is killed amid swaps and melts: what was answered is in the book, and the book balances."""
    with tempfile.TemporaryDirectory() as folder:
        spent = []
        for seconds in (0.0, 0.02, 0.05, 0.1):
            with running(world.testmint, "--data-dir", folder, "--fee-ppk", "100") as (process, hello):
                client = Client(hello["mints"]["mint"])
                for proof in spent[-4:]:
                    assert client.swap([proof], 1)[1]["code"] == 11001
                with contextlib.suppress(Gone):
                    for number in range(1000):
                        one_round(client, spent)
                        if number == 1:
                            threading.Timer(seconds, process.kill).start()
                assert process.wait(20) == -signal.SIGKILL
            done = subprocess.run([world.testmint, "report", "--data-dir", folder], capture_output=True, text=True, check=True)
            report = json.loads(done.stdout)["mints"][0]
            assert report["balanced"] and report["pending"] == 0, report
            assert report["outstanding"] == sum(r["amount"] for r in report["issued_rows"]) - sum(r["amount"] for r in report["spent_rows"])
            assert {text(hash_to_curve(p["secret"])) for p in spent} <= {r["Y"] for r in report["spent_rows"]}


def one_round(client, spent):
    """Ecash minted, swapped and melted; adds to `spent` what was spent by an answer that came."""
    proofs = client.mint(16)
    made, outputs = client.outputs(8, 4, 2, 1)
    answer = must(client.url + "/v1/swap", {"inputs": proofs, "outputs": outputs})
    spent += proofs
    fresh = client.proofs(made, answer["signatures"])
    invoice = must(client.url + "/_test/invoice", {"amount": 9})["request"]
    quote = must(client.url + "/v1/melt/quote/bolt11", {"request": invoice, "unit": "sat"})["quote"]
    assert must(client.url + "/v1/melt/bolt11", {"quote": quote, "inputs": fresh})["state"] == "PAID"
    spent += fresh


@case
def the_proxy_takes_its_script_from_the_command_line(world):
    script = json.dumps([{"fault": "drop_after", "route": "POST /v1/swap"}, {"fault": "answer_before", "route": "GET /v1/info"}])
    with running(world.testmint) as (_, hello), running(world.proxy, hello["mints"]["mint"], "--faults", script) as (_, proxy):
        client = Client(hello["mints"]["mint"])
        proofs = client.mint(2)
        client.url = proxy["url"]
        assert client.swap(proofs, 2) == (None, None)
        assert client.swap(proofs, 2)[1]["code"] == 11001
        assert ask(proxy["url"] + "/v1/info")[0] == 502
        assert ask(proxy["url"] + "/v1/info")[1]["name"] == "mint"
        assert ask(proxy["url"] + "/_test/faults")[1] == {"happened": 2}
        # Two swaps and two questions, of which one was not passed on.
        assert ask(proxy["url"] + "/_test/requests")[1] == {"arrived": 4, "executed": 3, "under_way": 0}
        assert ask(proxy["url"] + "/_test/report")[0] == 404


@case
def a_request_that_is_held_can_be_cut_off(world):
    """Executed or not, as its delay is after or before that; others go on meanwhile."""
    with running(world.testmint) as (_, hello):
        client = Client(hello["mints"]["mint"])
        proofs = client.mint(2)
        for fault, executed in (("delay_before", 0), ("delay_after", 1)):
            with running(world.proxy, hello["mints"]["mint"]) as (_, proxy):
                client.url = proxy["url"]
                must(client.url + "/_test/faults", {"fault": fault, "route": "POST /v1/swap", "ms": 600000})
                answers = []
                asking = threading.Thread(target=lambda: answers.append(client.swap(proofs, 2)))
                asking.start()
                while ask(client.url + "/_test/requests")[1] != {"arrived": 1, "executed": executed, "under_way": 1}:
                    assert asking.is_alive()
                must(client.url + "/_test/cut", {})
                asking.join()
                assert answers == [(None, None)]
                assert ask(client.url + "/_test/requests")[1]["under_way"] == 0
        client.url = hello["mints"]["mint"]
        assert client.swap(proofs, 2)[1]["code"] == 11001


@case
def what_it_does_not_understand_it_says(world):
    for words in (["--port", "x"], ["--mint", ":1"], ["--mint", "a:x"], ["--mint", "a:1:v3"], ["--without", "a"], ["what"], ["--faults"],
                  ["--faults", "{}"], ["report"]):
        done = subprocess.run([world.testmint, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
        assert done.returncode == 2 and done.stderr.startswith("testmint: "), (words, done)
    assert subprocess.run([world.testmint, "--help"], capture_output=True, text=True).stdout.startswith("usage:")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--testmint", required=True)
    arguments.add_argument("--proxy", required=True)
    arguments.add_argument("names", nargs="*")
    world = arguments.parse_args()
    os.environ.pop("http_proxy", None)
    failed = 0
    for run in CASES:
        if world.names and run.__name__ not in world.names:
            continue
        try:
            run(world)
            print(f"PASS {run.__name__}")
        except Exception as error:  # noqa: BLE001: a case that breaks is one that fails
            failed += 1
            traceback.print_exc()
            print(f"FAIL {run.__name__}: {error!r}")
    print(f"{len(CASES) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
