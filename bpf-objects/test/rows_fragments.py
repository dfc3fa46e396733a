"""
Rows of fragments, both families: the first goes by its ports, the later ones follow it; what is tiny, overlaps or cannot be is
dropped (RFC 791, 815, 1858, 3128, 5722, 6946, 7112, 8200).
"""

from dataclasses import replace

from scapy.layers.inet6 import IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop

from errors import exceeding, told
from rows import Row, forward, kept, reply
from rows_core import ipv4_summed, with_byte, with_word
from rows_direct import METHODS
from rows_headers import padded
from world import (ADDRESSES, CLIENT_PORT, answer, checksum_broken, offset_of_ip, request, translated, translated_back,
                   translated_keeping)

LONGEST = 65535  # bytes of a packet's payload, with a UDP header
SIZES = (0, 32, 64)  # of pieces, which begin there; the last goes to the end
BODY = bytes(range(97, 97 + 26)) * 3


def question(family, **more):
    return request(family, **{"protocol": 17, "payload": BODY, "identification": 4242, **more})


def response(family, **more):
    return answer(family, **{"protocol": 17, "payload": BODY[::-1], "identification": 2424, **more})


def segment(family, **more):
    return request(family, **{"flags": "S", "payload": BODY, "identification": 777, **more})


def pieces(packet, *begins):
    begins = begins or SIZES
    return [replace(packet, piece=(begin, end)) for begin, end in zip(begins, (*begins[1:], None))]


class Ways:
    """How the fragments of a packet leave under a method, and what a row of it is."""

    def __init__(self, name):
        self.name = name
        self.onward = METHODS[name].onward if name in METHODS else lambda packet: forward(packet.frame(), translated(packet).frame())

    def all(self, packets):
        return [self.onward(packet) for packet in packets]

    def row(self, name, family, *steps, **more):
        flat = [step for part in steps for step in (part if isinstance(part, list) else [part])]
        return Row(name, family, flat, **{"method": self.name, "options": ("udp",), **more})


WAYS = [Ways(name) for name in ("nat", *METHODS)]


def dropped(packet, reason):
    return kept(packet.frame(), f"DROP_FRAGMENT_{reason}")


def late(packet, verdict, kind, mtu=0):
    """Nothing is said by ICMP about a fragment without a transport header (RFC 1122 3.2.2); ICMPv6 knows no such rule."""
    return kept(packet.frame(), verdict) if packet.family == 4 else told(packet, kind, mtu)


def followed(way, family):
    first, second, third = pieces(question(family))
    row, onward = way.row, way.onward
    yield row("RFC 791 section 3.2: the first fragment has the ports, and the others follow it", family, way.all((first, second, third)))
    yield row("later fragments may come in any order", family, way.all((first, third, second)))
    yield row("fragments of two packets of one client may come by turns", family,
              [onward(one) for pair in zip((first, second, third), pieces(question(family, identification=4243))) for one in pair])
    yield row("RFC 6864: an identification may be used again when its packet was whole", family,
              way.all((first, second, third)), way.all((first, third, second)), way.all((first, second, third)))
    tail = pieces(question(family), 0, 8)
    yield row("a first fragment of a UDP header alone is enough", family, way.all(tail))
    tagged = pieces(question(family, tags=(5, 7)))
    yield row("fragments keep their tags", family, way.all(tagged))
    yield row("RFC 3168 section 5.3: fragments keep DSCP and ECN, each its own", family,
              [onward(replace(one, tos=tos)) for one, tos in zip((first, second, third), (0xb8, 0xbb, 0xba))])
    yield row("RFC 1812 section 5.3.1: a later fragment on its last hop is dropped, and the others are not", family, onward(first),
              late(replace(second, ttl=1), "DROP_TTL", "time exceeded"), onward(third))
    parts = pieces(segment(family))
    yield row("RFC 1858: a TCP segment in fragments, with its whole header in the first", family, way.all(parts), options=())
    many = pieces(question(family, payload=BODY * 4), *range(0, 304, 16))
    yield row("nineteen fragments", family, way.all(many))
    yield row("nineteen fragments, backwards behind the first", family, way.all(many[:1] + many[:0:-1]))


