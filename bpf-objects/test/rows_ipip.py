"""Rows of forwarding method ipip."""

from dataclasses import replace

from rows import Row, forward, kept
from world import answer, checksum_broken, encapsulated, offset_of_ip, request

GET = b"GET / HTTP/1.0\r\n\r\n"


def onward(segment):
    return forward(segment.frame(), encapsulated(segment))


def row(name, family, steps, mtu=1500):
    return Row(name, family, steps, method="ipip", mtu=mtu)


def conversations(family):
    syn = request(family)
    yield row("the first packet is encapsulated", family, [onward(syn)])
    yield row("the second packet follows the first", family,
              [onward(syn), onward(request(family, flags="PA", payload=GET))])
    for flags in ("A", "PA", "FA", "R"):
        yield row(f"{flags} without a connection is forwarded", family, [onward(request(family, flags=flags))])
    yield row("a connection is followed to its end", family,
              [onward(syn), onward(request(family, flags="A")), onward(request(family, flags="FA")),
               onward(request(family, flags="A")), onward(request(family, sequence=9000))])
    yield row("a packet of the backend passes: it answers the client itself", family,
              [onward(syn), kept(answer(family).frame(), "PASS_NO_LISTENER")])


def limits(family):
    header, outer = (40, 20) if family == 4 else (60, 40)
    yield row("a packet on its last hop is dropped", family, [kept(request(family, ttl=1).frame(), "DROP_TTL")])
    yield row("two hops left leave one", family, [onward(request(family, ttl=2))])
    fits = request(family, flags="PA", payload=b"x" * (600 - header - outer))
    exceeds = request(family, flags="PA", payload=b"x" * (601 - header - outer))
    yield row("a packet that fills the MTU with its outer header fits", family, [onward(fits)], mtu=600)
    yield row("a packet that exceeds the MTU with its outer header is dropped", family,
              [kept(exceeds.frame(), "DROP_TOO_BIG")], mtu=600)
    yield row("an unknown MTU limits nothing", family, [onward(request(family, flags="PA", payload=b"x" * 1440))], mtu=0)


def carried(family):
    syn = request(family)
    for tos, what in ((0xb8, "DSCP EF"), (0x02, "ECT(0)"), (0x03, "CE"), (0xff, "every bit of the traffic class")):
        yield row(f"the outer header has {what} too", family, [onward(request(family, tos=tos))])
    yield row("a VLAN tag stays in front", family, [onward(replace(syn, tags=(5,)))])
    yield row("two VLAN tags stay in front", family, [onward(replace(syn, tags=(5, 7)))])
    yield row("an odd number of bytes is carried", family, [onward(request(family, flags="PA", payload=b"odd"))])
    at = offset_of_ip(syn) + (20 if family == 4 else 40) + 16
    outer = 20 if family == 4 else 40
    yield row("a TCP checksum that comes in wrong stays as it is", family,
              [forward(checksum_broken(syn.frame(), at), checksum_broken(encapsulated(syn), at + outer))])


def only_ipv4():
    yield row("the outer header has don't-fragment too", 4, [onward(request(4, dont_fragment=True))])
    yield row("a packet that may be fragmented lends its identification", 4, [onward(request(4, identification=0xbeef))])
    yield row("IPv4 options stay inside", 4, [onward(request(4, ip_options=bytes.fromhex("94040000")))])


def only_ipv6():
    yield row("the outer header has the flow label too", 6, [onward(request(6, flow_label=0xabcde))])


def all_rows():
    for family in (4, 6):
        for part in (conversations, limits, carried):
            yield from part(family)
    yield from only_ipv4()
    yield from only_ipv6()
