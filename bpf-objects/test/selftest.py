#!/usr/bin/python3
"""Prints the packet cases of a forwarding method's self test as Java: selftest.py nat|ipip|gue|l2

They are pasted into NatSelfTest.java, IpipSelfTest.java and so on: bundles build without Python.
"""

import sys

from world import (ADDRESSES, CROSSED_PORT, Way, addressed, answer, encapsulated, in_udp, query, request, translated,
                   translated_back)

GET = b"GET / HTTP/1.0\r\n\r\n"


def nat(family):
    syn = request(family)
    data = request(family, flags="PA", payload=GET)
    back = answer(family)
    yield "a SYN opens a connection", "FORWARD", syn.frame(), translated(syn).frame()
    yield "the backend's answer goes back to the client", "REPLY", back.frame(), translated_back(back).frame()
    yield "data follows its connection", "FORWARD", data.frame(), translated(data).frame()
    yield ("a segment without a connection is left to the local stack", "PASS_OUT_OF_STATE",
           request(family, flags="A", source_port=40001).frame(), None)
    yield elsewhere(family)
    yield ("a connection without a free port is refused", "DROP_PORTS_EXHAUSTED",
           request(family, source_port=40002).frame(), None)


def direct(done, leaving):
    def cases(family):
        syn = request(family)
        data = request(family, flags="PA", payload=GET)
        crossed = request(family, destination_port=CROSSED_PORT)
        yield f"a SYN is {done}", "FORWARD", syn.frame(), leaving(syn)
        yield "data follows its connection", "FORWARD", data.frame(), leaving(data)
        yield f"a datagram is {done}", "FORWARD", query(family).frame(), leaving(query(family))
        if leaving is not addressed:
            yield f"a SYN is {done} to an IPv{10 - family} backend", "FORWARD", crossed.frame(), leaving(crossed, Way(10 - family))
        yield elsewhere(family)
        yield "a packet on its last hop is dropped", "DROP_TTL", request(family, ttl=1).frame(), None
    return cases


def elsewhere(family):
    return ("a packet for another address is not touched", "PASS_NO_LISTENER",
            request(family, destination=ADDRESSES[family]["client"]).frame(), None)


def literal(frame):
    digits = frame.hex()
    lines = [digits[start:start + 88] for start in range(0, len(digits), 88)]
    return ('"\n' + " " * 24 + '+ "').join(lines)


def java(family, name, verdict, frame, expected):
    kind = "sent" if expected else "kept"
    text = f'{" " * 12}PacketCase.{kind}("IPv{family}: {name}", "{verdict}",\n{" " * 20}"{literal(frame)}"'
    return text + (f',\n{" " * 20}"{literal(expected)}")' if expected else ")")


if __name__ == "__main__":
    cases = {"nat": nat, "ipip": direct("encapsulated", encapsulated), "gue": direct("encapsulated", in_udp),
             "l2": direct("addressed to the backend", addressed)}[sys.argv[1]]
    print(",\n".join(java(family, *case) for family in (4, 6) for case in cases(family)))
