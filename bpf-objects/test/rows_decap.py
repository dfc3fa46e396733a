"""Rows of the decapsulation program for backends: every frame passes, with or without its outer header."""

from dataclasses import replace

from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from world import ADDRESSES, BACKEND_MAC, LOOM_MAC, addressed, checksum_broken, encapsulated, in_udp, outer_ip, request


def row(name, family, frame, out):
    return {"name": f"IPv{family}: {name}", "frame": frame.hex(), "out": out.hex()}


def all_rows():
    for family in (4, 6):
        syn = request(family)
        data = request(family, flags="PA", payload=b"odd")
        outer = 20 if family == 4 else 40
        yield from carried(family, "the outer header", encapsulated, outer)
        yield from carried(family, "the outer header and that of UDP", in_udp, outer + 8)
        yield row("a packet without outer header stays as it is", family, syn.frame(), syn.frame())
        yield from not_gue(family, data)
    yield from only_ipv4()


def carried(family, what, wrapped, outer):
    """What the backend's stack must see: the packet of the client, in the Ethernet header of the outer one."""
    syn = request(family)
    data = request(family, flags="PA", payload=b"odd")
    yield row(f"{what} of a SYN is taken off", family, wrapped(syn), addressed(syn))
    yield row(f"{what} of data is taken off", family, wrapped(data), addressed(data))
    cut = wrapped(syn)[:14 + outer + 10]
    yield row(f"a frame that ends inside the inner header after {what} stays as it is", family, cut, cut)
    tagged = wrapped(replace(syn, tags=(5,)))
    yield row(f"a frame with a VLAN tag before {what} stays as it is", family, tagged, tagged)


def not_gue(family, segment):
    outer = Ether(src=LOOM_MAC, dst=BACKEND_MAC) / outer_ip(segment)
    inner = bytes(segment.packet())
    for datagram, what in ((UDP(sport=50000, dport=6081) / Raw(inner), "UDP to another port"),
                           (UDP(sport=6080, dport=50000) / Raw(inner), "UDP from port 6080"),
                           (UDP(sport=50000, dport=6080) / Raw(b"\0" + inner[1:]), "GUE of variant 0"),
                           (UDP(sport=50000, dport=6080) / Raw(bytes(request(10 - family).packet())),
                            "GUE with the other IP version inside")):
        frame = bytes(outer / datagram)
        yield row(f"{what} stays as it is", family, frame, frame)
    cut = in_udp(segment)[:14 + (20 if family == 4 else 40) + 7]
    yield row("a frame that ends inside UDP stays as it is", family, cut, cut)
    wrong = in_udp(segment)
    at = 14 + (20 if family == 4 else 40) + 6
    yield row("a wrong UDP checksum is not looked at", family, checksum_broken(wrong, at), addressed(segment))


def only_ipv4():
    names = ADDRESSES[4]
    link = Ether(src=LOOM_MAC, dst=BACKEND_MAC)
    for protocol, what in ((4, "IP in IP"), (17, "GUE")):
        shim = UDP(sport=50000, dport=6080, chksum=0) if protocol == 17 else Raw(b"")
        fragment = bytes(link / IP(src=names["loom"], dst=names["backend"], proto=protocol, flags="MF") / shim
                         / Raw(bytes(request(4).packet())))
        yield row(f"a fragment of {what} stays as it is", 4, fragment, fragment)
    other = bytes(link / IP(src=names["loom"], dst=names["backend"], proto=4) / Raw(bytes(40)))
    yield row("what is no IP packet inside stays as it is", 4, other, other)
