"""Download programs, players and a browser against the content port of a node."""

import http.server
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import urllib.parse

from harness import HERE, PROGRAMS, case, check, die_with_parent, equal, same_file, sha256
from peers import Node

MIB = 1 << 20


class ContentNode:
    """A running node that offers files on its content port."""

    def __init__(self, t, *files):
        self.t = t
        self.node = Node(t, env={"ARCHIPELAGO_CONTROL_PORT": "0", "ARCHIPELAGO_CONTENT_PORT": "0"})
        self.hashes = [self.node.add(path)[0]["blake3"] for path in files]
        self.child = t.spawn("daemon", self.node.command("node", "--json"), env=self.node.env)
        self.root = "http://" + self.child.json(lambda v: "content" in v, 30, "the node's ports")["content"]

    def url(self, extension="", which=0):
        return f"{self.root}/blobs/{self.hashes[which]}{extension}"


class ArrivingNode(ContentNode):
    """A node that fetches a file from a slow origin, and serves it meanwhile."""

    # About 10 MB/s: a reader that did not wait for what is still missing would end short.
    def __init__(self, t, path, slow="drip:524288:0.05"):
        super().__init__(t)
        publisher = Node(t, "publisher")
        self.hashes = [publisher.add(path)[0]["blake3"]]
        folder = t.path("origin", path.name).parent
        shutil.copy(path, folder)
        # The tree beside the file: without it nothing is verified before the end.
        shutil.copy(next(publisher.data.glob(f"blobs/*/{self.hashes[0]}.obao4")), folder / f"{path.name}.obao4")
        origin = t.spawn("origin", [sys.executable, HERE / "origin" / "origin.py", folder]).json(lambda v: "url" in v)["url"]
        started = self.rpc("fetch.start", {"content": self.hashes[0], "origins": [f"{origin}/!{slow}/{path.name}"], "seed": True})
        self.fetch = started["fetch"]

    def rpc(self, method, params):
        return self.node.run("--json", "rpc", method, json.dumps(params)).expect(0).json()

    def still_arriving(self):
        return self.rpc("fetch.status", {"fetch": self.fetch})["fetches"][0]["state"] in ("waiting", "running")


def arriving(t, size=48 * MIB + 777):
    path = t.file("in/blob", size)
    return path, ArrivingNode(t, path)


def blob(t, size=24 * MIB + 12345):
    path = t.file("in/blob", size)
    return path, ContentNode(t, path)


def film(t, name, *codec):
    """Eight seconds of moving picture and tone."""
    path = t.path("in", name)
    t.run("ffmpeg-make", [PROGRAMS["ffmpeg"], "-v", "error", "-f", "lavfi", "-i", "testsrc2=duration=8:size=320x180:rate=15",
                          "-f", "lavfi", "-i", "sine=frequency=440:duration=8", *codec, "-shortest", str(path)], 150).expect(0)
    return path


