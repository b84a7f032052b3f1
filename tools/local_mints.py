"""Programs of testmint/ on this machine: mints whose faults, operator and books a test has in its hand."""

import json
import subprocess
import urllib.request


def control(url, name, body=None, method=None):
    """What /_test/NAME of a mint or of a proxy answers."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{url}/_test/{name}", data=data, method=method)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read() or b"{}")


class Program:
    """Runs until its standard input ends. `hello`: the line it begins with."""

    def __init__(self, *command):
        self.process = subprocess.Popen([*map(str, command)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line, f"{command[0]} did not start"
        self.hello = json.loads(line)

    def stop(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait(timeout=20)
        self.process.stdout.close()


class Mints(Program):
    """`testmint` with the mints named, on ports of their own."""

    def __init__(self, binary, *options):
        super().__init__(binary, *options)
        self.urls = self.hello["mints"]

    @property
    def url(self):
        return next(iter(self.urls.values()))

    def control(self, name, body=None, method=None, url=None):
        return control(url or self.url, name, body, method)

    def invoice(self, sats):
        """Of somebody who is at none of the mints."""
        return self.control("invoice", {"amount": sats})["request"]

    def pay(self, invoice):
        self.control("pay", {"request": invoice})

    def faults(self, *script):
        self.control("faults", list(script))

    def no_faults(self):
        self.control("faults", method="DELETE")
