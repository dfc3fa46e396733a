"""Rows of ipip and gue for what only a packet inside another one meets: a backend of the other family, sources by flow."""

from errors import exceeding, told
from rows import forward, kept
from world import Way, checksum_broken, offset_of_ip, query, request

GET = b"GET / HTTP/1.0\r\n\r\n"


def conversations(method, family, way):
    to = f"to an IPv{way.family} backend"

    def row(name, *packets):
        return method.row(f"{name} {to}", family, [method.onward(packet, way) for packet in packets], way=way)

    yield row("the first packet is encapsulated", request(family))
    yield row("the second packet follows the first", request(family), request(family, flags="PA", payload=GET))
    yield row("a connection is followed to its end", request(family), request(family, flags="A"),
              request(family, flags="FA"), request(family, flags="R"))
    yield row("a datagram is encapsulated", query(family))
    yield row("a datagram without payload is encapsulated", query(family, payload=b""))
    yield row("an odd number of bytes is carried", request(family, flags="PA", payload=b"odd"), query(family, payload=b"odd"))
    yield row("one VLAN tag stays in front, and the type is the outer header's,", request(family, tags=(5,)))
    yield row("two VLAN tags stay in front, and the type is the outer header's,", query(family, tags=(5, 7)))
    for tos, what in ((0x01, "ECT(1)"), (0x02, "ECT(0)"), (0x03, "CE"), (0xb8, "DSCP EF"), (0xff, "every bit")):
        yield row(f"{what} of the traffic class is copied", request(family, tos=tos))
    yield row("TCP options are carried", request(family, tcp_options=(("MSS", 1460), ("NOP", None), ("WScale", 7))))
    yield row("a datagram without checksum is carried", query(family, checksum=False))
    yield row("what follows a datagram in its packet is carried", query(family, surplus=b"extra"))
    yield row("the largest client port is encapsulated", request(family, source_port=65535), query(family, source_port=65535))
    yield row("two hops left leave one", request(family, ttl=2))
    yield row("the most hops left leave one less", request(family, ttl=255))


def limits(method, family, way):
    """The MTU counts the outer header, which is that of the backend's family."""
    outer, headers = method.overhead[way.family], 20 if family == 4 else 40
    to = f"to an IPv{way.family} backend"
    for make, transport, what in ((request, 20, "segment"), (query, 8, "datagram")):
        fits = b"x" * (600 - outer - headers - transport)
        yield method.row(f"a {what} that fills the MTU {to} fits", family, [method.onward(make(family, payload=fits), way)],
                         mtu=600, way=way)
        yield method.row(f"a {what} that exceeds the MTU {to} is not forwarded", family,
                         [exceeding(make(family, payload=fits + b"x"), 600 - outer)], mtu=600, way=way)
        yield method.row(f"a {what} on its last hop {to} is not forwarded", family,
                         [told(make(family, ttl=1), "time exceeded")], way=way)


def wrong_checksums(method, family, way):
    """They stay as they are; the outer checksum of gue over IPv6, which is derived from a right one, is wrong by as much."""
    for packet, at, what in ((request(family), 16, "TCP"), (query(family), 6, "UDP")):
        at += offset_of_ip(packet) + (20 if family == 4 else 40)
        yield method.row(f"a wrong {what} checksum stays as it is to an IPv{way.family} backend", family,
                         [forward(checksum_broken(packet.frame(), at),
                                  checksum_broken(method.leaving(packet, way), at + method.overhead[way.family]))], way=way)


def only_ipv4(method, way):
    options = bytes.fromhex("94040000") * 3
    for make, what in ((request, "a segment"), (query, "a datagram")):
        yield method.row(f"{what} with IPv4 options goes into IPv6 with them", 4, [method.onward(make(4, ip_options=options), way)],
                         way=way)
    yield method.row("don't-fragment and identification stay inside IPv6", 4,
                     [method.onward(request(4, dont_fragment=True, identification=0xbeef), way)], way=way)
    yield method.row("flows of IPv4 have flow labels of their own in IPv6", 4,
                     [method.onward(request(4, source_port=port), way) for port in range(40010, 40014)], way=way)


def only_ipv6(method, way):
    yield method.row("a flow label stays inside IPv4", 6, [method.onward(request(6, flow_label=0xabcde), way)], way=way)
    yield method.row("the smallest and the largest flow label go into the outer header", 6,
                     [method.onward(request(6, flow_label=label)) for label in (1, 0xfffff)])
    yield method.row("flows without a label get one each", 6,
                     [method.onward(request(6, source_port=port)) for port in range(40010, 40014)])


def sources(method, family):
    """`entropy` is the host part of a source prefix, at most its last 32 bits."""
    for outer in (4, 6):
        for entropy in (0xffff, 0xff, 0xffffffff) if outer == 6 else (0xffff, 0xff, 1):
            way = Way(outer, entropy)
            packets = (request(family), request(family, flags="PA", payload=GET), request(family, source_port=40001),
                       query(family), query(family, tos=3, tags=(5,)))
            yield method.row(f"flows to an IPv{outer} backend have sources of their own in the last bits {entropy:#x}", family,
                             [method.onward(packet, way) for packet in packets], way=way)


def all_rows(method, family):
    way = Way(10 - family)
    for part in (conversations, limits, wrong_checksums):
        yield from part(method, family, way)
    yield from (only_ipv4 if family == 4 else only_ipv6)(method, way)
    yield from sources(method, family)
