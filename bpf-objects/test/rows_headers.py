"""
Rows about headers that are seldom: sources that nobody can have, group frames, source routes and other IPv4 options, IPv6
extension headers, tags. Names say which RFC asks for it.
"""

from dataclasses import replace

from scapy.layers.inet6 import IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, PadN
from scapy.packet import Raw

from errors import told
from rows import Row, forward, kept, reply
from rows_core import ipv4_summed, with_byte, with_word
from rows_direct import METHODS
from world import (ADDRESSES, BACKEND_PORT, CLIENT_MAC, answer, checksum_broken, query, request, translated,
                   translated_back)

MARTIANS = {
    4: {"0.0.0.0": "RFC 1122 section 3.2.1.3 (a): this host", "0.1.2.3": "RFC 1122 section 3.2.1.3 (b): this network",
        "127.0.0.1": "RFC 1122 section 3.2.1.3 (g): loopback", "127.255.255.254": "RFC 1122 section 3.2.1.3 (g): loopback's end",
        "224.0.0.1": "RFC 1112 section 7.2: multicast", "239.255.255.255": "RFC 1112 section 7.2: multicast's end",
        "240.0.0.1": "RFC 6890: reserved", "255.255.255.255": "RFC 1122 section 3.2.1.3 (c): broadcast",
        ADDRESSES[4]["vip"]: "the vip itself (land)"},
    6: {"::": "RFC 4291 section 2.5.2: unspecified", "::1": "RFC 4291 section 2.5.3: loopback",
        "::ffff:203.0.113.7": "RFC 4291 section 2.5.5.2: IPv4-mapped", "::203.0.113.7": "RFC 4291 section 2.5.5.1: IPv4-compatible",
        "ff02::1": "RFC 4291 section 2.7: multicast", "ff0e::1234": "RFC 4291 section 2.7: global multicast",
        ADDRESSES[6]["vip"]: "the vip itself (land)"},
}
NEIGHBOURS = {
    4: ("1.0.0.1", "126.255.255.255", "128.0.0.1", "223.255.255.254", "192.0.2.11"),
    6: ("0:0:1::1", "0:1::1", "64:ff9b::203.0.113.7", "fe80::1", "feff::1", "2001:db8:a1:a2:a3:a4:a5:11", "2001:db8:a1:a3:a3:a4:a5:10",
        "2001:db9:a1:a2:a3:a4:a5:10", "2001:db8:a1:a2:a3:a5:a5:10"),
}


def onward(packet):
    return forward(packet.frame(), translated(packet).frame())


def ipip(packet):
    return METHODS["ipip"].onward(packet)


def martians(family):
    for source, why in MARTIANS[family].items():
        yield Row(f"{why} sends nothing to a vip ({source})", family,
                  [kept(request(family, source=source).frame(), "DROP_MARTIAN")])
    for source in NEIGHBOURS[family]:
        packet = request(family, source=source)
        yield Row(f"RFC 6890: {source} is an address like others", family, [onward(packet)])
    source = next(iter(MARTIANS[family]))
    yield Row("a martian that has a backend's way to go is dropped too (l2)", family,
              [kept(request(family, flags="PA", source=source).frame(), "DROP_MARTIAN")], method="l2")
    other = request(family, source=source, destination=ADDRESSES[family]["loom"])
    yield Row("a martian to another address is the kernel's business", family, [kept(other.frame(), "PASS_NO_LISTENER")])
    yield Row("a martian to another port of the vip is the kernel's business", family,
              [kept(request(family, source=source, destination_port=81).frame(), "PASS_NO_LISTENER")])


def groups(family):
    broadcast, multicast = "ff:ff:ff:ff:ff:ff", {4: "01:00:5e:00:00:01", 6: "33:33:00:00:00:01"}[family]
    for mac, what in ((broadcast, "broadcast"), (multicast, "multicast")):
        yield Row(f"RFC 1122 section 3.3.6: a unicast packet in an Ethernet {what} is not for this host alone", family,
                  [kept(request(family, destination_mac=mac).frame(), "DROP_LINK_BROADCAST")])
        yield Row(f"a packet in an Ethernet {what} for no vip passes", family,
                  [kept(request(family, destination_mac=mac, destination_port=81).frame(), "PASS_NO_LISTENER")])
    locally = "aa:00:00:00:00:01"
    yield Row("a station address that is locally administered is none of a group, but another station's", family,
              [kept(request(family, destination_mac=locally).frame(), "PASS_OTHER_STATION")])
    group = {4: "224.0.0.251", 6: "ff02::fb"}[family]
    yield Row("a packet to an IP multicast group passes", family,
              [kept(query(family, destination=group, destination_mac=multicast).frame(), "PASS_NO_LISTENER")])
    if family == 4:
        for address, what in (("255.255.255.255", "the limited broadcast"), ("192.0.2.255", "a subnet's broadcast")):
            yield Row(f"a packet to {what} passes", 4,
                      [kept(query(4, destination=address, destination_mac=broadcast).frame(), "PASS_NO_LISTENER")])


