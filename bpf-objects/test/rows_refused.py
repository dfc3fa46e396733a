"""Rows of vips without any backend: what would begin a connection is refused as by a host without a server, or dropped."""

from dataclasses import replace

from scapy.layers.inet6 import IPv6ExtHdrDestOpt

from errors import from_client_side, told, turned_down
from rows import Row, kept
from world import ADDRESSES, answer, as_datagram, query, request

RESET = "RFC 9293 3.5.2"
PORT = {4: "RFC 1122 4.1.3.1", 6: "RFC 4443 3.1"}
OTHERS = ("A", "PA", "FA", "R", "RA", "SA", "SR")


def segments(family, options, method):
    def row(name, *steps):
        return Row(f"{name} ({RESET}; {' '.join(options)})", family, list(steps), method=method, options=options)

    yield row("a SYN is answered with a reset", turned_down(request(family)))
    yield row("so is each that comes again", turned_down(request(family)), turned_down(request(family)))
    yield row("what opens nothing is not answered",
              *(kept(request(family, flags=flags).frame(), "DROP_NO_BACKEND") for flags in OTHERS))
    if options != ("empty reset",):
        return
    yield row("data and a FIN of the SYN are acknowledged too", turned_down(request(family, payload=b"early data!")),
              turned_down(request(family, flags="SF")), turned_down(request(family, flags="SFPUE", payload=b"x")))
    yield row("sequence numbers wrap", turned_down(request(family, sequence=2**32 - 1)),
              turned_down(request(family, sequence=2**32 - 5, payload=b"0123456789")))
    optioned = request(family, tcp_options=(("MSS", 1460), ("SAckOK", b""), ("Timestamp", (1, 0)), ("NOP", None), ("WScale", 7)))
    yield row("TCP options are not repeated", turned_down(optioned), turned_down(replace(optioned, payload=b"x" * 1001)))
    for tags in ((5,), (5, 7)):
        yield row(f"the answer stays in {len(tags)} VLANs", turned_down(request(family, tags=tags)))
    yield row("it has all its hops, and no traffic class", turned_down(request(family, ttl=1, tos=0xbb)), turned_down(request(family, ttl=255)))
    padded = turned_down(request(family))
    yield row("Ethernet padding goes", replace(padded, frame=padded.frame + b"\xa5" * 20))
    if family == 4:
        yield row("IP options are not repeated", turned_down(request(4, ip_options=bytes.fromhex("94040000"))))
    else:
        yield row("extension headers are not repeated", turned_down(request(6, extensions=(IPv6ExtHdrDestOpt(),))))
    yield row("nobody is answered in a frame to everybody", kept(request(family, destination_mac="ff:ff:ff:ff:ff:ff").frame(), "DROP_LINK_BROADCAST"))
    yield row("nor at an address that no client has",
              *(kept(request(family, source=source).frame(), "DROP_MARTIAN") for source in (ADDRESSES[family]["vip"], {4: "127.0.0.1", 6: "::1"}[family])))
    yield row("nor in a frame from a group", kept(request(family, source_mac="01:00:5e:00:00:01").frame(), "DROP_NO_BACKEND"))
    first = replace(request(family, payload=b"x" * 64), piece=(0, 32))
    yield row("a SYN in fragments is not answered", kept(first.frame(), "DROP_NO_BACKEND"))
    seen = replace(answer(family), source=ADDRESSES[family]["vip"], source_port=80, destination=ADDRESSES[family]["client"],
                   destination_port=40000)
    yield row("nor is an ICMP error", kept(from_client_side(seen).frame(), "PASS_UNRELATED"))
    yield row("another port of the vip passes", kept(request(family, destination_port=81).frame(), "PASS_NO_LISTENER"))


def datagrams(family, options, method):
    def row(name, *steps):
        return Row(f"{name} ({PORT[family]}; {' '.join(options)})", family, list(steps), method=method, options=options)

    def at_the_vip(**more):
        return query(family, destination_port=80, **more)

    def told_so(packet):
        return told(packet, "no port", verdict="REFUSED")

    yield row("a datagram is answered with port unreachable", told_so(at_the_vip()), told_so(at_the_vip()))
    if options != ("udp", "empty reset"):
        return
    for size in (0, 1, 2, 3, 1400):
        yield row(f"{size} bytes of data", told_so(at_the_vip(payload=b"x" * size)))
    yield row("the answer stays in two VLANs", told_so(at_the_vip(tags=(5, 7))))
    yield row("one without checksum is answered", told_so(at_the_vip(checksum=False)))
    whole = at_the_vip(payload=bytes(range(128)), identification=4242)
    first, last = replace(whole, piece=(0, 64)), replace(whole, piece=(64, None))
    yield row("of fragments the first is answered", told_so(first), kept(last.frame(), "DROP_FRAGMENT_UNKNOWN"))


def all_rows():
    for family in (4, 6):
        yield from segments(family, ("empty reset",), "nat")
        for options in (("empty reset", "guard minimal"), ("empty reset", "guard stateless")):
            yield from segments(family, options, "ipip")
        yield from datagrams(family, ("udp", "empty reset"), "nat")
        yield from datagrams(family, ("udp", "empty reset", "guard stateless"), "l2")
        yield Row("on_empty: drop, nothing is said of a SYN", family, [kept(request(family).frame(), "DROP_NO_BACKEND")], options=("empty",))
        datagram = as_datagram(request(family))
        yield Row("on_empty: drop, nor of a datagram", family, [kept(datagram.frame(), "DROP_NO_BACKEND")], options=("udp", "empty"))