VP8 = ("-c:v", "libvpx", "-b:v", "2M", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libvorbis")
H264_INDEX_LAST = ("-c:v", "libx264", "-preset", "ultrafast", "-b:v", "2M", "-c:a", "aac")


# --- download programs -------------------------------------------------------------------------


@case("bin", "curl")
def http_curl(t):
    """Whole, a range, several ranges, and going on in the middle."""
    path, node = blob(t)
    data, out = path.read_bytes(), t.path("out", "whole")
    t.run("curl", [PROGRAMS["curl"], "-sSf", "-o", out, node.url(".bin")], 60).expect(0)
    same_file(path, out)
    t.run("curl", [PROGRAMS["curl"], "-sSf", "-r", "1000003-2000002", "-o", t.path("out", "range"), node.url()]).expect(0)
    equal(t.path("out", "range").read_bytes() == data[1000003:2000003], True, "a range")
    half = t.path("out", "half")
    half.write_bytes(data[:7 * MIB + 1])
    t.run("curl", [PROGRAMS["curl"], "-sSf", "-C", "-", "-o", half, node.url()], 60).expect(0)
    same_file(path, half)
    t.run("curl", [PROGRAMS["curl"], "-sSf", "-r", "0-9,5000000-5000099", "-o", t.path("out", "parts"), node.url()]).expect(0)
    parts = t.path("out", "parts").read_bytes()
    check(data[:10] in parts and data[5000000:5000100] in parts, "several ranges")


@case("bin", "wget")
def http_wget(t):
    """Whole, and going on in the middle."""
    path, node = blob(t)
    out = t.path("out", "whole")
    t.run("wget", [PROGRAMS["wget"], "-q", "-O", out, node.url()], 60).expect(0)
    same_file(path, out)
    os.truncate(out, 5 * MIB + 3)
    t.run("wget", [PROGRAMS["wget"], "-q", "-c", "-O", out, node.url()], 60).expect(0)
    same_file(path, out)


@case("bin", "aria2")
def http_aria2(t):
    """Eight connections at once, each with a piece."""
    path, node = blob(t)
    t.run("aria2", [PROGRAMS["aria2"], "-q", "-x", "8", "-s", "8", "-k", "1M", "-d", t.dir, "-o", "out", node.url()], 60).expect(0)
    same_file(path, t.dir / "out")


@case("bin", "curl", limit=120)
def http_curl_while_it_arrives(t):
    """From the start, from the end and from the middle at once, of a blob that is still on its way."""
    path, node = arriving(t)
    data = path.read_bytes()
    tail = t.spawn("tail", [PROGRAMS["curl"], "-sSf", "-r", "-1000", "-o", t.path("out", "tail"), node.url()])
    middle = t.spawn("middle", [PROGRAMS["curl"], "-sSf", "-r", "30000000-31000000", "-o", t.path("out", "middle"), node.url()])
    check(node.still_arriving(), "it had arrived before it was read")
    t.run("whole", [PROGRAMS["curl"], "-sSf", "-o", t.path("out", "whole"), node.url()], 60).expect(0)
    equal((tail.wait(30), middle.wait(30)), (0, 0), "exit codes")
    same_file(path, t.path("out", "whole"))
    equal(t.path("out", "tail").read_bytes() == data[-1000:], True, "the tail")
    equal(t.path("out", "middle").read_bytes() == data[30000000:31000001], True, "the middle")


@case("bin", "wget", limit=120)
def http_wget_while_it_arrives(t):
    """Whole, of a blob that is still on its way."""
    path, node = arriving(t)
    check(node.still_arriving(), "it had arrived before it was read")
    t.run("wget", [PROGRAMS["wget"], "-q", "-O", t.path("out", "whole"), node.url()], 60).expect(0)
    same_file(path, t.path("out", "whole"))


@case("bin", "aria2", limit=120)
def http_aria2_while_it_arrives(t):
    """Eight connections, each waiting for its own piece."""
    path, node = arriving(t)
    check(node.still_arriving(), "it had arrived before it was read")
    t.run("aria2", [PROGRAMS["aria2"], "-q", "-x", "8", "-s", "8", "-k", "1M", "-d", t.dir, "-o", "out", node.url()], 60).expect(0)
    same_file(path, t.dir / "out")


# --- players -----------------------------------------------------------------------------------


def frames(t, source, *options):
    """A digest of every decoded frame."""
    got = t.run("ffmpeg", [PROGRAMS["ffmpeg"], "-v", "error", *options, "-i", source, "-f", "framemd5", "-"], 60).expect(0)
    lines = [line for line in got.out.splitlines() if not line.startswith("#")]
    check(len(lines) > 100, f"{len(lines)} frames")
    return lines


@case("bin", "ffmpeg", "ffprobe", limit=300)
def http_ffmpeg(t):
    """ffprobe reads the index, ffmpeg every frame, from the start and after a seek; also where the index is at the end."""
    for name, codec in (("film.webm", VP8), ("film.mp4", H264_INDEX_LAST)):
        path = film(t, name, *codec)
        node = ContentNode(t, path)
        url = node.url(path.suffix)
        shown = t.run("ffprobe", [PROGRAMS["ffprobe"], "-v", "error", "-show_entries", "format=duration,size", "-of", "json", url]).expect(0)
        about = json.loads(shown.out)["format"]
        equal(int(about["size"]), path.stat().st_size, "size")
        check(7.5 < float(about["duration"]) < 8.5, f"duration {about['duration']}")
        equal(frames(t, url) == frames(t, str(path)), True, f"frames of {name}")
        equal(frames(t, url, "-ss", "3") == frames(t, str(path), "-ss", "3"), True, f"frames of {name} after a seek")
        node.child.interrupt()
        shutil.rmtree(node.node.data)


@case("bin", "ffmpeg", limit=300)
def http_ffmpeg_while_it_arrives(t):
    """Every frame of a film whose index is at its end, and still on its way."""
    path = film(t, "film.mp4", *H264_INDEX_LAST)
    node = ArrivingNode(t, path, "drip:65536:0.1")
    check(node.still_arriving(), "it had arrived before it was read")
    equal(frames(t, node.url(".mp4")) == frames(t, str(path)), True, "frames")


# --- a browser ---------------------------------------------------------------------------------

PAGE = """<!doctype html><video id="v" muted crossorigin="anonymous"></video><script>
const say = said => fetch("/said", {method: "POST", body: JSON.stringify(said)});
const event = name => new Promise((done, failed) => {
  v.addEventListener(name, done, {once: true});
  v.addEventListener("error", () => failed(new Error(v.error ? v.error.message : "error")), {once: true});
});
(async () => {
  try {
    const url = new URLSearchParams(location.search).get("url");
    let ready = event("loadedmetadata");
    v.src = url;
    await ready;
    await say({step: "loaded"});
    let seeked = event("seeked");
    v.currentTime = 6;
    await seeked;
    await say({step: "sought"});
    v.playbackRate = 4;
    const ended = event("ended");
    await v.play();
    await ended;
    await say({step: "ended"});
    const got = await (await fetch(url)).arrayBuffer();
    const digest = [...new Uint8Array(await crypto.subtle.digest("SHA-256", got))].map(b => b.toString(16).padStart(2, "0")).join("");
    const part = await fetch(url, {headers: {Range: "bytes=100-199"}});
    await say({duration: v.duration, width: v.videoWidth, at: v.currentTime, sha256: digest, part: part.status, range: part.headers.get("Content-Range")});
  } catch (error) {
    await say({error: String(error)});
  }
})();
</script>"""


class Page:
    """A site that serves the page above and hears what it says."""

    def __init__(self):
        outer = self
        self.said = None
        self.steps = []
        self.heard = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(PAGE.encode())

            def do_POST(self):
                said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(204)
                self.end_headers()
                if "step" in said:
                    outer.steps.append(said["step"])
                else:
                    outer.said = said
                    outer.heard.set()

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.root = f"http://127.0.0.1:{self.server.server_address[1]}"


def watch(t, url, seconds=100):
    """What a browser says of the film at `url`: loaded, sought, played to its end, fetched whole."""
    page = Page()
    # Its own process group and no pipes: a browser is many processes, which would keep them open.
    browser = subprocess.Popen(
        [PROGRAMS["chromium"], "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
         "--disable-background-networking", "--autoplay-policy=no-user-gesture-required", f"--user-data-dir={t.path('browser', 'x').parent}",
         "--remote-debugging-port=0", f"{page.root}/?url={urllib.parse.quote(url, safe='')}"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, preexec_fn=die_with_parent)
    try:
        check(page.heard.wait(seconds), f"the browser said nothing but {page.steps}")
    finally:
        os.killpg(browser.pid, signal.SIGKILL)
        browser.wait()
        page.server.shutdown()
    check("error" not in page.said, f"the browser: {page.said}")
    return page.said


@case("bin", "chromium", "ffmpeg", limit=300)
def http_browser_video(t):
    """A <video> loads, seeks and plays to its end; fetch() from another origin reads every byte."""
    path = film(t, "film.webm", *VP8)
    node = ContentNode(t, path)
    said = watch(t, node.url(".webm"))
    check(7.5 < said["duration"] < 8.5 and said["width"] == 320 and said["at"] > 7.5, f"the film: {said}")
    equal(said["sha256"], sha256(path), "SHA-256 of what fetch() read")
    equal((said["part"], said["range"]), (206, f"bytes 100-199/{path.stat().st_size}"), "a range")


@case("bin", "chromium", "ffmpeg", limit=300)
def http_browser_video_while_it_arrives(t):
    """The same, of a film that is still on its way when the page opens."""
    path = film(t, "film.webm", *VP8)
    node = ArrivingNode(t, path, "drip:65536:0.1")
    check(node.still_arriving(), "it had arrived before it was read")
    said = watch(t, node.url(".webm"))
    check(said["width"] == 320 and said["at"] > 7.5, f"the film: {said}")
    equal(said["sha256"], sha256(path), "SHA-256 of what fetch() read")
