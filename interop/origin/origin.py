#!/usr/bin/env python3
"""A test origin: serves one folder over HTTP/1.1 on loopback, well or badly as each URL asks.

Prints {"url": "http://127.0.0.1:PORT"} as its first line and exits when its standard input closes.
Standard library only. Used by the tests, by `./dev run` and by the kill matrix.

    origin.py FOLDER [--port 0] [--log] [--fault SPEC]

A fault is chosen by query (`/file?fault=truncate:1000`), by path prefix (`/!truncate:1000/file`) or
for every request (`--fault`). With --log each answer prints a line
{"method", "path", "status", "range", "bytes", "fault"}, bytes being those of the body.

Faults (N, K in bytes, T in seconds):
  wrong:N          flips the byte at N of the file (default 0)
  truncate:N       announces all, sends N bytes of the body, ends the connection
  short:N          announces and sends N bytes less than the file has
  long:N           announces N bytes more than it has and sends zeros there
  length:N         announces N bytes more than it sends
  gzip             sends gzip with Content-Encoding: gzip
  encoding:NAME    claims a Content-Encoding, sends plain bytes
  loop             redirects to itself
  redirect:URL     redirects to URL (percent-encoded)
  status:CODE[:N]  answers CODE, with N the first N times only (status:500:2 is then fine)
  404 500 503      the same without a count
  stall:N          sends N bytes, then nothing until the client goes
  drip:N:T         N bytes each T seconds (default 1 byte, 1 s)
  drop:N           resets the connection after N bytes of the body
  ignore_range     answers 200 and the whole file to a Range
  wrong_range      answers 206 with a Content-Range shifted by one
  endless          chunked, never ends
  unannounced      chunked, no length, else right
  no_sidecar       404 for *.obao4
  bad_sidecar      *.obao4 with a flipped byte
A fault holds for the file and not for its sidecar, except status, stall, drip, redirects and the two
sidecar ones.
"""
import argparse
import email.utils
import gzip
import json
import os
import socket
import struct
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PIECE = 256 * 1024
BOTH = {"status", "stall", "drip", "loop", "redirect"}


def parse_fault(text):
    name, *rest = text.split(":")
    if name == "redirect":
        return name, [urllib.parse.unquote(text.partition(":")[2])]
    if name.isdigit():
        return "status", [name, *rest]
    return name, rest


def number(arguments, at, default):
    return int(arguments[at]) if len(arguments) > at and arguments[at] else default


def parse_range(text, size):
    """(first, last), None for no usable range, False for one that cannot be satisfied."""
    if not text or not text.startswith("bytes=") or "," in text:
        return None
    first, _, last = text[6:].partition("-")
    try:
        if not first:
            length = min(int(last), size)
            return (size - length, size - 1) if length else False
        first = int(first)
        last = min(int(last), size - 1) if last else size - 1
    except ValueError:
        return None
    return (first, last) if first <= last else (False if first >= size else None)


