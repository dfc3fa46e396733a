"""Rows of forwarding method nat: UDP, several source addresses, and clients that keep theirs."""

from dataclasses import replace

from rows import Row, forward, kept, reply
from rows_nat import GET, backward, onward
from world import (ADDRESSES, CLIENT_PORT, answer, checksum_broken, flow_hash, offset_of_ip, request, translated,
                   translated_back, translated_keeping)

SOURCES = {4: ("198.51.100.101", "198.51.100.102"), 6: ("3fff:1:b1:b2:b3:b4:b5:101", "3fff:1:b1:b2:b3:b4:b5:102")}


def question(family, **more):
    return request(family, **{"protocol": 17, "payload": b"question", **more})


def response(family, **more):
    return answer(family, **{"protocol": 17, "payload": b"response", **more})


def row(name, family, *steps, **more):
    return Row(name, family, list(steps), **{"options": ("udp",), **more})


def without_sum(payload, segment):
    """The payload, begun with the word that makes the checksum of that datagram zero, which is written as 0xffff."""
    blank = replace(segment, payload=b"\0\0" + payload)
    at = offset_of_ip(segment) + (20 if segment.family == 4 else 40) + 6
    return blank.frame()[at:at + 2] + payload


def datagrams(family):
    yield row("a datagram goes to the backend, and its answer comes from the vip", family,
              onward(question(family)), backward(response(family)), onward(question(family, payload=b"another")),
              backward(response(family, payload=b"odd")))
    yield row("an answer may come before the second question", family, onward(question(family)),
              backward(response(family)), backward(response(family)))
    yield row("a datagram of nothing is translated", family, onward(question(family, payload=b"")),
              backward(response(family, payload=b"")))
    yield row("a datagram that answers nothing passes", family, kept(response(family).frame(), "PASS_NO_LISTENER"))
    yield row("an answer from another port of the backend passes", family, onward(question(family)),
              kept(response(family, source_port=8081).frame(), "PASS_NO_LISTENER"))
    yield row("TCP towards the port of a datagram is no answer", family, onward(question(family)),
              kept(answer(family).frame(), "PASS_NO_LISTENER"))
    yield row("a second flow is refused when the only port is taken", family, onward(question(family)),
              kept(question(family, source_port=CLIENT_PORT + 1).frame(), "DROP_PORTS_EXHAUSTED"))
    at = offset_of_ip(question(family)) + (20 if family == 4 else 40) + 6
    yield row("a UDP checksum that comes in wrong stays wrong by as much", family,
              forward(checksum_broken(question(family).frame(), at),
                      checksum_broken(translated(question(family)).frame(), at)))
    there = question(family, payload=without_sum(b"x", translated(question(family, payload=b"\0\0x"))))
    assert translated(there).frame()[at:at + 2] == b"\xff\xff"
    yield row("a UDP checksum that comes to zero is written as ones", family, onward(there))
    back = response(family, payload=without_sum(b"x", translated_back(response(family, payload=b"\0\0x"))))
    assert translated_back(back).frame()[at:at + 2] == b"\xff\xff"
    yield row("an answer's UDP checksum that comes to zero is written as ones", family, onward(question(family)),
              backward(back))
    if family == 4:
        yield row("RFC 6864 section 4: what nobody may fragment keeps its identification, both ways", 4,
                  onward(question(4, dont_fragment=True)), backward(response(4, dont_fragment=True)),
                  onward(question(4, identification=0xffff)), backward(response(4, identification=0xffff)))
    yield row("a UDP checksum of zero stays", family, onward(question(family, checksum=False)),
              backward(response(family, checksum=False)))


def addressed(segment, index):
    return replace(translated(segment), source=SOURCES[segment.family][index])


