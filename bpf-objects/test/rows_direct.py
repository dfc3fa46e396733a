"""Rows of the direct forwarding methods: the same packets under ipip, gue and l2, and what is particular to each."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import rows_crossed
from errors import exceeding, told
from rows import Row, forward, kept
from world import (ADDRESSES, CLIENT_MAC, LOOM_MAC, SAME, addressed, answer, checksum_broken, encapsulated, in_udp,
                   offset_of_ip, query, request)

GET = b"GET / HTTP/1.0\r\n\r\n"


@dataclass(frozen=True)
class Method:
    """`done` says in a row's name what becomes of a packet, `leaving` makes the frame; `overhead` by family of the backend."""

    name: str
    done: str
    leaving: Callable
    overhead: dict

    def onward(self, packet, way=SAME):
        return forward(packet.frame(), self.leaving(packet, way))

    def row(self, name, family, steps, mtu=1500, way=SAME):
        return Row(name, family, steps, method=self.name, mtu=mtu, backend_family=way.family, entropy=way.entropy)


METHODS = {
    "ipip": Method("ipip", "encapsulated", encapsulated, {4: 20, 6: 40}),
    "gue": Method("gue", "encapsulated", in_udp, {4: 28, 6: 48}),
    "l2": Method("l2", "addressed to the backend", addressed, {4: 0, 6: 0}),
}


def conversations(method, family):
    syn = request(family)
    onward, row = method.onward, method.row
    yield row(f"the first packet is {method.done}", family, [onward(syn)])
    yield row("the second packet follows the first", family,
              [onward(syn), onward(request(family, flags="PA", payload=GET))])
    for flags in ("A", "PA", "FA", "R"):
        yield row(f"{flags} without a connection is forwarded", family, [onward(request(family, flags=flags))])
    yield row("a connection is followed to its end", family,
              [onward(syn), onward(request(family, flags="A")), onward(request(family, flags="FA")),
               onward(request(family, flags="A")), onward(request(family, sequence=9000))])
    yield row("a packet of the backend passes: it answers the client itself", family,
              [onward(syn), kept(answer(family).frame(), "PASS_NO_LISTENER")])


def limits(method, family):
    header, outer = (40 if family == 4 else 60), method.overhead[family]
    onward, row = method.onward, method.row
    yield row("a packet on its last hop is not forwarded", family, [told(request(family, ttl=1), "time exceeded")])
    yield row("two hops left leave one", family, [onward(request(family, ttl=2))])
    fits = request(family, flags="PA", payload=b"x" * (600 - header - outer))
    exceeds = request(family, flags="PA", payload=b"x" * (601 - header - outer))
    what = " with its outer header" if outer else ""
    yield row(f"a packet that fills the MTU{what} fits", family, [onward(fits)], mtu=600)
    yield row(f"a packet that exceeds the MTU{what} is not forwarded", family, [exceeding(exceeds, 600 - outer)], mtu=600)
    yield row("an unknown MTU limits nothing", family, [onward(request(family, flags="PA", payload=b"x" * 1440))], mtu=0)


def carried(method, family):
    syn = request(family)
    onward, row = method.onward, method.row
    where = "the outer header has {} too" if method.overhead[family] else "{} stays"
    for tos, what in ((0xb8, "DSCP EF"), (0x02, "ECT(0)"), (0x03, "CE"), (0xff, "every bit of the traffic class")):
        yield row(where.format(what), family, [onward(request(family, tos=tos))])
    yield row("a VLAN tag stays in front", family, [onward(replace(syn, tags=(5,)))])
    yield row("two VLAN tags stay in front", family, [onward(replace(syn, tags=(5, 7)))])
    yield row("an odd number of bytes is carried", family, [onward(request(family, flags="PA", payload=b"odd"))])
    at = offset_of_ip(syn) + (20 if family == 4 else 40) + 16
    # Under gue over IPv6 the outer checksum stays that of the right inner one, so it is wrong by as much.
    yield row("a TCP checksum that comes in wrong stays as it is", family,
              [forward(checksum_broken(syn.frame(), at),
                       checksum_broken(method.leaving(syn), at + method.overhead[family]))])


def only_ipv4(method):
    onward, row, outer = method.onward, method.row, method.overhead[4]
    what = "the outer header has don't-fragment too" if outer else "don't-fragment stays"
    yield row(what, 4, [onward(request(4, dont_fragment=True))])
    what = "a packet that may be fragmented lends its identification" if outer else "the identification stays"
    yield row(what, 4, [onward(request(4, identification=0xbeef))])
    for checksum in (0xfefe, 0xfeff, 0xff00, 0xfffe):
        yield row(f"a header checksum of {checksum:#x} is right after the hop too", 4, [onward(with_header_checksum(checksum))])
    what = "IPv4 options stay inside" if outer else "IPv4 options stay"
    yield row(what, 4, [onward(request(4, ip_options=bytes.fromhex("94040000")))])


