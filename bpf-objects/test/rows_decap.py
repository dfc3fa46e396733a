"""Rows of the decapsulation program for backends: a frame passes, with or without its outer header, or is dropped (no out)."""

from dataclasses import replace

from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from world import (ADDRESSES, BACKEND_MAC, GUE_PORT, LOOM_MAC, Way, addressed, checksum_broken, encapsulated, in_udp, outer_ip,
                   query, request)

NOT_ECT, ECT1, ECT0, CE = range(4)
ECN = {NOT_ECT: "Not-ECT", ECT1: "ECT(1)", ECT0: "ECT(0)", CE: "CE"}

# RFC 6040 figure 4: inner field, then what it becomes by outer Not-ECT, ECT(0), ECT(1), CE; None: drop.
COMBINED = {
    NOT_ECT: {NOT_ECT: NOT_ECT, ECT0: NOT_ECT, ECT1: NOT_ECT, CE: None},
    ECT0: {NOT_ECT: ECT0, ECT0: ECT0, ECT1: ECT1, CE: CE},
    ECT1: {NOT_ECT: ECT1, ECT0: ECT1, ECT1: ECT1, CE: CE},
    CE: {NOT_ECT: CE, ECT0: CE, ECT1: CE, CE: CE},
}


def row(name, family, frame, out):
    return {"name": f"IPv{family}: {name}", "frame": frame.hex(), "out": out.hex() if out else None}


def same(name, family, frame):
    return row(f"{name} stays as it is", family, frame, frame)


def all_rows():
    for family in (4, 6):
        for outer in (4, 6):
            yield from carried(family, Way(outer), f"IPv{outer}", encapsulated)
            yield from carried(family, Way(outer), f"IPv{outer} and UDP", in_udp)
            yield from congestion(family, Way(outer))
            yield from lengths(family, Way(outer))
            yield from datagram_lengths(family, Way(outer))
        yield from not_gue(family)
        for packet, what in ((request(family), "a segment"), (query(family), "a datagram")):
            yield same(f"{what} without outer header", family, packet.frame())
    yield from only_ipv4()
    yield from only_ipv6()


def outer_length(way, wrapped):
    return (20 if way.family == 4 else 40) + (8 if wrapped is in_udp else 0)


def carried(family, way, what, wrapped):
    """What the backend's stack must see: the packet of the client, in the Ethernet header of the outer one."""
    syn = request(family)
    for packet, carries in ((syn, "a SYN"), (request(family, flags="PA", payload=b"odd"), "data"), (query(family), "a datagram"),
                            (query(family, checksum=False), "a datagram without checksum")):
        yield row(f"{what} around {carries} is taken off", family, wrapped(packet, way), addressed(packet))
    padded = wrapped(syn, way) + bytes(4)
    yield row(f"{what} is taken off a frame with padding", family, padded, addressed(syn) + bytes(4))
    cut = wrapped(syn, way)[:14 + outer_length(way, wrapped) + 10]
    yield same(f"a frame that ends inside the inner header in {what}", family, cut)
    yield same(f"a frame with a VLAN tag before {what}", family, wrapped(replace(syn, tags=(5,)), way))


def inside(payload, packet, way, tos):
    """The frame of a tunnel's packet with that traffic class."""
    return bytes(Ether(src=LOOM_MAC, dst=BACKEND_MAC) / outer_ip(replace(packet, tos=tos), way) / payload)


def congestion(family, way):
    """All of RFC 6040, figure 4, with a DSCP on each side that must stay apart from it."""
    for inner, results in COMBINED.items():
        for outer, result in results.items():
            packet = query(family, tos=0xb4 | inner)
            frame = inside(aged(packet).packet(), packet, way, 0x28 | outer)
            becomes = "is dropped" if result is None else f"is {ECN[result]}"
            yield row(f"{ECN[inner]} inside IPv{way.family} with {ECN[outer]} {becomes}", family, frame,
                      None if result is None else addressed(replace(packet, tos=0xb4 | result)))
    udp = UDP(sport=50000, dport=GUE_PORT, chksum=0)
    for inner, result in ((ECT0, CE), (NOT_ECT, None)):
        packet = request(family, tos=inner)
        frame = inside(udp / Raw(bytes(aged(packet).packet())), packet, way, CE)
        becomes = "is dropped" if result is None else f"is {ECN[result]}"
        yield row(f"{ECN[inner]} inside IPv{way.family} and UDP with CE {becomes}", family, frame,
                  None if result is None else addressed(replace(packet, tos=result)))


def aged(packet):
    return replace(packet, ttl=packet.ttl - 1)


def with_length(packet, family, more):
    """The bytes of the IP packet with a length that is larger by so much."""
    header = (IP if family == 4 else IPv6)(bytes(packet.packet()))
    if family == 4:
        header.len += more
        del header.chksum
    else:
        header.plen += more
    return bytes(header)


