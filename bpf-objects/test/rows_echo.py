"""Rows of echo requests to vips: which are answered and how, which are dropped, which are left to the local stack."""

from dataclasses import dataclass, replace

from scapy.layers.inet import ICMP, IP
from scapy.layers.inet6 import ICMPv6EchoReply, ICMPv6EchoRequest
from scapy.packet import Raw

from rows import Row, Step, kept
from rows_core import ipv4_summed, with_byte, with_word
from world import ADDRESSES, CLIENT_MAC, LOOM_MAC, Packet, checksum_broken, offset_of_ip

DATA = bytes(range(56))  # what ping sends


@dataclass(frozen=True)
class Echo(Packet):
    """A request, or its reply. Ports are those of nobody."""

    source_port: int = 0
    destination_port: int = 0
    source_mac: str = CLIENT_MAC
    destination_mac: str = LOOM_MAC
    payload: bytes = DATA
    reply: bool = False
    number: int = 7
    sequence: int = 1
    code: int = 0

    def transport(self):
        if self.family == 4:
            header = ICMP(type=0 if self.reply else 8, code=self.code, id=self.number, seq=self.sequence)
        else:
            header = (ICMPv6EchoReply if self.reply else ICMPv6EchoRequest)(code=self.code, id=self.number, seq=self.sequence)
        return header / Raw(self.payload)


def ping(family, **more):
    """From the client to the vip."""
    names = ADDRESSES[family]
    return Echo(family, **{"source": names["client"], "destination": names["vip"], **more})


def pong(request):
    """What must leave: addresses change places, the answer has all its hops before it."""
    return replace(request, source=request.destination, destination=request.source, source_mac=request.destination_mac,
                   destination_mac=request.source_mac, ttl=64, reply=True)


def answered(request):
    return Step(request.frame(), "ECHO", pong(request).frame())


def rule(family):
    return "RFC 792" if family == 4 else "RFC 4443 4.2"


def checksum_offset(request):
    return offset_of_ip(request) + (20 if request.family == 4 else 40) + 2


def answers(family):
    yield Row(f"ping of a vip is answered ({rule(family)})", family, [answered(ping(family))])
    for size in (0, 1, 2, 3, 55, 57, 1300, 1472 if family == 4 else 1452):
        payload = (bytes(range(256)) * 6)[:size]
        yield Row(f"{size} bytes of data come back ({rule(family)})", family, [answered(ping(family, payload=payload))])
    for tags, what in (((5,), "a VLAN"), ((5, 7), "two VLANs")):
        yield Row(f"the answer stays in {what} (IEEE 802.1Q)", family, [answered(ping(family, tags=tags))])
    yield Row("the answer has the traffic class of the question (RFC 1349 5.1)", family, [answered(ping(family, tos=0xb8))])
    for ttl in (1, 255):
        yield Row(f"a question with {ttl} hops left is at its destination; the answer has 64 (RFC 1812 4.2.2.9)", family,
                  [answered(ping(family, ttl=ttl))])
    padded = ping(family, payload=b"")
    yield Row("Ethernet padding is neither summed nor changed (RFC 1042)", family,
              [Step(padded.frame() + b"\xa5" * 18, "ECHO", pong(padded).frame() + b"\xa5" * 18)])
    yield Row("questions of one after the other are answered each (RFC 1122 3.2.2.6)", family,
              [answered(ping(family, number=number)) for number in range(3)])


def sums(family):
    """Checksums at which a carry is lost by who forgets it."""
    for wanted in (0x0000, 0xf7ff, 0xf800, 0xfeff, 0xff00, 0xfffe):
        yield Row(f"a checksum of {wanted:#06x} is updated to that of the answer (RFC 1624)", family,
                  [answered(with_checksum(family, wanted))])


def with_checksum(family, wanted):
    """A ping whose identifier makes its checksum come out as wanted."""
    def of(number):
        request = ping(family, number=number)
        return int.from_bytes(request.frame()[checksum_offset(request):][:2], "big")

    # Complements on both sides: each adds to the sum what the identifier adds.
    number = (of(0) - wanted) % 0xffff
    assert of(number) in (wanted, wanted ^ 0xffff if wanted in (0, 0xffff) else wanted)
    return ping(family, number=number)


def zeros():
    """RFC 1071: the ones' complement sum of nothing is zero, whose complement is 0xffff; RFC 1624's update would say 0, which does not sum up."""
    for size in (0, 1, 56):
        request = replace(ping(4, payload=bytes(size), number=0), sequence=0)
        step = answered(request)
        assert step.out[36:38] == b"\xff\xff"
        yield Row(f"an answer of {size} zeros has the checksum 0xffff (RFC 1071)", 4, [step])
    for number in (0, 0xffff):
        yield Row(f"identifier {number:#06x}, and zeros (RFC 1071)", 4, [answered(replace(ping(4, payload=bytes(8), number=number), sequence=0))])
        yield Row(f"identifier {number:#06x}, and zeros (RFC 4443 2.3)", 6, [answered(replace(ping(6, payload=bytes(8), number=number), sequence=0))])


