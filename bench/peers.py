"""The programs others wrote that the figures are taken against, started and driven on loopback.

Each one that needs setting up is a context manager; one that cannot be had raises NotRun with the reason.
"""

import contextlib
import functools
import json
import os
import pathlib
import shutil
import socket
import subprocess

from measure import Cost, NotRun, cpu_of, run, start, stopped_after

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
SYSTEM_PYTHON = "/usr/bin/python3"  # the one Debian's python3-libtorrent is built for


def need(program: str) -> str:
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    if not found:
        raise NotRun(f"{program} is not installed")
    return found


@functools.cache
def rust_peer() -> pathlib.Path:
    """Built when it is not cached, or when its source changed; the set-up's last words say where."""
    done = subprocess.run([ROOT / "interop/setup.sh", "peer"], capture_output=True, text=True)
    if done.returncode != 0:
        raise NotRun(f"the Rust peer: {(done.stderr.strip().splitlines() or ['set-up failed'])[-1]}")
    return pathlib.Path(done.stdout.split()[-1])


@functools.cache
def cashu_ts() -> pathlib.Path:
    """The npm prefix that interop uses, with a `node` in it."""
    done = subprocess.run([ROOT / "interop/setup.sh", "cashu_ts"], capture_output=True, text=True)
    if done.returncode != 0:
        raise NotRun(f"cashu-ts: {(done.stderr.strip().splitlines() or ['set-up failed'])[-1]}")
    return pathlib.Path(done.stdout.split()[-1])


def apt_install(package: str) -> bool:
    root = [] if os.getuid() == 0 else ["sudo", "-n"]
    command = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "-q", "--no-install-recommends", package]
    return subprocess.run(command, capture_output=True).returncode == 0


class LineServer:
    """A child that says one JSON line when it is ready, and whose CPU is read from outside."""

    def __init__(self, child: subprocess.Popen):
        self.child = child
        line = child.stdout.readline()
        if not line:
            raise NotRun(f"{child.args[0]} did not start: {child.stderr.read().decode().strip()[-500:]}")
        self.hello = json.loads(line)

    def cpu(self) -> float:
        return cpu_of(self.child.pid)

    def line(self) -> dict:
        return json.loads(self.child.stdout.readline())