ROUTE = bytes.fromhex("830704c6336414") + b"\0"  # loose, by 198.51.100.20, which is still ahead
ROUTE_DONE = bytes.fromhex("830708c6336414") + b"\0"


def options():
    for start, what in ((0x83, "loose"), (0x89, "strict")):
        route = bytes([start]) + ROUTE[1:]
        yield Row(f"RFC 7126: a {what} source route that goes on is the local stack's", 4,
                  [kept(request(4, ip_options=route).frame(), "PASS_SOURCE_ROUTED")])
        done = bytes([start]) + ROUTE_DONE[1:]
        # Without a checksum: scapy would sum up the route's last address in the place of the packet's.
        yield Row(f"RFC 791: a {what} source route that ends here stays, and changes nothing", 4,
                  [onward(request(4, protocol=17, checksum=False, ip_options=done))], options=("udp",))
    yield Row("a source route behind other options is found", 4,
              [kept(request(4, ip_options=bytes.fromhex("01018804abcd01") + ROUTE + b"\0").frame(), "PASS_SOURCE_ROUTED")])
    yield Row("a source route as far behind as there is room is found", 4,
              [kept(request(4, ip_options=b"\1" * 33 + ROUTE[:7]).frame(), "PASS_SOURCE_ROUTED")])
    yield Row("RFC 791: what follows the end of options is none", 4, [onward(request(4, ip_options=b"\0" + ROUTE[:7]))])
    for octets, what in ((bytes.fromhex("94040000"), "RFC 2113: a router alert"),
                         (bytes.fromhex("440c0500") + bytes(8), "RFC 791: a timestamp"),
                         (bytes.fromhex("070704") + bytes(5), "RFC 791: a record of the route"),
                         (b"\1" * 8, "RFC 791: padding"), (bytes.fromhex("9e000000"), "a length of nothing"),
                         (bytes.fromhex("9e01") + ROUTE[:7], "a length shorter than its own byte"),
                         (bytes.fromhex("9eff0000"), "a length beyond the header"), (bytes.fromhex("01010183"), "a route without room")):
        packet = request(4, ip_options=octets)
        yield Row(f"{what} goes along (nat)", 4, [onward(packet)])
        yield Row(f"{what} goes along (ipip)", 4, [ipip(packet)], method="ipip")
    elsewhere = request(4, ip_options=ROUTE, destination=ADDRESSES[4]["loom"])
    yield Row("a source route for no vip is the kernel's business", 4, [kept(elsewhere.frame(), "PASS_NO_LISTENER")])
    alert = answer(4, ip_options=bytes.fromhex("94040000"))
    yield Row("options of a backend's reply go along", 4, [onward(request(4)), reply(alert.frame(), translated_back(alert).frame())])


def padded(octets):
    """Destination options of that many bytes, a multiple of 8."""
    return IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(octets - 4))])


HOP, DESTINATION, ROUTED = IPv6ExtHdrHopByHop(), IPv6ExtHdrDestOpt(), IPv6ExtHdrRouting(segleft=0, type=4)
CHAINS = {
    "RFC 8200 section 4.3: hop-by-hop options": (HOP,),
    "RFC 8200 section 4.6: destination options": (DESTINATION,),
    "RFC 8200 section 4.4: a routing header that is done": (ROUTED,),
    "RFC 6946: an atomic fragment's header": (IPv6ExtHdrFragment(id=7),),
    "RFC 8200 section 4.1: all of them, in their order": (HOP, DESTINATION, ROUTED, IPv6ExtHdrFragment(id=7), DESTINATION),
    "RFC 8504 section 5.3: eight headers": (DESTINATION,) * 8,
    "RFC 8504 section 5.3: 128 bytes of options": (padded(128),),
    "RFC 8504 section 5.3: 128 bytes in two headers": (HOP, padded(120)),
}


def extensions():
    for name, chain in CHAINS.items():
        packet = request(6, extensions=chain)
        for method in METHODS.values():
            yield method.row(f"{name}: the transport header is found behind", 6, [method.onward(packet)])
        back = answer(6, extensions=chain)
        yield Row(f"{name}: the transport header is found behind, both ways", 6,
                  [onward(packet), reply(back.frame(), translated_back(back).frame())])
        asked = request(6, protocol=17, payload=b"question", extensions=chain)
        yield Row(f"{name}: a datagram is found behind", 6, [onward(asked)], options=("udp",))
    tagged = request(6, extensions=(padded(128),), tags=(5, 7))
    yield Row("as many tags and extension headers as there can be", 6, [onward(tagged)])


