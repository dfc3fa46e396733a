"""The fixed world of all packet tests (the one of io.loom.api.plugin.PacketCase), and how its frames are built.

Expected frames are built here from nothing, with scapy's checksums; nothing is taken from what a program did.
"""

from dataclasses import dataclass, replace
from ipaddress import ip_address

from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment
from scapy.layers.l2 import Dot1AD, Dot1Q, Ether
from scapy.packet import Raw

CLIENT_MAC = "02:00:00:00:00:0c"
LOOM_MAC = "02:00:00:00:00:01"
BACKEND_MAC = "02:00:00:00:00:20"

ADDRESSES = {
    4: {"client": "203.0.113.7", "vip": "192.0.2.10", "backend": "198.51.100.20", "loom": "198.51.100.1"},
    6: {"client": "3fff:2:c1:c2:c3:c4:c5:7", "vip": "2001:db8:a1:a2:a3:a4:a5:10", "backend": "3fff:1:b1:b2:b3:b4:b5:20", "loom": "3fff:3:f1:f2:f3:f4:f5:1"},
}
CLIENT_PORT = 40000
VIP_PORT = 80
VIP_UDP_PORT = 53
CROSSED_PORT = 443  # has the backend of the other family, in self tests
BACKEND_PORT = 8080
NAT_PORT = 20000  # the self test's only port
GUE_PORT = 6080


def joined(first, *more):
    for header in more:
        first = first / header
    return first


