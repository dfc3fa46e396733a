"""Rows of connections whose backend goes down: under nat no other backend can go on with them, and their clients are told."""

from dataclasses import replace

from scapy.layers.inet import IP, TCP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt

from errors import turned_link
from rows import Row, Step, forward, kept
from rows_nat import backward, onward
from world import answer, request, translated_keeping

RFC = "RFC 9293 3.10.7.1"


def reset(segment):
    """What ends the connection of a segment: behind what that acknowledges, or acknowledging it."""
    ends = {"src": segment.destination, "dst": segment.source}
    ip = IP(**ends, ttl=64, id=0, flags="DF") if segment.family == 4 else IPv6(**ends, hlim=64)
    length = len(segment.payload) + ("S" in segment.flags) + ("F" in segment.flags)
    numbers = ({"flags": "R", "seq": segment.acknowledged, "ack": 0} if "A" in segment.flags
               else {"flags": "RA", "seq": 0, "ack": (segment.sequence + length) % 2**32})
    return ip / TCP(sport=segment.destination_port, dport=segment.source_port, window=0, **numbers)


def ended(segment):
    return Step(segment.frame(), "RESET", bytes(turned_link(segment) / reset(segment)))


def lost(step):
    """The backend is down from here on."""
    return replace(step, down=True)


def opened(family):
    return [onward(request(family)), backward(answer(family)), onward(request(family, flags="A"))]


def segments(family):
    def row(name, *steps):
        return Row(f"{name} ({RFC})", family, opened(family) + list(steps))

    for flags in ("A", "PA", "FA", "SA", "PAU"):
        yield row(f"{flags} of a connection whose backend is down is answered with a reset behind what it acknowledges",
                  lost(ended(request(family, flags=flags, acknowledged=77777))))
    for flags in ("P", "F", "FP", ""):
        yield row(f"'{flags}', which acknowledges nothing, is acknowledged by the reset",
                  lost(ended(request(family, flags=flags, payload=b"x" * 5))))
    yield row("numbers wrap", lost(ended(request(family, flags="PA", acknowledged=2**32 - 1))),
              lost(ended(request(family, flags="F", sequence=2**32 - 3, payload=b"0123456789"))))
    yield row("each packet is answered, as each may be the one that arrives", *[lost(ended(request(family, flags="A")))] * 3)
    yield row("a reset is not", lost(kept(request(family, flags="R").frame(), "DROP_NO_BACKEND")),
              lost(kept(request(family, flags="RA").frame(), "DROP_NO_BACKEND")))
    yield row("a SYN begins anew, and finds no backend here", lost(kept(request(family).frame(), "DROP_NO_BACKEND")))
    data = request(family, flags="PA", payload=b"x" * 999, tcp_options=(("NOP", None), ("NOP", None), ("Timestamp", (1, 2))))
    yield row("data and options of the packet go", lost(ended(data)))
    for tags in ((5,), (5, 7)):
        yield row(f"the answer stays in {len(tags)} VLANs", lost(ended(request(family, flags="A", tags=tags))))
    yield row("it has all its hops", lost(ended(request(family, flags="A", ttl=1, tos=0xbb))))
    if family == 4:
        yield row("IP options are not repeated", lost(ended(request(4, flags="A", ip_options=bytes.fromhex("94040000")))))
    else:
        yield row("extension headers are not repeated", lost(ended(request(6, flags="A", extensions=(IPv6ExtHdrDestOpt(),)))))
    yield row("nobody is answered in a frame from a group",
              lost(kept(request(family, flags="A", source_mac="01:00:5e:00:00:01").frame(), "DROP_BACKEND_DOWN")))
    first = replace(request(family, flags="PA", payload=b"x" * 64), piece=(0, 32))
    yield row("a fragment is not answered", lost(kept(first.frame(), "DROP_NO_BACKEND")))
    yield row("what the backend still sends arrives", lost(backward(answer(family, flags="PA", payload=b"late"))))
    yield row("a connection goes on when its backend is back before anybody was told",
              lost(backward(answer(family, flags="A"))), onward(request(family, flags="PA", payload=b"more")))
    other = request(family, flags="A", source_port=41000)
    yield row("a packet of no connection is left to the local stack while there is another backend, here is none",
              lost(kept(other.frame(), "DROP_NO_BACKEND")))


def handshakes(family):
    syn, ack = request(family), request(family, flags="A")
    begun = [onward(syn), backward(answer(family))]
    yield Row("a client in the handshake is told as one that begins is (refuse)", family, begun + [lost(ended(ack))],
              options=("refuse",))
    yield Row("a client in the handshake is not told with on_empty: drop", family,
              begun + [lost(kept(ack.frame(), "DROP_BACKEND_DOWN"))])


def keeping(family):
    syn, ack = request(family), request(family, flags="A", acknowledged=5)
    yield Row("client_address: keep: ended as well", family,
              [forward(syn.frame(), translated_keeping(syn).frame()), lost(ended(ack))], options=("keep", "refuse"))


def all_rows():
    for family in (4, 6):
        yield from segments(family)
        yield from handshakes(family)
        yield from keeping(family)
