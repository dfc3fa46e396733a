"""Rows of the decapsulation program for backends: every frame passes, with or without its outer header."""

from dataclasses import replace

from scapy.layers.inet import IP
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from world import ADDRESSES, BACKEND_MAC, LOOM_MAC, encapsulated, request


def row(name, family, frame, out):
    return {"name": f"IPv{family}: {name}", "frame": frame.hex(), "out": out.hex()}


def taken_out(segment):
    """What the backend's stack must see: the packet of the client, in the Ethernet header of the outer one."""
    return replace(segment, ttl=segment.ttl - 1, source_mac=LOOM_MAC, destination_mac=BACKEND_MAC).frame()


def all_rows():
    for family in (4, 6):
        syn = request(family)
        data = request(family, flags="PA", payload=b"odd")
        yield row("the outer header of a SYN is taken off", family, encapsulated(syn), taken_out(syn))
        yield row("the outer header of data is taken off", family, encapsulated(data), taken_out(data))
        yield row("a packet without outer header stays as it is", family, syn.frame(), syn.frame())
        outer = 14 + (20 if family == 4 else 40)
        cut = encapsulated(syn)[:outer + 10]
        yield row("a frame that ends inside the inner header stays as it is", family, cut, cut)
        tagged = encapsulated(replace(syn, tags=(5,)))
        yield row("a frame with a VLAN tag stays as it is", family, tagged, tagged)
    names = ADDRESSES[4]
    link = Ether(src=LOOM_MAC, dst=BACKEND_MAC)
    fragment = bytes(link / IP(src=names["loom"], dst=names["backend"], proto=4, flags="MF") / request(4).packet())
    yield row("a fragment of an outer packet stays as it is", 4, fragment, fragment)
    other = bytes(link / IP(src=names["loom"], dst=names["backend"], proto=4) / Raw(bytes(40)))
    yield row("what is no IP packet inside stays as it is", 4, other, other)
