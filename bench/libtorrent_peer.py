"""libtorrent as a bench peer: make FILE TORRENT | seed TORRENT FOLDER | leech TORRENT FOLDER PORT.

A v2-only torrent over clear TCP on loopback, no discovery of any kind. Runs under Debian's own Python, which has
libtorrent. `seed` says {"port": N} and stays until standard input ends; `leech` ends when the file is complete.
"""

import json
import os
import sys
import time

import libtorrent as lt


def session() -> lt.session:
    return lt.session({
        "listen_interfaces": "127.0.0.1:0",
        "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
        "enable_incoming_utp": False, "enable_outgoing_utp": False,
        "in_enc_policy": 2, "out_enc_policy": 2, "allowed_enc_level": 1,  # 2: no encryption
        "allow_multiple_connections_per_ip": True,
        "alert_mask": lt.alert.category_t.status_notification | lt.alert.category_t.error_notification,
        "download_rate_limit": 0, "upload_rate_limit": 0,
    })


def make(file: str, torrent: str) -> None:
    storage = lt.file_storage()
    storage.add_file(os.path.basename(file), os.path.getsize(file))
    creator = lt.create_torrent(storage, flags=lt.create_torrent.v2_only)
    lt.set_piece_hashes(creator, os.path.dirname(file))
    with open(torrent, "wb") as out:
        out.write(lt.bencode(creator.generate()))


def add(ses: lt.session, torrent: str, folder: str, flags) -> lt.torrent_handle:
    return ses.add_torrent({"ti": lt.torrent_info(torrent), "save_path": folder, "flags": flags})


def seed(torrent: str, folder: str) -> None:
    ses = session()
    add(ses, torrent, folder, lt.torrent_flags.seed_mode | lt.torrent_flags.upload_mode)
    while ses.listen_port() == 0:
        ses.wait_for_alert(100)
        ses.pop_alerts()
    print(json.dumps({"port": ses.listen_port()}), flush=True)
    sys.stdin.read()


def leech(torrent: str, folder: str, port: str) -> None:
    ses = session()
    handle = add(ses, torrent, folder, lt.torrent_flags.default_flags & ~lt.torrent_flags.paused & ~lt.torrent_flags.auto_managed)
    handle.connect_peer(("127.0.0.1", int(port)))
    began = time.monotonic()
    while not handle.status().is_seeding:
        ses.wait_for_alert(50)
        for alert in ses.pop_alerts():
            if isinstance(alert, (lt.file_error_alert, lt.torrent_error_alert)):
                sys.exit(alert.message())
        if time.monotonic() - began > 60:
            sys.exit(f"not complete after 60 s: {handle.status().progress}")
    print(json.dumps({"wall_s": time.monotonic() - began}))


if __name__ == "__main__":
    {"make": make, "seed": seed, "leech": leech}[sys.argv[1]](*sys.argv[2:])