class Origin(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, folder, port, fault, log):
        super().__init__(("127.0.0.1", port), Handler)
        self.folder = os.path.realpath(folder)
        self.fault = fault
        self.log = log
        self.lock = threading.Lock()
        self.counts = {}

    def say(self, **line):
        with self.lock:
            print(json.dumps(line), flush=True)

    def handle_error(self, request, client_address):
        pass  # clients that go away are what this is for


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "test-origin"

    def do_HEAD(self):
        self.answer(False)

    def do_GET(self):
        self.answer(True)

    def log_message(self, *_):
        pass

    def answer(self, with_body):
        self.sent = 0
        self.status = 0
        self.fault = None
        try:
            self.route(with_body)
            self.wfile.flush()
        except (BrokenPipeError, ConnectionResetError, TimeoutError):
            self.close_connection = True
        finally:
            if self.server.log:
                self.server.say(method=self.command, path=self.path, status=self.status,
                                range=self.headers.get("Range"), bytes=self.sent, fault=self.fault)

    def route(self, with_body):
        split = urllib.parse.urlsplit(self.path)
        path = urllib.parse.unquote(split.path)
        spec = urllib.parse.parse_qs(split.query).get("fault", [self.server.fault or ""])[0]
        if path.startswith("/!"):
            spec, _, path = path[2:].partition("/")
        name, arguments = parse_fault(spec) if spec else ("", [])
        is_sidecar = path.endswith(".obao4")
        if name == "no_sidecar" and is_sidecar:
            self.fault = spec
            return self.plain(404)
        if is_sidecar and name not in BOTH and name != "bad_sidecar":
            name = ""
        if not is_sidecar and name in ("no_sidecar", "bad_sidecar"):
            name = ""
        self.fault = spec if name else None

        if name == "status":
            with self.server.lock:
                seen = self.server.counts[self.path] = self.server.counts.get(self.path, 0) + 1
            if len(arguments) < 2 or seen <= int(arguments[1]):
                return self.plain(int(arguments[0]))
        if name == "loop":
            return self.plain(302, Location=self.path)
        if name == "redirect":
            return self.plain(302, Location=arguments[0])

        target = os.path.realpath(os.path.join(self.server.folder, path.lstrip("/")))
        if not target.startswith(self.server.folder + os.sep) or not os.path.isfile(target):
            return self.plain(404)
        with open(target, "rb") as file:
            self.serve(file, name, arguments, with_body)

    def plain(self, status, **headers):
        self.status = status
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def serve(self, file, fault, arguments, with_body):
        stat = os.fstat(file.fileno())
        size = stat.st_size
        if fault == "gzip":
            return self.whole(gzip.compress(file.read()), with_body, {"Content-Encoding": "gzip"})
        etag = f'"{stat.st_mtime_ns:x}-{size:x}"'
        shown = size  # what the resource claims to be long
        if fault == "short":
            shown = max(0, size - number(arguments, 0, 1))
        if fault == "long":
            shown = size + number(arguments, 0, 1)
        span = parse_range(self.headers.get("Range"), shown)
        if self.headers.get("If-Range", etag) != etag or fault == "ignore_range":
            span = None
        if span is False:
            return self.plain(416, **{"Content-Range": f"bytes */{shown}"})
        first, last = span or (0, shown - 1)
        length = last - first + 1

        self.status = 206 if span else 200
        self.send_response(self.status)
        self.send_header("ETag", etag)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Last-Modified", email.utils.formatdate(stat.st_mtime, usegmt=True))
        if span:
            shift = 1 if fault == "wrong_range" else 0
            self.send_header("Content-Range", f"bytes {first + shift}-{last + shift}/{shown + shift}")
        if fault == "encoding":
            self.send_header("Content-Encoding", arguments[0])
        chunked = fault in ("endless", "unannounced")
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            extra = number(arguments, 0, 1) if fault == "length" else 0
            self.send_header("Content-Length", str(length + extra))
        self.end_headers()
        if not with_body:
            return
        if fault == "length":
            self.close_connection = True

        cut = number(arguments, 0, 0) if fault in ("truncate", "drop", "stall") else None
        piece = number(arguments, 0, 1) if fault == "drip" else PIECE
        pause = float(arguments[1]) if fault == "drip" and len(arguments) > 1 else 1.0
        flip = number(arguments, 0, 0) if fault in ("wrong", "bad_sidecar") else None
        file.seek(first)
        at = first
        while at <= last:
            want = min(piece, last - at + 1)
            if cut is not None:
                want = min(want, cut - self.sent)
                if want <= 0:
                    return self.cut_off(fault)
            block = bytearray(file.read(want))
            block += bytes(want - len(block))  # past the file's end: "long"
            if flip is not None and at <= flip < at + len(block):
                block[flip - at] ^= 0x01
            self.send_piece(bytes(block), chunked)
            at += want
            if fault == "drip":
                time.sleep(pause)
        while fault == "endless":
            self.send_piece(bytes(PIECE), True)
        if chunked:
            self.wfile.write(b"0\r\n\r\n")

    def whole(self, body, with_body, headers):
        self.status = 200
        self.send_response(200)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.send_piece(body, False)

    def send_piece(self, block, chunked):
        if chunked:
            self.wfile.write(b"%x\r\n" % len(block) + block + b"\r\n")
        else:
            self.wfile.write(block)
        self.sent += len(block)

    def cut_off(self, fault):
        self.close_connection = True
        self.wfile.flush()
        if fault == "stall":
            self.connection.recv(1)  # until the client goes
        elif fault == "drop":
            # SO_LINGER 0: a reset instead of an orderly end.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()


def main():
    parser = argparse.ArgumentParser(description="test origin with faults on demand")
    parser.add_argument("folder")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", action="store_true", help="a JSON line for each answer")
    parser.add_argument("--fault", default="", help="for every request that names none")
    options = parser.parse_args()
    origin = Origin(options.folder, options.port, options.fault, options.log)
    origin.say(url=f"http://127.0.0.1:{origin.server_address[1]}")
    threading.Thread(target=origin.serve_forever, daemon=True).start()
    while sys.stdin.buffer.read(4096):
        pass
    sys.stdout.flush()
    os._exit(0)  # also out of answers that never end


if __name__ == "__main__":
    main()
