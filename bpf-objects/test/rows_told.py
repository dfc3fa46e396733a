"""Rows of ICMP errors that Loom sends itself: about packets for a vip that are too big for their way, or out of hops."""

from dataclasses import replace

from scapy.layers.inet6 import IPv6ExtHdrDestOpt

import rows_direct
from errors import from_client_side, told
from rows import Row, forward, kept
from world import (ADDRESSES, SAME, Way, answer, as_datagram, query, request, translated)


def nat_leaving(packet, way=SAME):
    return translated(packet).frame()


# Method, family of the backend (0: the vip's), what leaves, and by family of the backend what it grows by.
WAYS = [("nat", 0, nat_leaving, {4: 0, 6: 0})] + [
    (name, crossed, method.leaving, method.overhead)
    for name, method in rows_direct.METHODS.items() for crossed in ((0, 1) if name != "l2" else (0,))]

RULE = {4: "RFC 1191 3", 6: "RFC 8201 4"}
HEADERS = {4: 40, 6: 60}


def of_size(family, size, **more):
    """A segment that makes an IP packet of so many bytes, which may not be fragmented."""
    payload = (bytes(range(256)) * 6)[:size - HEADERS[family]]
    return request(family, flags="PA", payload=payload, dont_fragment=family == 4, **more)


def too_big(family):
    for method, crossed, leaving, overheads in WAYS:
        backend = 10 - family if crossed else family
        overhead = overheads[backend]
        way = Way(backend) if crossed else SAME
        to = f" to an IPv{backend} backend" if crossed else ""

        def row(name, mtu, *steps):
            return Row(name + to, family, list(steps), method=method, mtu=mtu, backend_family=way.family)

        opened = forward(request(family).frame(), leaving(request(family), way))
        fits = of_size(family, 1500 - overhead)
        yield row(f"a packet that exceeds the MTU is answered with what fits ({RULE[family]})", 1500, opened,
                  told(of_size(family, 1501 - overhead), "too big", 1500 - overhead), forward(fits.frame(), leaving(fits, way)))
        yield row(f"so is a jumbo frame ({RULE[family]})", 1500, opened, told(of_size(family, 1576), "too big", 1500 - overhead))
        datagram = as_datagram(of_size(family, 1501), payload=b"x" * 1473)
        datagram = replace(datagram, destination_port=53, dont_fragment=family == 4)
        yield row(f"so is a datagram ({RULE[family]})", 1500, told(datagram, "too big", 1500 - overhead))
        least = 68 if family == 4 else 1280
        small = of_size(family, least + 100)
        yield row(f"the least MTU that there can be is told ({'RFC 791 3.2' if family == 4 else 'RFC 8200 5'})", least + overhead, opened,
                  told(small, "too big", least))
        yield row(f"less is told to nobody ({'RFC 791 3.2' if family == 4 else 'RFC 8201 4'})", least + overhead - 1, opened,
                  kept(small.frame(), "DROP_TOO_BIG"))
        if family == 4:
            may = replace(of_size(4, 1501 - overhead), dont_fragment=False)
            yield row("one that may be fragmented is told as well, since nobody here fragments it (RFC 1812 5.2.7.1)", 1500, opened,
                      told(may, "too big", 1500 - overhead))
        if overhead:
            yield row(f"an MTU below the outer header is told to nobody ({RULE[family]})", overhead, kept(request(
                family, dont_fragment=family == 4).frame(), "DROP_TOO_BIG"))


def fragments(family):
    """A sender who fragments learns what its fragments may be; of IPv4 by the first one, which alone may be answered."""
    rule = "RFC 1122 3.2.2" if family == 4 else "RFC 4443 3.2"
    headers = 20 if family == 4 else 48
    for method, crossed, leaving, overheads in WAYS:
        backend = 10 - family if crossed else family
        fits, way = 1500 - overheads[backend], Way(backend) if crossed else SAME
        to = f" to an IPv{backend} backend" if crossed else ""

        def row(name, *steps):
            return Row(f"{name}{to} ({rule})", family, list(steps), method=method, backend_family=way.family, options=("udp",))

        def pieces(*begins, **more):
            whole = request(family, protocol=17, payload=bytes(range(256)) * 16, identification=4242, **more)
            return [replace(whole, piece=(begin, end)) for begin, end in zip(begins, (*begins[1:], None))]

        most = (fits - headers) // 8 * 8
        first, second, last = pieces(0, most + 8, 2 * most + 16)
        yield row("a first fragment that is too big: its sender is told", told(first, "too big", fits),
                  late(second, "DROP_FRAGMENT_UNKNOWN"), late(last, "DROP_FRAGMENT_UNKNOWN"))
        first, second, last = pieces(0, most, 2 * most + 8)
        yield row("a later fragment that is too big", forward(first.frame(), leaving(first, way)),
                  late(second, "DROP_TOO_BIG", None if family == 4 else fits), forward(last.frame(), leaving(last, way)))
        first = pieces(0, most + 8, tags=(5, 7))[0]
        yield row("a fragment in two VLANs: the error stays there", told(first, "too big", fits))
        if family == 6:
            first = pieces(0, most, extensions=(IPv6ExtHdrDestOpt(),))[0]
            yield row("a fragment behind an extension header is quoted from the first byte", told(first, "too big", fits))