@contextlib.contextmanager
def line_server(*argv):
    # stdin stays open: these servers end when it closes.
    child = subprocess.Popen([str(word) for word in argv], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with stopped_after(child):
        yield LineServer(child)


# --- iroh, native -------------------------------------------------------------------------------


@contextlib.contextmanager
def iroh_raw_receiver():
    with line_server(rust_peer(), "bench-raw-recv") as server:
        yield server


def at(server: LineServer) -> list[str]:
    return ["--id", server.hello["id"], "--addr", server.hello["addr"]]


def iroh_raw_run(receiver: LineServer, size: int, streams: int = 8) -> tuple[Cost, float, dict]:
    """Sender's cost, receiver's CPU seconds, the receiver's report. The bytes are not verified by anybody."""
    before = receiver.cpu()
    sender = run(rust_peer(), "bench-raw-send", *at(receiver), "--streams", streams, "--size", size // streams)
    report = receiver.line()
    if report["bytes"] != size:
        raise RuntimeError(f"iroh received {report['bytes']} of {size} bytes")
    return sender, receiver.cpu() - before, report


@contextlib.contextmanager
def iroh_blobs_server(file: pathlib.Path, folder: pathlib.Path):
    with line_server(rust_peer(), "bench-serve", "--file", file, "--fs-store", folder / "iroh-blobs-serve") as server:
        yield server


@contextlib.contextmanager
def iroh_provider(file: pathlib.Path):
    """A stock iroh endpoint that provides a file: its process, and ID@IP:PORT."""
    child = subprocess.Popen([rust_peer(), "provide", "--files", file], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with stopped_after(child):
        address = ""
        for line in child.stdout:
            if line.startswith("id="):
                identity, _, addresses = line.removeprefix("id=").strip().partition(" addr=")
                address = f"{identity}@{addresses}"
            if line.strip() == "ready":
                break
        if not address:
            raise NotRun(f"archy-peer provide: {child.stderr.read().strip()[-300:]}")
        yield child, address


# --- nginx --------------------------------------------------------------------------------------

NGINX_CONF = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  sendfile on;
  tcp_nopush on;
  server {{
    listen 127.0.0.1:{port} ssl;
    listen 127.0.0.1:{plain_port};
    keepalive_requests 100000000;
    ssl_certificate {folder}/cert.pem;
    ssl_certificate_key {folder}/key.pem;
    ssl_protocols TLSv1.3;
    ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
    root {root};
  }}
}}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Nginx:
    """One worker; its CPU is the worker's, the master only waits."""

    def __init__(self, port: int, plain_port: int, worker: int):
        self.port, self.plain_port, self.worker = port, plain_port, worker

    def fetch(self, name: str, sink: str = "/dev/null") -> tuple[Cost, float]:
        """curl's cost and the worker's CPU seconds."""
        before = cpu_of(self.worker)
        url = f"https://127.0.0.1:{self.port}/{name}"
        client = run("curl", "-sS", "-k", "--fail", "-o", sink, "-w", '{"bytes": %{size_download}}\n', url)
        return client, cpu_of(self.worker) - before


@contextlib.contextmanager
def nginx(root: pathlib.Path, folder: pathlib.Path):
    program, port, plain_port = need("nginx"), free_port(), free_port()
    need("curl")
    folder.mkdir()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
                    "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True)
    conf = folder / "nginx.conf"
    conf.write_text(NGINX_CONF.format(folder=folder, port=port, plain_port=plain_port, root=root))
    # A worker that starts as root would drop to www-data and not see a private folder.
    user = ["-g", "user root;"] if os.getuid() == 0 else []
    child = start([program, "-p", folder, "-c", conf, "-e", folder / "error.log", *user], stdout=subprocess.DEVNULL)
    with stopped_after(child):
        # A connect is accepted by the listening socket as soon as it is there; the first answer proves the worker.
        ready = subprocess.run(["curl", "-sS", "-k", "--retry", "50", "--retry-connrefused", "--retry-delay", "0", "--retry-max-time", "10",
                                "-o", "/dev/null", f"https://127.0.0.1:{port}/"], capture_output=True, text=True)
        workers = pathlib.Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text().split() if child.poll() is None else []
        if ready.returncode != 0 or len(workers) != 1:
            raise NotRun(f"nginx did not start: {ready.stderr.strip()} {(folder / 'error.log').read_text()[-300:] if (folder / 'error.log').exists() else ''}")
        try:
            yield Nginx(port, plain_port, int(workers[0]))
        finally:
            child.terminate()  # lets the master end its worker
            child.wait(timeout=10)


# --- libtorrent ---------------------------------------------------------------------------------


def libtorrent_program() -> list[str]:
    probe = [SYSTEM_PYTHON, "-c", "import libtorrent"]
    have = lambda: pathlib.Path(SYSTEM_PYTHON).exists() and subprocess.run(probe, capture_output=True).returncode == 0
    if not have() and not (apt_install("python3-libtorrent") and have()):
        raise NotRun("python3-libtorrent is not installed and apt-get could not")
    return [SYSTEM_PYTHON, str(HERE / "libtorrent_peer.py")]


class Torrent:
    """A seeder that stays, and one leecher process a run; clear TCP, file to file, v2 hashes."""

    def __init__(self, program: list[str], seeder: LineServer, torrent: pathlib.Path, name: str):
        self.program, self.seeder, self.torrent, self.name = program, seeder, torrent, name

    def leech(self, folder: pathlib.Path) -> tuple[Cost, float, pathlib.Path]:
        before = self.seeder.cpu()
        leecher = run(*self.program, "leech", self.torrent, folder, self.seeder.hello["port"])
        return leecher, self.seeder.cpu() - before, folder / self.name


@contextlib.contextmanager
def libtorrent(file: pathlib.Path, folder: pathlib.Path):
    program = libtorrent_program()
    folder.mkdir()
    torrent = folder / "bench.torrent"
    run(*program, "make", file, torrent)
    with line_server(*program, "seed", torrent, file.parent) as seeder:
        yield Torrent(program, seeder, torrent, file.name)
