#!/usr/bin/python3
"""Writes the packet tables, packets/*.json: packets.py. Needs scapy; the tables are committed, so builds do not.

A table is a list of rows: name, family, method and mtu of the world that the row runs in, and steps, each a frame in, the
name of its verdict, and the frame that leaves or null. Frames are hex. itests/bpf runs them.
"""

import json
from pathlib import Path

import rows_core
import rows_ipip
import rows_nat


def write(name, rows):
    path = Path(__file__).parent / "packets" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    lines = [json.dumps(row.json()) for row in rows]
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n")
    print(f"{len(lines)} rows in {path.name}")


if __name__ == "__main__":
    write("core", rows_core.all_rows())
    write("nat", rows_nat.all_rows())
    write("ipip", rows_ipip.all_rows())