@dataclass(frozen=True)
class Packet:
    """An IP packet on its way, of TCP or UDP; `replace` makes the next hop's view of it."""

    family: int
    source: str
    destination: str
    source_port: int
    destination_port: int
    source_mac: str
    destination_mac: str
    ttl: int = 64
    tos: int = 0
    payload: bytes = b""
    tags: tuple = ()  # VLAN numbers, outermost first; two of them: 802.1ad then 802.1Q
    dont_fragment: bool = False
    identification: int = 1
    flow_label: int = 0
    ip_options: bytes = b""
    extensions: tuple = ()  # IPv6 extension headers
    fragmentable: tuple = ()  # more of them, which in a fragment are behind its fragment header
    piece: tuple = ()  # of a fragment: where it begins in what it is a fragment of, and where it ends (None: it is the last)

    def ip(self):
        if self.family == 6:
            return IPv6(src=self.source, dst=self.destination, hlim=self.ttl, tc=self.tos, fl=self.flow_label)
        header = IP(src=self.source, dst=self.destination, ttl=self.ttl, tos=self.tos, id=self.identification,
                    flags="DF" if self.dont_fragment else 0)
        if self.ip_options:
            from scapy.layers.inet import IPOption
            header.options = [IPOption(self.ip_options)]
        return header

    def link(self):
        link = Ether(src=self.source_mac, dst=self.destination_mac)
        for position, number in enumerate(self.tags):
            outer = len(self.tags) == 2 and position == 0
            link = link / (Dot1AD(vlan=number) if outer else Dot1Q(vlan=number))
        return link

    def packet(self):
        return self.fragment() if self.piece else self.front() / self.whole()

    def front(self):
        return joined(self.ip(), *self.extensions)

    def whole(self):
        return joined(*self.fragmentable, self.transport())

    def fragment(self):
        begin, end = self.piece
        front = self.front()
        payload = bytes(front / self.whole())[len(bytes(front)):]
        part, more = Raw(payload[begin:end]), end is not None
        if self.family == 4:
            front.proto, front.frag, front.flags = self.protocol, begin // 8, "MF" if more else 0
            return front / part
        first = self.fragmentable[0].overload_fields[IPv6]["nh"] if self.fragmentable else self.protocol
        return front / IPv6ExtHdrFragment(id=self.identification, offset=begin // 8, m=int(more), nh=first) / part

    def frame(self):
        return bytes(self.link() / self.packet())


@dataclass(frozen=True)
class Segment(Packet):
    """One that carries TCP."""

    flags: str = "S"
    tcp_options: tuple = ()
    sequence: int = 1000
    acknowledged: int = 1

    protocol = 6

    @property
    def summed(self):
        """Whether a checksum that can be found covers everything inside the IP packet."""
        return not self.piece and not self.extensions and not self.fragmentable

    def tcp(self):
        return TCP(sport=self.source_port, dport=self.destination_port, flags=self.flags, seq=self.sequence,
                   ack=self.acknowledged,
                   window=8192, options=list(self.tcp_options)) / Raw(self.payload)

    def transport(self):
        return self.tcp()


@dataclass(frozen=True)
class Datagram(Packet):
    """One that carries UDP. `surplus` follows the datagram in the IP packet and is not of it (RFC 9868)."""

    checksum: bool = True
    surplus: bytes = b""

    protocol = 17

    @property
    def summed(self):
        """Whether a checksum that can be found covers everything inside the IP packet."""
        return (self.checksum and not self.surplus and not self.piece and not self.extensions
                and not self.fragmentable)

    def transport(self):
        udp = UDP(sport=self.source_port, dport=self.destination_port, len=8 + len(self.payload))
        if not self.checksum:
            udp.chksum = 0
        elif self.surplus:
            alone = replace(self, surplus=b"")
            udp.chksum = int.from_bytes(bytes(alone.packet())[-len(self.payload) - 2:][:2], "big")
        return udp / Raw(self.payload + self.surplus)


@dataclass(frozen=True)
class Way:
    """How packets reach the backend: its family (0: the packet's), the bits of the outer source that come from the flow."""

    family: int = 0
    entropy: int = 0


SAME = Way()


def fields_of_request(family, port):
    names = ADDRESSES[family]
    return {"source": names["client"], "destination": names["vip"], "source_port": CLIENT_PORT, "destination_port": port,
            "source_mac": CLIENT_MAC, "destination_mac": LOOM_MAC}


def of_protocol(family, fields, protocol=6):
    """A segment, or for protocol 17 a datagram, which has no flags."""
    if protocol == 6:
        return Segment(family, **fields)
    return Datagram(family, **{name: value for name, value in fields.items() if name != "flags"})


def as_datagram(packet, **more):
    """The same in UDP."""
    names = ("source", "destination", "source_port", "destination_port", "source_mac", "destination_mac", "ttl", "payload",
             "identification")
    return Datagram(packet.family, **{**{name: getattr(packet, name) for name in names}, **more})


def request(family, protocol=6, **more):
    """From the client to the vip, as Loom receives it."""
    return of_protocol(family, {**fields_of_request(family, VIP_PORT), **more}, protocol)


def query(family, **more):
    """The same over UDP."""
    return Datagram(family, **{**fields_of_request(family, VIP_UDP_PORT), "payload": b"a query", **more})


def answer(family, protocol=6, **more):
    """From the backend to Loom's own address, as Loom receives it under nat. What every segment acknowledges is its SYN."""
    names = ADDRESSES[family]
    fields = {"source": names["backend"], "destination": names["loom"], "source_port": BACKEND_PORT,
              "destination_port": NAT_PORT, "source_mac": BACKEND_MAC, "destination_mac": LOOM_MAC, "flags": "SA"}
    if protocol == 6:
        fields["sequence"] = 0
    return of_protocol(family, {**fields, **more}, protocol)


def identified(identification, family, source_port, destination_port):
    """What an identification becomes where nat changes the source: it moves by the ports that the packet leaves with (ADR 24)."""
    if family == 4:
        return (identification + source_port * 0x9e37 + destination_port * 0x85eb) % 2**16
    return (identification + (source_port << 16 | destination_port) * 0x9e3779b1) % 2**32


def renamed(packet):
    """With the identification for the ports that it leaves with, unless it is a whole IPv4 packet that nobody may fragment."""
    if packet.dont_fragment and not packet.piece:
        return packet
    return replace(packet, identification=identified(
        packet.identification, packet.family, packet.source_port, packet.destination_port))


def translated(segment):
    """The request as it must leave towards the backend under nat."""
    names = ADDRESSES[segment.family]
    return renamed(replace(segment, source=names["loom"], destination=names["backend"], source_port=NAT_PORT,
                           destination_port=BACKEND_PORT, source_mac=LOOM_MAC, destination_mac=BACKEND_MAC,
                           ttl=segment.ttl - 1))


def translated_keeping(segment):
    """The same where the client keeps its address, and with it its identifications."""
    return replace(translated(segment), source=segment.source, source_port=segment.source_port,
                   identification=segment.identification)


def translated_back(segment, client_port=CLIENT_PORT):
    """The answer as it must leave towards the client under nat."""
    names = ADDRESSES[segment.family]
    return renamed(replace(segment, source=names["vip"], destination=names["client"], source_port=VIP_PORT,
                           destination_port=client_port, source_mac=LOOM_MAC, destination_mac=CLIENT_MAC, ttl=segment.ttl - 1))


def outer_source(segment, way):
    """Loom's address, with those bits of its last 32 that the way marks from the lowest of the flow's hash."""
    own = ip_address(ADDRESSES[way.family or segment.family]["loom"])
    return str(type(own)(int(own) & ~way.entropy | flow_hash(segment) & way.entropy))


def outer_ip(segment, way=SAME):
    """The header that goes in front of a request that travels inside another packet."""
    family = way.family or segment.family
    ends = {"src": outer_source(segment, way), "dst": ADDRESSES[family]["backend"]}
    if family == 6:
        label = segment.family == 6 and segment.flow_label or flow_hash(segment) % 2**20
        return IPv6(**ends, hlim=64, tc=segment.tos, fl=label)
    if segment.family == 6 or segment.dont_fragment:
        return IP(**ends, ttl=64, tos=segment.tos, id=0, flags="DF")
    part = segment.piece and segment.piece[0] // 8 + (0x2000 if segment.piece[1] is not None else 0)
    return IP(**ends, ttl=64, tos=segment.tos, id=(segment.identification + (part or 0)) % 65536)


def to_backend(segment):
    """The request one hop older, between the MAC addresses of Loom and the backend."""
    return replace(segment, ttl=segment.ttl - 1, source_mac=LOOM_MAC, destination_mac=BACKEND_MAC)


def encapsulated(segment, way=SAME):
    """The frame in which the request must leave towards the backend under ipip."""
    inner = to_backend(segment)
    return bytes(inner.link() / outer_ip(segment, way) / inner.packet())


def in_udp(segment, way=SAME, port=GUE_PORT):
    """
    The same under gue. Over IPv6 scapy sums up the whole datagram, unless the request has no checksum of its own for all of
    it; over IPv4 there is no UDP checksum.
    """
    inner = to_backend(segment)
    udp = UDP(sport=49152 + flow_hash(segment) % 16384, dport=port)
    if (way.family or segment.family) == 4 or not segment.summed:
        udp.chksum = 0
    return bytes(inner.link() / outer_ip(segment, way) / udp / Raw(bytes(inner.packet())))


def addressed(segment, way=SAME):
    """The same under l2, which knows one way only."""
    assert way == SAME
    return to_backend(segment).frame()


def flow_hash(segment):
    """What loom_flow_hash() in core/listener.h says: words as a little-endian machine loads them."""
    def words(address):
        octets = ip_address(address).packed
        return [int.from_bytes(octets[at:at + 4], "little") for at in range(0, len(octets), 4)]

    def mix(value, word):
        value = (value ^ word) * 0x9e3779b97f4a7c15 % 2**64
        return value ^ value >> 32

    def swapped(port):
        return (port & 0xff) << 8 | port >> 8

    names = words(segment.source) + words(segment.destination)
    value = mix(0, swapped(segment.source_port) << 32 | swapped(segment.destination_port) << 16 | segment.protocol)
    for at in range(0, len(names), 2):
        value = mix(value, names[at] << 32 | names[at + 1])
    return mix(value, value >> 29) >> 32


def offset_of_ip(segment):
    return 14 + 4 * len(segment.tags)


def checksum_broken(frame, offset):
    """The frame with the 16-bit word at offset larger by 0x0101, and no other change."""
    word = int.from_bytes(frame[offset:offset + 2], "big")
    return frame[:offset] + ((word + 0x0101) & 0xffff).to_bytes(2, "big") + frame[offset + 2:]
