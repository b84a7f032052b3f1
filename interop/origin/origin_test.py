#!/usr/bin/env python3
"""Each fault of origin.py does what its name says, seen through the standard library's client."""
import gzip
import http.client
import json
import os
import subprocess
import sys
import tempfile
import unittest
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = bytes(i * 7 % 251 for i in range(100_000))


class OriginTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        for name in ("file", "file.obao4"):
            with open(os.path.join(cls.folder.name, name), "wb") as out:
                out.write(DATA)
        cls.process = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "origin.py"), cls.folder.name, "--log"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        url = json.loads(cls.process.stdout.readline())["url"]
        cls.address = urllib.parse.urlsplit(url).netloc

    @classmethod
    def tearDownClass(cls):
        cls.process.stdin.close()
        cls.process.wait(5)
        cls.process.stdout.close()
        cls.folder.cleanup()

    def get(self, path, method="GET", **headers):
        connection = http.client.HTTPConnection(self.address, timeout=5)
        self.addCleanup(connection.close)
        connection.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
        return connection.getresponse()

    def test_serves_whole_and_ranges(self):
        whole = self.get("/file")
        etag = whole.headers["ETag"]
        self.assertEqual((whole.status, whole.read()), (200, DATA))
        part = self.get("/file", Range="bytes=10-19", If_Range=etag)
        self.assertEqual(part.status, 206)
        self.assertEqual(part.headers["Content-Range"], "bytes 10-19/100000")
        self.assertEqual(part.read(), DATA[10:20])
        self.assertEqual(self.get("/file", Range="bytes=10-", If_Range='"x"').status, 200)
        self.assertEqual(self.get("/file", Range="bytes=100000-").status, 416)
        self.assertEqual(self.get("/file", Range="bytes=99990-").read(), DATA[99990:])
        head = self.get("/file", "HEAD")
        self.assertEqual((head.headers["Content-Length"], head.read()), ("100000", b""))

    def test_stays_in_its_folder(self):
        for path in ("/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/", "/none"):
            self.assertEqual(self.get(path).status, 404, path)

    def test_wrong_byte(self):
        body = self.get("/file?fault=wrong:5000").read()
        self.assertEqual([i for i in range(len(DATA)) if body[i] != DATA[i]], [5000])
        self.assertEqual(self.get("/file.obao4?fault=wrong:5000").read(), DATA)
        self.assertNotEqual(self.get("/file.obao4?fault=bad_sidecar:5").read(), DATA)

    def test_lengths(self):
        self.assertEqual(self.get("/file?fault=short:10").read(), DATA[:-10])
        self.assertEqual(self.get("/file?fault=long:10").read(), DATA + bytes(10))
        for fault in ("truncate:1000", "length:10"):
            with self.assertRaises(http.client.IncompleteRead):
                self.get(f"/file?fault={fault}").read()
        with self.assertRaises(ConnectionResetError):
            self.get("/file?fault=drop:1000").read()
        self.assertEqual(self.get("/file?fault=unannounced").read(), DATA)
        self.assertEqual(len(self.get("/file?fault=endless").read(10_000_000)), 10_000_000)

    def test_encodings(self):
        answer = self.get("/!gzip/file")
        self.assertEqual(answer.headers["Content-Encoding"], "gzip")
        self.assertEqual(gzip.decompress(answer.read()), DATA)
        self.assertEqual(self.get("/file?fault=encoding:br").headers["Content-Encoding"], "br")

    def test_redirects_and_statuses(self):
        self.assertEqual(self.get("/file?fault=loop").headers["Location"], "/file?fault=loop")
        there = self.get("/file?fault=redirect:http%3A%2F%2Fa.b%2Fc")
        self.assertEqual((there.status, there.headers["Location"]), (302, "http://a.b/c"))
        self.assertEqual(self.get("/file?fault=404").status, 404)
        self.assertEqual(self.get("/file?fault=503").status, 503)
        self.assertEqual([self.get("/file?fault=500:2").status for _ in range(3)], [500, 500, 200])
        self.assertEqual(self.get("/file.obao4?fault=no_sidecar").status, 404)
        self.assertEqual(self.get("/file?fault=no_sidecar").status, 200)

    def test_ranges_gone_wrong(self):
        self.assertEqual(self.get("/file?fault=ignore_range", Range="bytes=5-9").read(), DATA)
        wrong = self.get("/file?fault=wrong_range", Range="bytes=5-9")
        self.assertEqual(wrong.headers["Content-Range"], "bytes 6-10/100001")

    def test_slow(self):
        for fault, expected in (("stall:7", 7), ("drip:3:0.01", 9)):
            self.assertEqual(self.get(f"/file?fault={fault}").read(expected), DATA[:expected])

    def test_logs_what_it_served(self):
        self.get("/file?x=logged", Range="bytes=0-9").read()
        while True:
            line = json.loads(self.process.stdout.readline())
            if line["path"] == "/file?x=logged":
                break
        self.assertEqual((line["status"], line["bytes"], line["range"]), (206, 10, "bytes=0-9"))


if __name__ == "__main__":
    unittest.main()
