"""A stock S3 server (versitygw over a folder), presigned URLs, and a proxy in front of it that spoils answers.

The signatures here are a third implementation, from the specification: neither libcurl's nor the server's.
"""

import datetime
import hashlib
import hmac
import shutil
import socket
import threading
import urllib.parse

from harness import PROGRAMS

REGION = "eu-west-9"
KEY_ID = "AKIDINTEROP"
SECRET = "wJalr/+UtnFEMI=bPxRfiCY"


class S3:
    """`bucket/` is a folder whose files are the objects."""

    def __init__(self, test):
        self.test = test
        self.root = test.path("s3-root")
        (self.root / "films").mkdir(parents=True)
        with socket.socket() as probe:  # our own network namespace: nobody else takes it meanwhile
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.child = test.spawn("s3", [
            PROGRAMS["s3"], "--port", f"127.0.0.1:{self.port}", "--access", KEY_ID, "--secret", SECRET,
            "--region", REGION, "posix", self.root])
        self.child.line(lambda line: f"http://127.0.0.1:{self.port}" in line, 30, "its address")

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def put(self, path, key="film.bin"):
        target = self.root / "films" / key
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
        return f"s3://films/{key}"


def environment(endpoint, key_id=KEY_ID, secret=SECRET, region=REGION):
    return {"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": region, "AWS_ACCESS_KEY_ID": key_id,
            "AWS_SECRET_ACCESS_KEY": secret}


def presigned(endpoint, bucket, key, seconds=300, ago=0, secret=SECRET):
    """A GET URL that is good for `seconds`, signed `ago` seconds in the past."""
    now = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=ago)
    time, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    scope = f"{day}/{REGION}/s3/aws4_request"
    host = endpoint.partition("://")[2]
    path = f"/{bucket}/{urllib.parse.quote(key, safe='/-._~')}"
    query = urllib.parse.urlencode({
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Credential": f"{KEY_ID}/{scope}", "X-Amz-Date": time,
        "X-Amz-Expires": str(seconds), "X-Amz-SignedHeaders": "host"}, quote_via=urllib.parse.quote, safe="")
    canonical = f"GET\n{path}\n{query}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD"
    text = f"AWS4-HMAC-SHA256\n{time}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key_bytes = f"AWS4{secret}".encode()
    for word in (day, REGION, "s3", "aws4_request"):
        key_bytes = hmac.digest(key_bytes, word.encode(), "sha256")
    return f"{endpoint}{path}?{query}&X-Amz-Signature={hmac.new(key_bytes, text.encode(), 'sha256').hexdigest()}"


class Proxy:
    """Forwards each request as it is, Host included, and spoils the answer: `spoil(number, head, body)`
    gives the (head, body) to send, and how it ends: "whole", "cut" (the connection breaks) or "stall".
    One request a connection. `requests` are the heads that came, as text."""

    def __init__(self, test, upstream_port, spoil=None):
        self.upstream_port = upstream_port
        self.spoil = spoil or (lambda number, head, body: (head, body, "whole"))
        self.requests = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def ranges(self):
        return [header(head, "range") for head in self.requests]

    def _accept(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client:
            request = b""
            while b"\r\n\r\n" not in request:
                piece = client.recv(65536)
                if not piece:
                    return
                request += piece
            number = len(self.requests)
            self.requests.append(request.decode("latin-1"))
            head, body = self._ask(request)
            head, body, end = self.spoil(number, head, body)
            try:
                client.sendall(head + b"\r\n\r\n" + body)
                if end == "stall":
                    client.recv(1)  # until the client goes
            except OSError:
                pass

    def _ask(self, request):
        with socket.create_connection(("127.0.0.1", self.upstream_port)) as server:
            server.sendall(request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
            answer = bytearray()
            while piece := server.recv(1 << 20):
                answer += piece
        head, _, body = bytes(answer).partition(b"\r\n\r\n")
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
        return b"\r\n".join(lines) + b"\r\nConnection: close", body


def header(head, name):
    for line in head.split("\r\n")[1:]:
        key, _, value = line.partition(":")
        if key.lower() == name:
            return value.strip()
    return None


def refusal(status, code):
    """(head, body) as S3 refuses."""
    body = f"<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}\r\nConnection: close"
    return head.encode(), body