def refused(family):
    request = ping(family, payload=DATA + b"!")
    frame, at = request.frame(), checksum_offset(request)
    yield Row("a wrong checksum is not answered (RFC 1122 3.2.2)", family, [kept(checksum_broken(frame, at), "DROP_BAD_CHECKSUM")])
    yield Row("nor is data that came wrong, its last odd byte included (RFC 1071)", family,
              [kept(with_byte(frame, len(frame) - 1, 0x20), "DROP_BAD_CHECKSUM"),
               kept(with_byte(frame, len(frame) - 3, 0x20), "DROP_BAD_CHECKSUM"),
               kept(with_byte(frame, at + 2, 0x20), "DROP_BAD_CHECKSUM")])
    length_at, full = (16, 20 + 8 + 57) if family == 4 else (18, 8 + 57)

    def claiming(length):
        changed = with_word(frame, length_at, length)
        return ipv4_summed(changed) if family == 4 else changed

    what = "RFC 791 3.1" if family == 4 else "RFC 8200 3"
    yield Row(f"a length beyond the frame is not answered ({what})", family,
              [kept(claiming(full + 1), "DROP_BAD_LENGTH"), kept(claiming(65535), "DROP_BAD_LENGTH")])
    yield Row(f"nor is one that ends inside the ICMP header ({what})", family,
              [kept(claiming(full - 57 - 1), "DROP_BAD_LENGTH"), kept(claiming(0), "DROP_BAD_LENGTH")])


def passing(family):
    def passes(request):
        return kept(request.frame(), "PASS_OTHER_PROTOCOL")

    names = ADDRESSES[family]
    elsewhere = ping(family, destination=names["loom"])
    yield Row("ping of an address that is no vip passes (RFC 1122 3.2.2.6)", family, [passes(elsewhere)])
    yield Row(f"an echo reply passes ({rule(family)})", family, [passes(ping(family, reply=True))])
    yield Row(f"a code other than 0 is no echo request ({rule(family)})", family, [passes(ping(family, code=1))])
    yield Row("nobody is answered at the vip itself (RFC 1122 3.2.1.3)", family, [passes(ping(family, source=names["vip"]))])
    unsound = {4: ("0.0.0.1", "127.0.0.1", "224.0.0.1", "239.1.2.3", "255.255.255.255"),
               6: ("::", "::1", "ff02::1", "ff0e::1")}[family]
    what = "RFC 1122 3.2.2" if family == 4 else "RFC 4443 2.4 e"
    for source in unsound:
        yield Row(f"nobody is answered at {source} ({what})", family, [passes(ping(family, source=source))])
    for source in {4: ("1.0.0.1", "126.255.255.255", "128.0.0.1", "223.255.255.255"), 6: ("fe80::1", "1::", "0:0:1::")}[family]:
        yield Row(f"a sender at {source} is answered ({rule(family)})", family, [answered(ping(family, source=source))])
    for mac in ("ff:ff:ff:ff:ff:ff", "33:33:00:00:00:01"):
        yield Row(f"a frame to {mac} is not answered (RFC 1122 3.2.2)", family,
                  [passes(ping(family, destination_mac=mac)), passes(ping(family, source_mac=mac))])
    frame = ping(family).frame()
    for kind, name in {4: ((13, "timestamp"), (17, "address mask"), (10, "router solicitation")),
                       6: ((133, "router solicitation"), (135, "neighbour solicitation"), (136, "neighbour advertisement"))}[family]:
        yield Row(f"{name} passes (RFC {792 if family == 4 else 4861})", family,
                  [kept(with_byte(frame, checksum_offset(ping(family)) - 2, kind), "PASS_OTHER_PROTOCOL")])
    at = 23 if family == 4 else 20
    other = with_byte(frame, at, 58 if family == 4 else 1)
    yield Row("the ICMP of the other family passes (RFC 4443 1)", family,
              [kept(ipv4_summed(other) if family == 4 else other, "PASS_OTHER_PROTOCOL")])


def only_ipv4():
    frame = ping(4).frame()
    yield Row("a wrong header checksum is not answered (RFC 1122 3.2.1.2)", 4, [kept(checksum_broken(frame, 24), "DROP_BAD_CHECKSUM")])
    yield Row("a question with IP options is left to the local stack, which turns routes around (RFC 1122 3.2.2.6)", 4,
              [kept(ping(4, ip_options=bytes.fromhex("94040000")).frame(), "PASS_OTHER_PROTOCOL")])
    yield Row("don't-fragment and identification stay (RFC 6864 4.1)", 4,
              [answered(ping(4, dont_fragment=True)), answered(ping(4, identification=0xbeef))])
    message = bytes(ping(4, payload=b"x" * 40).transport())
    first, last = (bytes(ping(4).link() / IP(src=ADDRESSES[4]["client"], dst=ADDRESSES[4]["vip"], flags=flags, frag=offset,
                                             proto=1) / part)
                   for flags, offset, part in (("MF", 0, message[:16]), (0, 2, message[16:])))
    yield Row("a question in fragments is left to the local stack, which puts them together (RFC 791 3.2)", 4,
              [kept(first, "PASS_FRAGMENT"), kept(last, "PASS_FRAGMENT")])


def only_ipv6():
    yield Row("the flow label stays (RFC 6437 3)", 6, [answered(ping(6, flow_label=0xabcde))])


def all_rows():
    for family in (4, 6):
        for part in (answers, sums, refused, passing):
            yield from part(family)
    yield from zeros()
    yield from only_ipv4()
    yield from only_ipv6()