def several_sources(family):
    """The first address to try follows from the flow's hash; the only port is taken once with each."""
    def own(segment):
        return flow_hash(segment) % 2

    def back(segment, index):
        return replace(segment, destination=SOURCES[segment.family][index])

    first, second, third = (request(family, source_port=CLIENT_PORT + more) for more in range(3))
    mine, other = own(first), 1 - own(first)

    def opening(segment, index):
        return forward(segment.frame(), addressed(segment, index).frame())

    def returned(index, port):
        arrived = back(answer(family), index)
        return reply(arrived.frame(), translated_back(arrived, port).frame())

    options = ("sources",)
    yield Row("a connection has one of the addresses that are named", family,
              [opening(first, mine), opening(request(family, flags="A"), mine), returned(mine, CLIENT_PORT)],
              options=options)
    yield Row("two connections have one port of two addresses", family,
              [opening(first, mine), opening(second, other), returned(mine, CLIENT_PORT),
               returned(other, CLIENT_PORT + 1)], options=options)
    yield Row("a third connection is refused when the only port of both addresses is taken", family,
              [opening(first, mine), opening(second, other), kept(third.frame(), "DROP_PORTS_EXHAUSTED")],
              options=options)
    yield Row("Loom's own address is not used where others are named", family,
              [opening(first, mine), kept(answer(family).frame(), "PASS_NO_LISTENER")], options=options)
    yield Row("a reply to the other address passes", family,
              [opening(first, mine), kept(back(answer(family), other).frame(), "PASS_NO_LISTENER")], options=options)


def keeping(family, protocol):
    """The client's address and port stay; the backend's replies come by way of Loom."""
    options = ("keep", "udp") if protocol == 17 else ("keep",)
    names = ADDRESSES[family]
    word = "UDP" if protocol == 17 else "TCP"

    def asked(**more):
        return request(family, protocol=protocol, **more)

    def there(segment):
        seen = translated_keeping(segment)
        return forward(segment.frame(), seen.frame())

    def returning(**more):
        return answer(family, **{"destination": names["client"], "destination_port": CLIENT_PORT,
                                 "protocol": protocol, **more})

    def home(segment):
        return reply(segment.frame(), translated_back(segment, segment.destination_port).frame())

    yield Row(f"a {word} client keeps its address, and replies come from the vip", family,
              [there(asked()), home(returning()), there(asked(flags="PA", payload=GET)),
               home(returning(flags="PA", payload=b"here"))], options=options)
    yield Row(f"two {word} clients are told apart by their ports", family,
              [there(asked()), there(asked(source_port=CLIENT_PORT + 1)),
               home(returning(destination_port=CLIENT_PORT + 1)), home(returning())], options=options)
    yield Row(f"what a backend sends {word} clients unasked passes", family,
              [there(asked()), kept(returning(source_port=8081).frame(), "PASS_NO_LISTENER"),
               kept(returning(destination_port=CLIENT_PORT + 1).frame(), "PASS_NO_LISTENER")], options=options)
    yield Row(f"a {word} reply on its last hop is dropped", family,
              [there(asked()), kept(returning(ttl=1).frame(), "DROP_TTL")], options=options)


def closing_kept(family):
    names = ADDRESSES[family]
    returning = answer(family, flags="FA", destination=names["client"], destination_port=CLIENT_PORT)
    syn, fin = request(family), request(family, flags="FA")

    def there(segment):
        seen = translated_keeping(segment)
        return forward(segment.frame(), seen.frame())

    back = reply(returning.frame(), translated_back(returning).frame())
    yield Row("a connection that kept its address closes, and begins anew from the same port", family,
              [there(syn), there(fin), back, there(request(family, sequence=9000)), back], options=("keep",))
    yield Row("without a connection the client's packets are left to the local stack", family,
              [kept(fin.frame(), "PASS_OUT_OF_STATE")], options=("keep",))


def all_rows():
    for family in (4, 6):
        yield from datagrams(family)
        yield from several_sources(family)
        for protocol in (6, 17):
            yield from keeping(family, protocol)
        yield from closing_kept(family)
