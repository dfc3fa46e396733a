#!/usr/bin/python3
"""Writes the packet tables: packets.py [DIRECTORY], by default packets/ beside it. Needs scapy; the tables are committed.

A table is a list of rows: name, family, method, mtu and options of the world that the row runs in, and steps, each a frame in, the
name of its verdict, the frame that leaves or null, and "down" if backends are. Frames are hex. itests/bpf runs them. decap.json has rows of name,
frame and out (null: dropped), for the backends' program; frames.json has frames by name.
"""

import json
import sys
from pathlib import Path

import rows_admission
import rows_core
import rows_decap
import rows_direct
import rows_down
import rows_echo
import rows_errors
import rows_fragments
import rows_headers
import rows_nat
import rows_nat_more
import rows_refused
import rows_stations
import rows_told
from world import NAT_PORT, answer, query, request


TABLES = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "packets"


def write(name, rows):
    path = TABLES / f"{name}.json"
    lines = [json.dumps(row) for row in rows]
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n")
    print(f"{len(lines)} rows in {path.name}")


def named_frames():
    """Frames for tests that are no tables: `4 request S 40000` from that client port, `4 answer SA 20001` to that port."""
    for family in (4, 6):
        for flags in ("S", "A", "PA", "PFA", "FA", "RA", "R"):
            for port in range(40000, 40008):
                yield f"{family} request {flags} {port}", request(family, flags=flags, source_port=port).frame()
        for flags in ("SA", "A", "FA", "R"):
            for port in (NAT_PORT, NAT_PORT + 1):
                yield f"{family} answer {flags} {port}", answer(family, flags=flags, destination_port=port).frame()
        yield f"{family} ping", rows_echo.ping(family).frame()
        for number, one in enumerate(rows_fragments.pieces(query(family, payload=rows_fragments.BODY))):
            yield f"{family} fragment {number}", one.frame()


def write_frames():
    path = TABLES / "frames.json"
    lines = [f"{json.dumps(name)}: {json.dumps(frame.hex())}" for name, frame in named_frames()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{len(lines)} frames in {path.name}")


if __name__ == "__main__":
    write("core", (row.json() for row in rows_core.all_rows()))
    write("nat", (row.json() for rows in (rows_nat, rows_nat_more) for row in rows.all_rows()))
    write("fragments", (row.json() for row in rows_fragments.all_rows()))
    write("headers", (row.json() for row in rows_headers.all_rows()))
    write("errors", (row.json() for row in rows_errors.all_rows()))
    write("told", (row.json() for row in rows_told.all_rows()))
    write("echo", (row.json() for row in rows_echo.all_rows()))
    write("refused", (row.json() for row in rows_refused.all_rows()))
    write("down", (row.json() for row in rows_down.all_rows()))
    write("stations", (row.json() for row in rows_stations.all_rows()))
    write("admission", (row.json() for row in rows_admission.all_rows()))
    for method in rows_direct.METHODS:
        write(method, (row.json() for row in rows_direct.all_rows(method)))
    write("decap", rows_decap.all_rows())
    write_frames()
