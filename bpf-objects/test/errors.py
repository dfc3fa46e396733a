"""ICMP errors: what a router or an end of a connection says about a packet, and what must become of it."""

from dataclasses import dataclass, replace

from scapy.layers.inet import ICMP, IP, IPOption, TCP
from scapy.layers.inet6 import ICMPv6DestUnreach, ICMPv6PacketTooBig, ICMPv6ParamProblem, ICMPv6TimeExceeded, IPv6
from scapy.layers.l2 import Dot1Q, Ether
from scapy.packet import Raw

from rows import Step, kept
from world import ADDRESSES, BACKEND_MAC, BACKEND_PORT, CLIENT_MAC, LOOM_MAC, NAT_PORT, VIP_PORT, identified, joined

ROUTERS = {4: "192.0.2.254", 6: "2001:db8:ffff::fe"}

KINDS = {
    4: {"unreachable": ICMP(type=3, code=3), "too big": ICMP(type=3, code=4, nexthopmtu=1400),
        "time exceeded": ICMP(type=11, code=0), "parameter problem": ICMP(type=12, code=0, ptr=8)},
    6: {"unreachable": ICMPv6DestUnreach(code=4), "too big": ICMPv6PacketTooBig(mtu=1400),
        "time exceeded": ICMPv6TimeExceeded(code=0), "parameter problem": ICMPv6ParamProblem(code=0, ptr=6)},
}


@dataclass(frozen=True)
class Error:
    """An ICMP error about `quoted`, of which so many bytes of the transport header and what follows are there."""

    quoted: object  # a Segment, as it was where the error arose
    sender: str
    receiver: str
    source_mac: str = CLIENT_MAC
    destination_mac: str = LOOM_MAC
    kind: str = "unreachable"
    octets: int = 8
    ttl: int = 64
    tags: tuple = ()
    ip_options: bytes = b""
    extensions: tuple = ()  # IPv6 extension headers
    identification: int = 1
    dont_fragment: bool = False

    @property
    def family(self):
        return self.quoted.family

    def quote(self):
        header = len(bytes(self.quoted.ip()))
        return bytes(self.quoted.packet())[:header + self.octets]

    def packet(self):
        message = KINDS[self.family][self.kind] / Raw(self.quote())
        if self.family == 4:
            options = [IPOption(self.ip_options)] if self.ip_options else []
            return IP(src=self.sender, dst=self.receiver, ttl=self.ttl, id=self.identification,
                      flags="DF" if self.dont_fragment else 0, options=options) / message
        return joined(IPv6(src=self.sender, dst=self.receiver, hlim=self.ttl), *self.extensions) / message

    def link(self):
        link = Ether(src=self.source_mac, dst=self.destination_mac)
        for number in self.tags:
            link = link / Dot1Q(vlan=number)
        return link

    def frame(self):
        return bytes(self.link() / self.packet())


SAID = {
    "time exceeded": (lambda mtu: ICMP(type=11, code=0), lambda mtu: ICMPv6TimeExceeded(code=0)),
    "too big": (lambda mtu: ICMP(type=3, code=4, nexthopmtu=mtu), lambda mtu: ICMPv6PacketTooBig(mtu=mtu)),
    "no port": (lambda mtu: ICMP(type=3, code=3), lambda mtu: ICMPv6DestUnreach(code=4)),
}


def told(packet, kind, mtu=0, verdict="ICMP_ERROR"):
    """What Loom must say about a packet that it cannot forward: to its sender, from the vip, with as much of it as fits."""
    quoted = bytes(packet.packet())
    said4, said6 = SAID[kind]
    if packet.family == 4:
        error = IP(src=packet.destination, dst=packet.source, ttl=64, tos=0xc0, id=0, flags="DF") / said4(mtu) / Raw(quoted[:548])
    else:
        error = IPv6(src=packet.destination, dst=packet.source, hlim=64) / said6(mtu) / Raw(quoted[:1232])
    return Step(packet.frame(), verdict, bytes(turned_link(packet) / error))


def turned_link(packet):
    return replace(packet, source_mac=packet.destination_mac, destination_mac=packet.source_mac).link()


def turned_down(syn):
    """The reset that a SYN gets from a vip without a backend."""
    ends = {"src": syn.destination, "dst": syn.source}
    ip = IP(**ends, ttl=64, id=0, flags="DF") if syn.family == 4 else IPv6(**ends, hlim=64)
    acknowledged = (syn.sequence + len(syn.payload) + 1 + ("F" in syn.flags)) % 2**32
    reset = TCP(sport=syn.destination_port, dport=syn.source_port, flags="RA", seq=0, ack=acknowledged, window=0)
    return Step(syn.frame(), "REFUSED", bytes(turned_link(syn) / ip / reset))


LEAST_MTU = {4: 68, 6: 1280}  # RFC 791 3.2, RFC 8200 5


def exceeding(packet, fits):
    """What Loom must do about a packet when only so many bytes fit: tell the sender, unless that is less than every link carries."""
    return told(packet, "too big", fits) if fits >= LEAST_MTU[packet.family] else kept(packet.frame(), "DROP_TOO_BIG")


def from_client_side(sent, sender=None, **more):
    """About a packet that the vip has sent to the client, as it was on its way."""
    return Error(sent, sender or ROUTERS[sent.family], sent.source, **more)


def toward_backend(error, as_sent, sender=None):
    """The same as the backend must get it under nat: about what the backend had sent, `as_sent`."""
    return replace(error, quoted=as_sent, receiver=ADDRESSES[error.family]["backend"], sender=sender or error.sender,
                   source_mac=LOOM_MAC, destination_mac=BACKEND_MAC, ttl=error.ttl - 1,
                   **said_by(error, sender, NAT_PORT, BACKEND_PORT))


def from_backend_side(sent, sender=None, **more):
    """About a packet that Loom has sent to the backend."""
    return Error(sent, sender or ROUTERS[sent.family], sent.source, source_mac=BACKEND_MAC, **more)


def toward_client(error, as_sent, sender=None):
    """The same as the client must get it under nat."""
    return replace(error, quoted=as_sent, receiver=as_sent.source, sender=sender or error.sender, source_mac=LOOM_MAC,
                   destination_mac=CLIENT_MAC, ttl=error.ttl - 1, **said_by(error, sender, VIP_PORT, as_sent.source_port))


def said_by(error, sender, *ports):
    """An end of the connection gets another address, and with it another identification; a router keeps both."""
    if not sender or error.dont_fragment:
        return {}
    return {"identification": identified(error.identification, 4, *ports)}