def unfollowed():
    for chain, what in (((DESTINATION,) * 9, "nine headers"), ((padded(136),), "136 bytes of options"),
                        ((padded(64), padded(72)), "136 bytes in two headers"),
                        ((DESTINATION, HOP), "hop-by-hop options that are not first (RFC 8200 section 4.1)")):
        yield Row(f"RFC 8883: {what} are more than Loom follows", 6,
                  [kept(request(6, extensions=chain).frame(), "PASS_EXTENSION_HEADER")])
    for kind in (0, 2, 4):
        ahead = IPv6ExtHdrRouting(segleft=1, type=kind, addresses=["2001:db8:9::9"])
        yield Row(f"RFC 8200 section 4.4, RFC 5095: a routing header of type {kind} that goes on is the local stack's", 6,
                  [kept(request(6, extensions=(ahead,)).frame(), "PASS_SOURCE_ROUTED")])
    hidden = bytes(request(6, extensions=(DESTINATION,)).frame())
    for number, what in ((51, "an authentication header"), (135, "a mobility header"), (139, "HIP"), (140, "shim6")):
        yield Row(f"{what} behind destination options is not followed", 6,
                  [kept(with_byte(hidden, 54, number), "PASS_EXTENSION_HEADER")])
    yield Row("RFC 8200 section 4.7: no next header behind destination options", 6,
              [kept(with_byte(hidden, 54, 59), "PASS_OTHER_PROTOCOL")])
    frame = request(6, extensions=(DESTINATION,)).frame()
    for length in (54, 61):
        yield Row(f"a frame that ends {length - 54} bytes into an extension header is dropped", 6, [kept(frame[:length], "DROP_TRUNCATED")])
    yield Row("an extension header that is longer than the packet is dropped", 6,
              [kept(with_byte(frame, 55, 5), "DROP_BAD_LENGTH")])
    yield Row("an IP length that ends inside an extension header is dropped", 6,
              [kept(with_word(frame, 18, 7), "DROP_BAD_LENGTH")])
    yield Row("an IP length that ends inside TCP behind an extension header is dropped", 6,
              [kept(with_word(frame, 18, 27), "DROP_BAD_LENGTH")])
    yield Row("a packet with extension headers on its last hop is dropped", 6,
              [told(request(6, extensions=(DESTINATION,), ttl=1), "time exceeded")])
    large = request(6, flags="PA", extensions=(DESTINATION,), payload=b"x" * 33)
    yield METHODS["ipip"].row("extension headers count towards the MTU", 6, [METHODS["ipip"].onward(large)], mtu=141)
    yield METHODS["ipip"].row("extension headers that exceed the MTU are too much", 6, [kept(large.frame(), "DROP_TOO_BIG")], mtu=140)
    yield Row("another port of the vip passes behind extension headers", 6,
              [kept(request(6, extensions=(HOP,), destination_port=81).frame(), "PASS_NO_LISTENER")])


def tags(family):
    """802.1Q and 802.1ad: what came in front leaves in front, also of replies and of both kinds."""
    for numbers, what in (((5,), "802.1Q: a tag"), ((5, 7), "802.1ad: two tags")):
        packet, back = request(family, tags=numbers), answer(family, tags=numbers)
        yield Row(f"{what} stays, both ways", family, [onward(packet), reply(back.frame(), translated_back(back).frame())])
        for method in METHODS.values():
            yield method.row(f"{what} stays in front of a datagram, with its priority", family, [prioritised(method, packet)])
    double = with_word(request(family, tags=(5, 7)).frame(), 12, 0x8100)
    expected = with_word(translated(request(family, tags=(5, 7))).frame(), 12, 0x8100)
    yield Row("802.1Q: a tag in a tag of the same type stays", family, [forward(double, expected)])


def prioritised(method, packet):
    frame, leaves = packet.frame(), method.leaving(packet)
    return forward(with_word(frame, 14, 0xe005), with_word(leaves, 14, 0xe005))


def lives(family):
    """RFC 1812 section 5.3.1, RFC 8200 section 3: each hop takes one, and what has none left ends."""
    for method in METHODS.values():
        for ttl, survives in ((0, False), (1, False), (2, True), (255, True)):
            packet = request(family, ttl=ttl)
            step = method.onward(packet) if survives else told(packet, "time exceeded")
            yield method.row(f"RFC 1812 section 5.3.1: a packet with {ttl} hops left", family, [step])
    if family == 4:
        # 0x0100 less in a header whose checksum is about to wrap (RFC 1624).
        for identification in (0, 0xffff, 0x1234):
            packet = request(4, identification=identification, ttl=2)
            yield METHODS["l2"].row(f"RFC 1624: the header's checksum is right after a hop, identification {identification}", 4,
                                    [METHODS["l2"].onward(packet)])


def all_rows():
    for family in (4, 6):
        for part in (martians, groups, tags, lives):
            yield from part(family)
    yield from options()
    yield from extensions()
    yield from unfollowed()