def late(packet, verdict, fits=None):
    return kept(packet.frame(), verdict) if fits is None else told(packet, "too big", fits)


def quotes(family):
    """As much of the packet as there is room for."""
    room, rule = (548, "RFC 1812 4.3.2.3") if family == 4 else (1232, "RFC 4443 2.4 c")
    for size, what in ((room - 1, "one byte less than there is room for"), (room, "as much as there is room for"),
                       (room + 1, "one byte more"), (HEADERS[family], "a header alone")):
        yield Row(f"of a packet, {what}, is quoted ({rule})", family, [told(of_size(family, size, ttl=1), "time exceeded")],
                  method="l2")
    for size in (1, 2, 3):
        short = of_size(family, HEADERS[family] + size, ttl=1)
        yield Row(f"{size} bytes of payload are quoted and summed ({rule})", family, [told(short, "time exceeded")], method="l2")
    padded = request(family, ttl=1)
    step = told(padded, "time exceeded")
    yield Row(f"Ethernet padding is not quoted ({rule})", family, [replace(step, frame=step.frame + b"\xa5" * 20)])
    for tags, what in (((5,), "a VLAN"), ((5, 7), "two VLANs")):
        yield Row(f"an error stays in {what} (IEEE 802.1Q)", family,
                  [told(request(family, ttl=1, tags=tags), "time exceeded"),
                   told(of_size(family, 1501, tags=tags), "too big", 1500)], method="l2")


def out_of_hops(family):
    rule = "RFC 1812 5.3.1" if family == 4 else "RFC 4443 3.3"
    for ttl in (0, 1):
        yield Row(f"{ttl} hops left: time exceeded ({rule})", family, [told(request(family, ttl=ttl), "time exceeded")], method="ipip")
    yield Row(f"a datagram without hops: time exceeded ({rule})", family, [told(query(family, ttl=1), "time exceeded")], method="gue")
    yield Row(f"out of hops is told before too big ({rule})", family,
              [told(of_size(family, 1501, ttl=1), "time exceeded")], method="l2")
    yield Row(f"the traffic class does not matter ({rule})", family, [told(request(family, ttl=1, tos=0xbb), "time exceeded")])
    if family == 4:
        yield Row("one that may not be fragmented as well (RFC 1812 5.3.1)", 4, [told(request(4, ttl=1, dont_fragment=True), "time exceeded")])
        yield Row("options are quoted (RFC 1812 4.3.2.3)", 4,
                  [told(request(4, ttl=1, ip_options=bytes.fromhex("94040000")), "time exceeded")])


def told_nobody(family):
    """Senders that are none, or many (RFC 1812 4.3.2.7, RFC 4443 2.4 e)."""
    rule = "RFC 1812 4.3.2.7" if family == 4 else "RFC 4443 2.4 e"
    big = of_size(family, 1501)

    def row(name, verdict=None, **change):
        dead, large = replace(request(family, ttl=1), **change), replace(big, **change)
        return Row(f"{name} ({rule})", family, [kept(dead.frame(), verdict or "DROP_TTL"),
                                                kept(large.frame(), verdict or "DROP_TOO_BIG")], method="l2")

    for source in {4: ("0.1.2.3", "127.0.0.1", "224.0.0.5", "255.255.255.255"), 6: ("::", "::1", "ff02::5")}[family]:
        yield row(f"{source} is told nothing", "DROP_MARTIAN", source=source)
    yield row("nor is the vip itself", "DROP_MARTIAN", source=ADDRESSES[family]["vip"])
    yield row("nothing is said about a frame to everybody", "DROP_LINK_BROADCAST", destination_mac="ff:ff:ff:ff:ff:ff")
    yield row("nor about one from a group", source_mac="01:00:5e:00:00:01")
    seen = replace(answer(family, flags="PA", payload=b"x" * 1500), source=ADDRESSES[family]["vip"], source_port=80,
                   destination=ADDRESSES[family]["client"], destination_port=40000)
    error = from_client_side(seen, octets=1500)
    yield Row(f"nothing is said about an ICMP error that is too big, or out of hops ({rule})", family,
              [kept(error.frame(), "DROP_TOO_BIG"), kept(replace(error, ttl=1).frame(), "DROP_TTL")], method="ipip")


def all_rows():
    for family in (4, 6):
        for part in (too_big, fragments, quotes, out_of_hops, told_nobody):
            yield from part(family)