def refused(way, family):
    first, second, third = pieces(question(family))
    row, onward = way.row, way.onward
    yield row("RFC 5722: a fragment that overlaps ends its packet", family, onward(first),
              dropped(replace(second, piece=(24, 64)), "OVERLAP"), dropped(second, "OVERLAP"), dropped(third, "OVERLAP"))
    yield row("RFC 5722: a fragment that overlaps a later one ends its packet", family, onward(first), onward(third),
              dropped(replace(second, piece=(32, 72)), "OVERLAP"), dropped(second, "OVERLAP"))
    yield row("RFC 5722: a fragment that covers a later one ends its packet", family, onward(first),
              onward(replace(third, piece=(64, 72))), dropped(replace(second, piece=(48, None)), "OVERLAP"))
    yield row("RFC 8200 section 4.5: a duplicate is not sent twice, and ends nothing", family, onward(first), onward(second),
              dropped(second, "OVERLAP"), dropped(first, "OVERLAP"), onward(third))
    yield row("RFC 8200 section 4.5: nor is a duplicate behind a gap", family, onward(first), onward(third),
              dropped(third, "OVERLAP"), onward(second))
    yield row("RFC 1858 section 3.2: the header cannot be written anew by a fragment inside it", family, onward(first),
              dropped(replace(first, piece=(8, 16)), "OVERLAP"), onward(second))
    yield row("RFC 5722: another first fragment, of another length, ends the packet", family, onward(first),
              dropped(replace(first, piece=(0, 40)), "OVERLAP"), dropped(second, "OVERLAP"))
    yield row("a fragment that touches two pieces joins them", family, onward(first), onward(replace(third, piece=(64, 72))),
              onward(second), dropped(replace(third, piece=(56, 80)), "OVERLAP"))
    yield row("RFC 791 section 3.2: a fragment that ends within 8 bytes is followed by nothing", family, onward(first),
              dropped(replace(second, piece=(32, 63)), "LENGTH"), dropped(replace(first, piece=(0, 33)), "LENGTH"), onward(second))
    yield row("RFC 8200 section 4.5: a packet of more than 65535 bytes is none", family, onward(first),
              kept(beyond(replace(second, piece=(32, 40))), "DROP_FRAGMENT_LENGTH"), kept(beyond(second), "DROP_FRAGMENT_LENGTH"))
    yield row("RFC 791 section 3.2: a fragment without a byte is none", family, onward(first),
              dropped(replace(second, piece=(32, 32)), "LENGTH"), onward(second))
    cut = second.frame()[:-1]
    yield row("a frame that ends inside a fragment is dropped", family, onward(first), kept(cut, "DROP_BAD_LENGTH"), onward(second))
    parts = pieces(segment(family))
    overhead = METHODS[way.name].overhead[family] if way.name in METHODS else 0
    fits = len(parts[0].frame()) - 14 + overhead
    yield row("the MTU limits fragments one by one", family, way.all(parts[:2]), mtu=fits, options=())
    yield row("a fragment that exceeds the MTU is not forwarded", family, exceeding(parts[0], fits - 1 - overhead), mtu=fits - 1, options=())
    for end in (8, 16):
        yield row(f"RFC 1858 section 3: a first fragment of {end} bytes of TCP is tiny", family,
                  dropped(replace(segment(family), piece=(0, end)), "TINY"), options=())
    optioned = segment(family, tcp_options=(("MSS", 1460), ("NOP", None), ("WScale", 7)))
    yield row("RFC 1858 section 3: a first fragment that ends inside TCP's options is tiny", family,
              dropped(replace(optioned, piece=(0, 24)), "TINY"), options=())
    parts = pieces(segment(family), 0, 24, 48)
    yield row("RFC 3128: a fragment of TCP that begins at byte 8 writes over flags", family, onward(parts[0]),
              dropped(replace(parts[0], piece=(8, 24)), "OVERLAP"), onward(parts[1]), options=())


def beyond(fragment):
    """The fragment at the largest offset there is, which its bytes exceed."""
    frame, l3 = fragment.frame(), offset_of_ip(fragment)
    if fragment.family == 4:
        return ipv4_summed(with_word(frame, l3 + 6, 0x1fff))
    return with_word(frame, l3 + 42, 0xfff8)


