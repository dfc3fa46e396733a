"""Rows of forwarding method nat."""

from dataclasses import replace

from errors import exceeding, told
from rows import Row, forward, kept, reply
from world import (CLIENT_PORT, answer, checksum_broken, offset_of_ip, request, translated, translated_back)

GET = b"GET / HTTP/1.0\r\n\r\n"


def onward(segment):
    return forward(segment.frame(), translated(segment).frame())


def backward(segment):
    return reply(segment.frame(), translated_back(segment).frame())


def offset_of_tcp_checksum(segment):
    return offset_of_ip(segment) + (20 if segment.family == 4 else 40) + 16


def conversations(family):
    syn, data = request(family), request(family, flags="PA", payload=GET)
    opened = [onward(syn), backward(answer(family)), onward(request(family, flags="A"))]
    yield Row("the first packet goes to the backend from Loom's address", family, [onward(syn)])
    yield Row("the second packet follows the first", family, [onward(syn), onward(data)])
    yield Row("the SYN again takes the same port", family, [onward(syn), onward(syn)])
    yield Row("a reply comes from the vip", family, [onward(syn), backward(answer(family))])
    yield Row("a reply with data comes from the vip", family,
              opened + [backward(answer(family, flags="PA", payload=b"HTTP/1.0 200 OK\r\n\r\n"))])
    yield Row("a reset of the backend reaches the client", family, [onward(syn), backward(answer(family, flags="RA"))])
    yield Row("a reset of the client reaches the backend", family, opened + [onward(request(family, flags="R"))])
    yield Row("both sides close, and the last ACK still gets through", family,
              opened + [onward(request(family, flags="FA")), backward(answer(family, flags="FA")),
                        onward(request(family, flags="A"))])
    yield Row("data after the client's FIN still reaches the client", family,
              opened + [onward(request(family, flags="FA")), backward(answer(family, flags="PA", payload=b"late"))])
    yield Row("the client opens anew from the same port after both have closed", family,
              opened + [onward(request(family, flags="FA")), backward(answer(family, flags="FA")),
                        onward(request(family, sequence=9000)), backward(answer(family))])


def out_of_state(family):
    for flags in ("A", "PA", "FA", "R", "SA", "SR"):
        yield Row(f"{flags} without a connection is left to the local stack", family,
                  [kept(request(family, flags=flags).frame(), "PASS_OUT_OF_STATE")])
    yield Row("a packet of the backend that answers nothing passes", family,
              [kept(answer(family).frame(), "PASS_NO_LISTENER")])
    syn = request(family)
    yield Row("a reply from another port of the backend passes", family,
              [onward(syn), kept(answer(family, source_port=8081).frame(), "PASS_NO_LISTENER")])
    yield Row("a second connection is refused when the only port is taken", family,
              [onward(syn), kept(request(family, source_port=CLIENT_PORT + 1).frame(), "DROP_PORTS_EXHAUSTED"),
               onward(request(family, flags="A"))])


def limits(family):
    syn = request(family)
    yield Row("a packet on its last hop is not forwarded", family, [told(request(family, ttl=1), "time exceeded")])
    yield Row("nor is one without hops left", family, [told(request(family, ttl=0), "time exceeded")])
    yield Row("two hops left leave one", family, [onward(request(family, ttl=2))])
    yield Row("a reply on its last hop is dropped", family,
              [onward(syn), kept(answer(family, ttl=1).frame(), "DROP_TTL")])
    header = 40 if family == 4 else 60
    fits = request(family, flags="PA", payload=b"x" * (600 - header))
    exceeds = request(family, flags="PA", payload=b"x" * (601 - header))
    yield Row("a packet as large as the MTU fits", family, [onward(syn), onward(fits)], mtu=600)
    yield Row("a packet larger than the MTU is not forwarded", family, [onward(syn), exceeding(exceeds, 600)], mtu=600)


def carried(family):
    """What translation must not change."""
    syn = request(family)
    yield Row("DSCP and ECN stay", family, [onward(request(family, tos=0xb9)), backward(answer(family, tos=0x2a))])
    yield Row("a VLAN tag stays", family, [onward(replace(syn, tags=(5,))), backward(answer(family, tags=(5,)))])
    yield Row("two VLAN tags stay", family, [onward(replace(syn, tags=(5, 7))), backward(answer(family, tags=(5, 7)))])
    options = (("MSS", 1460), ("SAckOK", b""), ("Timestamp", (123456, 0)), ("NOP", None), ("WScale", 7))
    yield Row("TCP options stay", family, [onward(replace(syn, tcp_options=options))])
    odd = request(family, flags="PA", payload=b"odd")
    yield Row("the checksum is right with an odd number of bytes", family, [onward(syn), onward(odd)])
    large = request(family, flags="PA", payload=bytes(range(256)) * 5)
    yield Row("the checksum is right in a large packet", family, [onward(syn), onward(large)])
    yield Row("a reply's checksum is right with an odd number of bytes", family,
              [onward(syn), backward(answer(family, flags="PA", payload=b"odd"))])
    at = offset_of_tcp_checksum(syn)
    yield Row("a TCP checksum that comes in wrong stays wrong by as much", family,
              [forward(checksum_broken(syn.frame(), at), checksum_broken(translated(syn).frame(), at))])
    back = answer(family)
    yield Row("a reply's TCP checksum that comes in wrong stays wrong by as much", family,
              [onward(syn), reply(checksum_broken(back.frame(), at), checksum_broken(translated_back(back).frame(), at))])


def only_ipv4():
    yield Row("don't-fragment stays", 4, [onward(request(4, dont_fragment=True))])
    options = bytes.fromhex("94040000")  # router alert
    yield Row("IPv4 options stay, and the TCP header is found behind them", 4,
              [onward(request(4, ip_options=options)), onward(request(4, flags="PA", payload=GET, ip_options=options))])
    yield Row("forty bytes of IPv4 options stay", 4, [onward(request(4, ip_options=b"\x01" * 40))])
    back = answer(4)
    yield Row("a reply's IPv4 checksum that comes in wrong stays wrong by as much", 4,
              [onward(request(4)),
               reply(checksum_broken(back.frame(), 24), checksum_broken(translated_back(back).frame(), 24))])


def only_ipv6():
    yield Row("the flow label stays", 6, [onward(request(6, flow_label=0xabcde))])


def all_rows():
    for family in (4, 6):
        for part in (conversations, out_of_state, limits, carried):
            yield from part(family)
    yield from only_ipv4()
    yield from only_ipv6()