def lengths(family, way):
    """The inner packet ends where the outer one does, or before; the outer one where the frame does, or before."""
    syn = aged(request(family))
    shape = "IP in IP" if way.family == family else f"a packet inside IPv{way.family}"
    link, outer = Ether(src=LOOM_MAC, dst=BACKEND_MAC), outer_ip(syn, way)
    protocol = {"proto": 4 if family == 4 else 41} if way.family == 4 else {"nh": 4 if family == 4 else 41}
    for name, value in protocol.items():
        setattr(outer, name, value)
    longer = with_length(syn, family, 1)
    yield same(f"{shape} whose inner length exceeds the outer one's", family, bytes(link / outer / Raw(longer)) + bytes(1))
    shorter = bytes(link / outer / Raw(bytes(syn.packet()) + bytes(3)))
    yield row(f"the outer header of {shape} with room to spare is taken off", family, shorter, addressed(request(family)) + bytes(3))
    header = bytes(syn.ip())
    yield row(f"the outer header of {shape} that is a header alone is taken off", family, bytes(link / outer / Raw(header)),
              bytes(link / syn.ip()))
    if family == 4:
        nothing = with_length(syn, 4, 19 - len(syn.packet()))
        yield same(f"{shape} whose inner length is less than its header", 4, bytes(link / outer / Raw(nothing)))
        short = bytearray(bytes(syn.packet()))
        short[0] = 0x44
        yield same(f"{shape} whose inner header is too short", 4, bytes(link / outer / Raw(bytes(short))))
    inner = bytes(syn.packet())
    whole = outer / Raw(inner)
    claimed = len(inner) + 1
    if way.family == 4:
        whole.len = 20 + claimed
    else:
        whole.plen = claimed
    yield same(f"{shape} whose outer length exceeds the frame", family, bytes(link / whole))
    if way.family == 4:
        whole.len = 19
        yield same(f"{shape} whose outer length is less than its header", family, bytes(link / whole))


def datagram_lengths(family, way):
    syn = aged(request(family))
    link, outer = Ether(src=LOOM_MAC, dst=BACKEND_MAC), outer_ip(syn, way)
    inner = bytes(syn.packet())
    for length, what in ((8 + len(inner) - 1, "less"), (8 + len(inner) + 1, "more"), (7, "less than its own header")):
        udp = UDP(sport=50000, dport=GUE_PORT, len=length, chksum=0)
        yield same(f"GUE in IPv{way.family} whose UDP length is {what} than that of IP", family,
                   bytes(link / outer / udp / Raw(inner)))
    udp = UDP(sport=50000, dport=GUE_PORT, chksum=0)
    yield same(f"GUE in IPv{way.family} whose inner length exceeds UDP's", family,
               bytes(link / outer / udp / Raw(with_length(syn, family, 1))) + bytes(1))
    yield same(f"GUE in IPv{way.family} around nothing", family, bytes(link / outer / udp))


def not_gue(family):
    segment = request(family, flags="PA", payload=b"odd")
    outer = Ether(src=LOOM_MAC, dst=BACKEND_MAC) / outer_ip(segment)
    inner = bytes(segment.packet())
    for datagram, what in ((UDP(sport=50000, dport=6081) / Raw(inner), "UDP to another port"),
                           (UDP(sport=6080, dport=50000) / Raw(inner), "UDP from port 6080"),
                           (UDP(sport=50000, dport=6080) / Raw(b"\0" + inner[1:]), "GUE of variant 0"),
                           (UDP(sport=50000, dport=6080) / Raw(b"\x55" + inner[1:]), "GUE around IP version 5")):
        yield same(what, family, bytes(outer / datagram))
    yield same("a frame that ends inside UDP", family, in_udp(segment)[:14 + (20 if family == 4 else 40) + 7])
    wrong = in_udp(segment)
    at = 14 + (20 if family == 4 else 40) + 6
    yield row("a wrong UDP checksum is not looked at", family, checksum_broken(wrong, at), addressed(segment))


def only_ipv4():
    names = ADDRESSES[4]
    link = Ether(src=LOOM_MAC, dst=BACKEND_MAC)
    for protocol, what in ((4, "IPv4 in IPv4"), (41, "IPv6 in IPv4"), (17, "GUE")):
        shim = UDP(sport=50000, dport=6080, chksum=0) if protocol == 17 else Raw(b"")
        inner = Raw(bytes(request(6 if protocol == 41 else 4).packet()))
        for flags, offset in (("MF", 0), (0, 1)):
            fragment = IP(src=names["loom"], dst=names["backend"], proto=protocol, flags=flags, frag=offset)
            yield same(f"a fragment of {what} at {offset}", 4, bytes(link / fragment / shim / inner))
    outer = IP(src=names["loom"], dst=names["backend"], proto=4)
    yield same("what is no IP packet inside", 4, bytes(link / outer / Raw(bytes(40))))
    yield same("protocol 4 around IPv6", 4, bytes(link / outer / Raw(bytes(request(6).packet()))))
    outer.proto = 41
    yield same("protocol 41 around IPv4", 4, bytes(link / outer / Raw(bytes(request(4).packet()))))
    optioned = outer_ip(request(4))
    optioned.options, optioned.proto = request(4, ip_options=bytes.fromhex("94040000")).ip().options, 4
    yield same("an outer header with options", 4, bytes(link / optioned / Raw(bytes(request(4).packet()))))
    with_options = request(4, ip_options=bytes.fromhex("94040000"))
    yield row("the outer header of a packet with options is taken off", 4, encapsulated(with_options), addressed(with_options))


def only_ipv6():
    names = ADDRESSES[6]
    link = Ether(src=LOOM_MAC, dst=BACKEND_MAC)
    outer = IPv6(src=names["loom"], dst=names["backend"], nh=41)
    yield same("next header 41 around IPv4", 6, bytes(link / outer / Raw(bytes(request(4).packet()))))
    outer.nh = 4
    yield same("next header 4 around IPv6", 6, bytes(link / outer / Raw(bytes(request(6).packet()))))
    extended = IPv6(src=names["loom"], dst=names["backend"]) / IPv6ExtHdrDestOpt(nh=41)
    yield same("IPv6 behind destination options", 6, bytes(link / extended / Raw(bytes(request(6).packet()))))
    ethernet = Ether(src=LOOM_MAC, dst=BACKEND_MAC, type=0x0800)
    yield same("IPv6 under the Ethernet type of IPv4", 6, bytes(ethernet / Raw(encapsulated(request(6))[14:])))
