#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A foreign BitTorrent client: libtorrent as Debian packages it, with its own way to the disk.

    lt.py get TORRENT DIR [ADDRESS:PORT]    downloads into DIR, ends when complete
    lt.py seed TORRENT DIR ADDRESS:PORT     seeds what is in DIR until it is killed
"""
import os
import sys
import time

import libtorrent as lt


def main():
    verb, torrent, directory = sys.argv[1:4]
    address = sys.argv[4] if len(sys.argv) > 4 else None
    session = lt.session({
        "listen_interfaces": address if verb == "seed" else os.environ.get("LISTEN", "127.0.0.1:0"),
        "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
        "allow_multiple_connections_per_ip": True,
        "alert_mask": lt.alert.category_t.error_notification | lt.alert.category_t.status_notification,
    })
    parameters = lt.add_torrent_params()
    parameters.ti = lt.torrent_info(torrent)
    parameters.save_path = directory
    if verb == "get" and address:
        host, port = address.rsplit(":", 1)
        parameters.peers = [(host, int(port))]
    handle = session.add_torrent(parameters)
    end = time.time() + 90
    while time.time() < end:
        status = handle.status()
        for alert in session.pop_alerts():
            print(alert, file=sys.stderr)
        if status.errc.value():
            sys.exit(f"error: {status.errc.message()}")
        if status.is_seeding:
            print("complete", status.name, flush=True)
            if verb == "get":
                return
            break
        time.sleep(0.1)
    else:
        sys.exit(f"not complete: {status.state} {status.progress} peers {status.num_peers}")
    while True:
        time.sleep(1)


main()