def with_header_checksum(wanted):
    """A segment whose IPv4 header has that checksum: the identification makes up for all else."""
    def of(packet):
        return int.from_bytes(bytes(packet.ip() / packet.transport())[10:12], "big")

    found = request(4, identification=(of(request(4, identification=0)) - wanted) % 0xffff)
    assert of(found) == wanted
    return found


def only_ipv6(method):
    what = "the outer header has the flow label too" if method.overhead[6] else "the flow label stays"
    yield method.row(what, 6, [method.onward(request(6, flow_label=0xabcde))])


def left_alone(method, family):
    """Core decides this before it asks a method; here it does so while the method is in force."""
    names = ADDRESSES[family]
    elsewhere = request(family, destination=names["client"])
    yield method.row("a packet for another address passes", family, [kept(elsewhere.frame(), "PASS_NO_LISTENER")])


def datagrams(method, family):
    """UDP goes the same way; what its length or checksum says is the backend's business."""
    onward, row = method.onward, method.row
    yield row(f"a datagram is {method.done}", family, [onward(query(family))])
    yield row("a second datagram follows the first", family, [onward(query(family)), onward(query(family, payload=b""))])
    yield row("a datagram of another port is another flow", family,
              [onward(query(family)), onward(query(family, source_port=40001))])
    yield row("a datagram on its last hop is not forwarded", family, [told(query(family, ttl=1), "time exceeded")])
    for tos, what in ((0xb9, "DSCP EF and ECT(1)"), (0x03, "CE")):
        yield row(f"{what} of a datagram is kept", family, [onward(query(family, tos=tos))])
    yield row("a datagram in a VLAN is sent in it", family, [onward(query(family, tags=(5,)))])
    yield row("a datagram without checksum stays without", family, [onward(query(family, checksum=False))])
    yield row("what follows a datagram in its packet goes along", family, [onward(query(family, surplus=b"extra"))])
    yield row("a datagram whose checksum comes out as zero says so by ones", family, [onward(summing_to_zero(family))])
    fits = 600 - method.overhead[family] - (28 if family == 4 else 48)
    yield row("a datagram that fills the MTU fits", family, [onward(query(family, payload=b"x" * fits))], mtu=600)
    yield row("a datagram that exceeds the MTU is not forwarded", family,
              [exceeding(query(family, payload=b"x" * (fits + 1)), 600 - method.overhead[family])], mtu=600)


def summing_to_zero(family):
    """A query whose UDP checksum is zero, which is written as 0xffff: a word of payload makes up for all else."""
    checksum = bytes(query(family, payload=b"\0\0").packet())[-4:-2]
    return query(family, payload=checksum)


def flows(method, family):
    """Under gue the source port tells flows apart, and TCP options or data, which the outer checksum must cover, do not."""
    for port in (1, 40001, 65535):
        yield method.row(f"the flow of client port {port} has a source port of its own", family,
                         [method.onward(request(family, source_port=port)),
                          method.onward(request(family, source_port=port, flags="PA", payload=bytes(range(255))))])
    options = (("MSS", 1460), ("NOP", None), ("WScale", 7))
    yield method.row("TCP options are carried", family, [method.onward(request(family, tcp_options=options))])
    if family == 6:
        yield method.row("an outer checksum that comes out as zero says so by ones", 6, [method.onward(outer_summing_to_zero())])


def outer_summing_to_zero():
    """A segment with the flow label, which the outer checksum covers, that makes up for all else."""
    checksum = int.from_bytes(in_udp(request(6, flow_label=1))[14 + 40 + 6:][:2], "big")
    found = request(6, flow_label=1 + checksum)
    assert in_udp(found)[14 + 40 + 6:][:2] == b"\xff\xff"
    return found


def all_rows(name):
    method = METHODS[name]
    for family in (4, 6):
        for part in (conversations, limits, carried):
            yield from part(method, family)
    yield from only_ipv4(method)
    yield from only_ipv6(method)
    for family in (4, 6):
        yield from left_alone(method, family)
        yield from datagrams(method, family)
        if name != "l2":
            yield from rows_crossed.all_rows(method, family)
        if name == "gue":
            yield from flows(method, family)