def apart(way, family):
    """What makes fragments those of one packet."""
    first, second, third = pieces(question(family))
    row, onward = way.row, way.onward
    yield row("a fragment of another identification is not of this packet", family, onward(first),
              dropped(replace(second, identification=4241), "UNKNOWN"), onward(second))
    other = str(ADDRESSES[family]["client"])[:-1] + "8"
    yield row("a fragment of another client is not of this packet", family, onward(first),
              dropped(replace(second, source=other), "UNKNOWN"), onward(second))
    yield row("a fragment before its first is dropped, and the first begins anew", family, dropped(second, "UNKNOWN"),
              dropped(third, "UNKNOWN"), way.all((first, second, third)))
    yield row("the others of a first fragment that was dropped are dropped", family,
              told(replace(first, ttl=1), "time exceeded"), dropped(second, "UNKNOWN"))
    elsewhere = pieces(question(family, destination=ADDRESSES[family]["loom"]))
    yield row("fragments to another address pass, in any order", family,
              [kept(elsewhere[0].frame(), "PASS_NO_LISTENER")] + [kept(one.frame(), "PASS_FRAGMENT") for one in elsewhere[:0:-1]],
              [kept(one.frame(), "PASS_FRAGMENT") for one in pieces(question(family, destination=ADDRESSES[family]["loom"],
                                                                             identification=4))[1:]])
    ports = pieces(question(family, destination_port=81))
    yield row("fragments to another port of the vip pass, once their first has", family, dropped(ports[1], "UNKNOWN"),
              kept(ports[0].frame(), "PASS_NO_LISTENER"), [kept(one.frame(), "PASS_FRAGMENT") for one in ports[1:]])
    strange = [protocol_changed(one, 132) for one in (first, second)]
    yield row("fragments of another protocol to the vip pass, once their first has", family,
              kept(strange[1], "DROP_FRAGMENT_UNKNOWN"), kept(strange[0], "PASS_FRAGMENT"),
              kept(strange[1], "PASS_FRAGMENT"))


def protocol_changed(fragment, number):
    frame, l3 = fragment.frame(), offset_of_ip(fragment)
    if fragment.family == 4:
        return ipv4_summed(with_byte(frame, l3 + 9, number))
    return with_byte(frame, l3 + 40, number)


def only_ipv4(way):
    first, second, third = pieces(question(4))
    row, onward = way.row, way.onward
    yield row("RFC 791 section 3.2: a fragment of another protocol is not of this packet", 4, onward(first),
              kept(protocol_changed(second, 6), "DROP_FRAGMENT_UNKNOWN"), onward(second))
    yield row("a wrong header checksum of any fragment to a vip is dropped", 4, kept(checksum_broken(first.frame(), 24), "DROP_BAD_CHECKSUM"),
              onward(first), kept(checksum_broken(second.frame(), 24), "DROP_BAD_CHECKSUM"), onward(second))
    optioned = pieces(question(4, ip_options=bytes.fromhex("94040000")))
    yield row("RFC 791: fragments with options", 4, way.all(optioned))
    yield row("RFC 791: a later fragment need not have the first one's options", 4, onward(optioned[0]), onward(second), onward(third))
    whole = question(4, dont_fragment=True)
    yield row("don't-fragment alone makes no fragment", 4, onward(whole))


