"""Our wallet, driven through the command line: what the cases rely on is written down here once."""

from cashu_mints import NO_PROXY
from harness import PROGRAMS, Failed, Result, check, equal

COMMAND_S = 180
DONE, BAD_INPUT, NOT_FOUND, CAP_REFUSED, INSUFFICIENT, ATTENTION = 0, 2, 3, 4, 7, 8


class OurWallet:
    """`archipelago wallet` over one data directory; `mints` are the URLs it is told to trust."""

    def __init__(self, test, *mints, name="ours"):
        self.test, self.name = test, name
        self.data = test.path(f"{name}.data")
        self.tokens = 0
        for number, url in enumerate(mints):
            self.run("mints", "add", url)
            if number == 0:
                self.run("mints", "home", url)

    def spawn(self, *words):
        return self.test.spawn(f"{self.name}-{words[0]}", [
            PROGRAMS["bin"], "--data-dir", self.data, "--json", "wallet", *words], env=NO_PROXY)

    def run(self, *words, code=DONE, feed=None, timeout=COMMAND_S):
        """Runs to the end; with `code` None any exit is as good."""
        child = self.spawn(*words)
        if feed is not None:
            child.send(feed)
        got = child.end_input(timeout)
        out = []
        while (line := child.lines.get(timeout=timeout)) is not None:
            out.append(line)
        result = Result(child.name, got, "\n".join(out), child.stderr_path.read_text(errors="replace"), 0)
        return result if code is None else result.expect(code)

    def rows(self, *words, **options):
        return self.run(*words, **options).json_lines()

    def mints(self):
        return {row["url"].rstrip("/"): row for row in self.rows("mints", "list")}

    def mint(self, url, amount, *options):
        """The invoice pays itself. Returns the last line."""
        rows = self.rows("mint", str(amount), "--mint", url, *options)
        equal(rows[0]["amount_sats"], amount, "amount_sats of the invoice")
        check(rows[0]["invoice"].startswith("lnbc"), f"invoice {rows[0]['invoice'][:20]}")
        if "--no-wait" not in options:
            equal((rows[-1]["state"], rows[-1]["amount_sats"], rows[-1]["operation"]),
                  ("done", amount, rows[0]["operation"]), "the last line of mint")
        return rows[-1]

    def send(self, url, amount, *options):
        row = self.run("send", str(amount), "--mint", url, *options).json()
        check(row["token"].startswith("cashuB"), f"token {row['token'][:12]}")
        return row

    def token_file(self, token):
        self.tokens += 1
        path = self.test.path(f"{self.name}-token-{self.tokens}")
        path.write_text(token + "\n")
        return path

    def receive(self, url, token, from_stdin=False):
        """The sats it got; never the token as an argument."""
        if from_stdin:
            row = self.run("receive", "-", feed=token).json()
        else:
            row = self.run("receive", self.token_file(token)).json()
        equal((row["state"], row["mint"].rstrip("/")), ("done", url), "state and mint of receive")
        return row["amount_sats"]

    def refuses(self, *words, codes, feed=None):
        result = self.run(*words, code=None, feed=feed)
        check(result.code in codes, f"{words[0]}: exit {result.code} instead of one of {codes}; {result}")
        return result

    def pay(self, url, invoice, *options):
        """`cost_sats` is what it took in all: proofs far larger than the payment are swapped before it."""
        row = self.run("melt", invoice, "--mint", url, *options).json()
        equal(row["state"], "done", "state of melt")
        before = self.rows("history", "--limit", "2")[-1]
        swapped = before["fee_sats"] if before["kind"] == "swap" else 0
        return row | {"cost_sats": row["amount_sats"] + row["fee_sats"] + swapped}

    def receive_again(self, token):
        """A token it has received already: the same operation, and nothing comes of it."""
        before = self.run("balance").json()["total_sats"]
        row = self.run("receive", self.token_file(token)).json()
        equal((row["state"], self.run("balance").json()["total_sats"]), ("done", before), "received again")

    def lock(self, mint=None):
        """Our public key for locks."""
        return self.run("pubkey").json()["pubkey"]

    def words(self):
        text = self.run("words").json()["words"]
        check(len(text.split()) in (12, 15, 18, 21, 24), f"wallet words prints {len(text.split())} words")
        return text

    def restore(self, words):
        """Restored sats by mint."""
        path = self.test.path(f"{self.name}-words")
        path.write_text(words + "\n")
        rows = self.rows("restore", "--words", path, timeout=2 * COMMAND_S)
        return {row["mint"].rstrip("/"): row["restored_sats"] for row in rows if "mint" in row}

    def balance(self, url):
        """What it can spend there. Nothing may be left over from anything that has ended."""
        value = self.run("balance").json()
        row = next((row for row in value["mints"] if row["url"].rstrip("/") == url), None)
        if row is None:
            return 0
        equal((row["in_recovery_sats"], row["quarantined_sats"]), (0, 0), f"in recovery and quarantined at {url}")
        equal(value["total_sats"], sum(each["balance_sats"] for each in value["mints"]), "total_sats")
        return row["balance_sats"]

    def killed_when(self, switch, *words):
        """Runs until the mint has executed the request whose answer is swallowed, then SIGKILL."""
        child = self.spawn(*words)
        child.process.stdin.close()
        switch.wait_reached()
        if child.process.poll() is not None:
            raise Failed(f"{words[0]}: ended without an answer of the mint; {child.story()}")
        child.kill()
