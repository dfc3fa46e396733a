"""Packets of clients that there are not: flood.py KIND RATE SECONDS VIP PORT

KIND is syn, synack (each SYN is followed by an ACK of nothing), udp or query (for the lab's DNS). Sources are random, out of networks that route nowhere else.
The frames go to the MAC address of the balancer. Prints how many were sent.
"""

import random
import socket
import struct
import sys
import time

BALANCER = bytes.fromhex("02000a4d0002")
CLIENT = bytes.fromhex("02000a4d0001")
SYN, ACK = 0x02, 0x10
QUERY = b"\x12\x34\x01\x00\x00\x01\0\0\0\0\0\0\x06whoami\x03lab\0\x00\x10\x00\x01"
BATCH = 20


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Target:
    def __init__(self, vip, port):
        self.family = 6 if ":" in vip else 4
        self.address = socket.inet_pton(socket.AF_INET6 if self.family == 6 else socket.AF_INET, vip)
        self.port = port

    def source(self):
        if self.family == 4:
            return b"\x0b" + random.randbytes(3)
        return bytes.fromhex("20010db8000b0000") + random.randbytes(8)

    def frame(self, source, protocol, transport, at):
        pseudo = source + self.address + struct.pack("!II", len(transport), protocol)
        transport = transport[:at] + struct.pack("!H", checksum(pseudo + transport)) + transport[at + 2:]
        if self.family == 6:
            header = struct.pack("!IHBB", 0x60000000, len(transport), protocol, 64) + source + self.address
            return BALANCER + CLIENT + b"\x86\xdd" + header + transport
        header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(transport), 1, 0, 64, protocol, 0) + source + self.address
        header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
        return BALANCER + CLIENT + b"\x08\x00" + header + transport

    def segment(self, source, port, flags):
        numbers = struct.pack("!HHIIBBHHH", port, self.port, random.getrandbits(32), random.getrandbits(32), 0x50, flags, 8192, 0, 0)
        return self.frame(source, socket.IPPROTO_TCP, numbers, 16)

    def datagram(self, source, port, payload):
        header = struct.pack("!HHHH", port, self.port, 8 + len(payload), 0)
        return self.frame(source, socket.IPPROTO_UDP, header + payload, 6)


def frames(kind, target):
    while True:
        source, port = target.source(), random.randrange(1024, 65536)
        if kind in ("udp", "query"):
            yield target.datagram(source, port, QUERY if kind == "query" else b"\xff" * 8)
            continue
        yield target.segment(source, port, SYN)
        if kind == "synack":
            yield target.segment(source, port, ACK)


def main(kind, rate, seconds, target):
    out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    out.bind(("eth0", 0))
    source, start, sent = frames(kind, target), time.time(), 0
    while time.time() - start < seconds:
        while sent > (time.time() - start) * rate:
            time.sleep(0.001)
        for _ in range(BATCH):
            out.send(next(source))
        sent += BATCH
    print(sent)


main(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), Target(sys.argv[4], int(sys.argv[5])))