def only_ipv6(way):
    row, onward = way.row, way.onward
    hop, options = IPv6ExtHdrHopByHop(), IPv6ExtHdrDestOpt()
    yield row("RFC 8200 section 4.5: fragments with headers in front", 6, way.all(pieces(question(6, extensions=(hop,)))))
    yield row("RFC 8200 section 4.5: fragments with headers behind", 6, way.all(pieces(question(6, fragmentable=(options,)))))
    longest = pieces(question(6, payload=bytes(LONGEST - 8)), 0, 32, LONGEST // 8 * 8)
    yield row("RFC 8200 section 4.5: a packet may end with byte 65535", 6, way.all((longest[0], longest[2])))
    first, second, third = pieces(question(6))
    yield row("RFC 8200 section 4.5: the next header of a later fragment is not read", 6, onward(first),
              changed_next(way, second, 59), onward(third))
    chain = replace(question(6, fragmentable=(padded(40),)), piece=(0, 32))
    yield row("RFC 7112: a first fragment that ends inside the header chain is tiny", 6, dropped(chain, "TINY"))
    ends = replace(question(6, fragmentable=(options,)), piece=(0, 8))
    yield row("RFC 7112: a first fragment that ends before the transport header is tiny", 6, dropped(ends, "TINY"))
    atomic = question(6, extensions=(IPv6ExtHdrFragment(id=4242),))
    yield row("RFC 6946: an atomic fragment has nothing to do with fragments of its identification", 6, onward(first),
              onward(atomic), onward(second), onward(third), onward(atomic))
    both = replace(first, extensions=(hop, IPv6ExtHdrFragment(id=9, m=1)))
    yield row("a fragment of a fragment is not followed", 6, kept(both.frame(), "PASS_EXTENSION_HEADER"))


def changed_next(way, fragment, number):
    """The byte in the fragment header, which leaves as it came."""
    step = way.onward(fragment)
    at = step.out.rindex(fragment.frame()[54:58])  # behind that the identification
    return forward(protocol_changed(fragment, number), with_byte(step.out, at, number))


def backward(packet):
    return reply(packet.frame(), translated_back(packet).frame())


def replies(family):
    """Only nat sees them."""
    nat = WAYS[0]
    asked = nat.onward(question(family, payload=b"a question"))
    first, second, third = pieces(response(family))
    yield nat.row("RFC 3022 section 6.3: an answer in fragments comes from the vip", family, asked,
                  [backward(one) for one in (first, second, third)])
    yield nat.row("an answer's later fragments may come in any order", family, asked, [backward(one) for one in (first, third, second)])
    yield nat.row("question and answer in fragments, by turns", family,
                  [step for one, other in zip(pieces(question(family)), (first, second, third)) for step in (nat.onward(one), backward(other))])
    yield nat.row("an answer's fragments that overlap end it", family, asked, backward(first),
                  dropped(replace(second, piece=(24, 64)), "OVERLAP"), dropped(third, "OVERLAP"))
    yield nat.row("an answer's later fragment before its first is left to the local stack", family, asked,
                  kept(second.frame(), "PASS_FRAGMENT"), backward(first), backward(second))
    yield nat.row("an answer's later fragment on its last hop is dropped", family, asked, backward(first),
                  kept(replace(second, ttl=1).frame(), "DROP_TTL"))
    yield nat.row("an answer's fragments keep tags", family, asked, [backward(one) for one in pieces(response(family, tags=(5, 7)))])
    yield nat.row("RFC 768: fragments of an answer without a checksum stay without", family, asked,
                  [backward(one) for one in pieces(response(family, checksum=False))])
    if family == 6:
        yield nat.row("RFC 8200 section 4.5: an answer's fragments with headers behind are of its protocol all the same", 6, asked,
                      [backward(one) for one in pieces(response(6, fragmentable=(IPv6ExtHdrDestOpt(),)))])
    syn = nat.onward(segment(family, payload=b""))
    parts = pieces(answer(family, flags="SA", payload=BODY, identification=99))
    yield nat.row("RFC 3022 section 6.3: a TCP answer in fragments comes from the vip", family, syn, [backward(one) for one in parts],
                  options=())
    yield nat.row("RFC 1858: a tiny first fragment from a backend is left to the local stack", family, syn,
                  kept(replace(parts[0], piece=(0, 16)).frame(), "PASS_FRAGMENT"), options=())
    at = offset_of_ip(first) + (20 if family == 4 else 48) + 6
    yield nat.row("a checksum that comes in wrong in a first fragment stays wrong by as much", family,
                  broken(nat.onward(pieces(question(family))[0]), at), nat.onward(pieces(question(family))[1]))
    keeping = [replace(one, destination=ADDRESSES[family]["client"], destination_port=CLIENT_PORT) for one in (first, second, third)]
    kept_request = [translated_keeping(one) for one in pieces(question(family))]
    yield Row("fragments of a client that keeps its address, both ways", family,
              [forward(one.frame(), out.frame()) for one, out in zip(pieces(question(family)), kept_request)]
              + [reply(one.frame(), translated_back(back).frame()) for one, back in zip(keeping, (first, second, third))],
              options=("udp", "keep"))


def broken(step, at):
    return forward(checksum_broken(step.frame, at), checksum_broken(step.out, at))


def all_rows():
    for way in WAYS:
        for family in (4, 6):
            for part in (followed, refused, apart):
                yield from part(way, family)
        yield from only_ipv4(way)
        yield from only_ipv6(way)
    for family in (4, 6):
        yield from replies(family)
