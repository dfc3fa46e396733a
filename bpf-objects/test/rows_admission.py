"""Rows about connections that may not begin: limits, and what goes to the local stack. Each names the rule that it holds to."""

from dataclasses import replace

from errors import KINDS, from_client_side
from rows import Row, forward, kept
from world import ADDRESSES, CLIENT_PORT, answer, checksum_broken, encapsulated, query, request, translated

MORE = 40001  # a second client port
NEIGHBOURS = {4: "203.0.113.8", 6: "3fff:2:c1:c3:c3:c4:c5:7"}
MAX, FALLBACK = "max_connections", "xdp.fallback"


def leaving(method):
    """The frame that leaves for a request."""
    return (lambda segment: translated(segment).frame()) if method == "nat" else encapsulated


def limits(family, method):
    """What is beyond a limit, of the vip or of its only backend."""
    out = leaving(method)
    syn, data = request(family), request(family, flags="PA", payload=b"GET / HTTP/1.0\r\n\r\n")
    more, ack, reset = (request(family, source_port=MORE, flags=flags) for flags in ("S", "A", "R"))
    for owner in ("vip", "backend"):
        limit = f"guard limit {owner} 1"
        yield Row(f"{MAX} of the {owner}: one connection more is dropped, the first goes on", family,
                  [forward(syn.frame(), out(syn)), kept(more.frame(), "DROP_CONNECTION_LIMIT"), forward(data.frame(), out(data))],
                  method, options=(limit,))
        yield Row(f"{FALLBACK}: beyond {MAX} of the {owner} the local stack gets the whole flow, the first goes on", family,
                  [forward(syn.frame(), out(syn)), *(kept(one.frame(), "PASS_FALLBACK") for one in (more, ack, ack, reset)),
                   forward(data.frame(), out(data))], method, options=(limit, "guard overflow"))
        yield Row(f"{MAX} of the {owner}: a SYN that is sent again is no new connection", family,
                  [forward(syn.frame(), out(syn)), forward(syn.frame(), out(syn))], method, options=(limit,))
        yield Row(f"{MAX} of the {owner}: a limit that nobody counts for is none", family,
                  [forward(syn.frame(), out(syn)),
                   kept(more.frame(), "DROP_PORTS_EXHAUSTED") if method == "nat" else forward(more.frame(), out(more))],
                  method, options=(limit, "guard stale"))
        middle = kept(ack.frame(), "PASS_OUT_OF_STATE") if method == "nat" else forward(ack.frame(), out(ack))
        yield Row(f"{MAX} of the {owner}: what began elsewhere is not cut off", family,
                  [forward(syn.frame(), out(syn)), middle], method, options=(limit, "guard overflow"))


def datagrams(family, method):
    out = leaving(method)
    first, more = query(family, destination_port=80), query(family, destination_port=80, source_port=MORE)
    sent = [forward(first.frame(), out(first))]
    for guard, verdict in (((), "DROP_CONNECTION_LIMIT"), (("guard overflow",), "PASS_FALLBACK")):
        what = "handed over" if guard else "dropped"
        yield Row(f"{MAX} of the vip: datagrams of one more client are {what}", family,
                  [*sent, kept(more.frame(), verdict), kept(more.frame(), verdict), *sent], method,
                  options=("udp", "guard limit vip 1", *guard))


def courses(family, method):
    """Vips that are flagged with complex_routing or websocket."""
    segments = [request(family, flags=flags) for flags in ("S", "A", "PA", "FA", "R")]
    yield Row(f"{FALLBACK}: a flagged vip's flow is the local stack's from SYN to the end", family,
              [kept(segment.frame(), "PASS_FALLBACK") for segment in segments], method, options=("guard local",))
    yield Row(f"{FALLBACK}: of a flagged vip the local stack gets also what is from the middle of a connection", family,
              [kept(segment.frame(), "PASS_FALLBACK") for segment in segments[1:]], method, options=("guard local",))
    names = ADDRESSES[family]
    seen = replace(answer(family, flags="PA"), source=names["vip"], source_port=80, destination=names["client"],
                   destination_port=CLIENT_PORT)
    yield Row(f"{FALLBACK}: ICMP errors about a flow of the local stack are for the local stack (RFC 1191 3, RFC 8201 4)", family,
              [kept(segments[0].frame(), "PASS_FALLBACK"),
               *(kept(from_client_side(seen, kind=kind).frame(), "PASS_FALLBACK") for kind in KINDS[family])], method, options=("guard local",))
    yield Row(f"{FALLBACK}: what it does not list is dropped", family,
              [kept(segment.frame(), "DROP_NEEDS_USERSPACE") for segment in segments], method, options=("guard refuse",))


def sources(family, method):
    """ebpf.acl: the client's network is denied, and in some rows the client itself is allowed, by a longer prefix."""
    out = leaving(method)
    syn, ack, reset = (request(family, flags=flags) for flags in ("S", "A", "R"))
    yield Row("ebpf.acl: a denied source begins nothing, and nothing of it is taken for the middle of something", family,
              [kept(segment.frame(), "DROP_SOURCE_DENIED") for segment in (syn, ack, reset, syn)], method, options=("guard acl deny",))
    yield Row("ebpf.acl: the longest prefix decides", family, [forward(syn.frame(), out(syn)), forward(ack.frame(), out(ack))],
              method, options=("guard acl deny", "guard acl allow"))
    yield Row("ebpf.acl: it is asked before a limit is", family,
              [kept(syn.frame(), "DROP_SOURCE_DENIED")], method, options=("guard acl deny", "guard limit vip 1", "guard overflow"))
    yield Row("ebpf.acl: a denied source does not reach the local stack either", family,
              [kept(syn.frame(), "DROP_SOURCE_DENIED")], method, options=("guard acl deny", "guard local"))
    datagram = query(family, destination_port=80)
    yield Row("ebpf.acl: a denied source's datagrams are dropped", family,
              [kept(datagram.frame(), "DROP_SOURCE_DENIED")] * 2, method, options=("udp", "guard acl deny"))
    if method == "nat":
        return
    for tracking in ("minimal", "stateless"):
        yield Row(f"ebpf.acl, tracking {tracking}: a denied source's SYNs are dropped, what opens nothing is not asked", family,
                  [kept(syn.frame(), "DROP_SOURCE_DENIED"), forward(ack.frame(), out(ack))], method,
                  options=("guard acl deny", f"guard {tracking}"))
        yield Row(f"ebpf.acl, tracking {tracking}: each datagram is asked", family,
                  [kept(datagram.frame(), "DROP_SOURCE_DENIED")] * 2, method, options=("udp", "guard acl deny", f"guard {tracking}"))
        yield Row(f"ebpf.acl, tracking {tracking}: an allowed source goes by the table", family,
                  [forward(syn.frame(), out(syn))], method, options=("guard acl deny", "guard acl allow", f"guard {tracking}"))


def rates(family, method):
    """rate_limit: two connections of a source at once, and then none for longer than a test takes."""
    out = leaving(method)
    first, second, third = (request(family, source_port=40000 + number) for number in range(3))
    other = request(family, source=NEIGHBOURS[family], source_port=40007)
    ack = request(family, flags="A")
    twice = [forward(first.frame(), out(first)), forward(second.frame(), out(second)), kept(third.frame(), "DROP_RATE_LIMIT")]
    options = ("guard rate 1 2",)
    if method == "nat":
        yield Row("rate_limit: a source begins no more connections than its burst", family,
                  [twice[0], kept(second.frame(), "DROP_PORTS_EXHAUSTED"), twice[2]], method, options=options)
        return
    yield Row("rate_limit: a source begins no more connections than its burst, those that it has go on", family,
              [*twice, twice[0], forward(ack.frame(), out(ack)), twice[2]], method, options=options)
    yield Row("rate_limit: another source is counted by itself", family, [*twice, forward(other.frame(), out(other))], method,
              options=options)
    if family == 6:
        same = request(family, source="3fff:2:c1:c2:c3:c4:c5:8", source_port=40007)
        yield Row("rate_limit: the first 64 bits of an IPv6 address are one source", family,
                  [*twice, kept(same.frame(), "DROP_RATE_LIMIT")], method, options=options)
    strange = request(family, source_port=40009, flags="A")
    yield Row("rate_limit: what began elsewhere is not counted", family, [*twice, forward(strange.frame(), out(strange))], method,
              options=options)


def passed(family):
    """Ports that passthrough_ports or a route leaves to the local stack: nothing of a packet to them is Loom's business."""
    rule = "passthrough_ports and routes"
    segments = [request(family, flags=flags) for flags in ("S", "A", "PA", "FA", "R")]
    yield Row(f"{rule}: every packet to the port of a vip passes", family,
              [kept(segment.frame(), "PASS_PASSTHROUGH") for segment in segments], options=("guard pass",))
    datagram = query(family, destination_port=80)
    yield Row(f"{rule}: so does every datagram", family, [kept(datagram.frame(), "PASS_PASSTHROUGH")], options=("udp", "guard pass"))
    yield Row(f"{rule}: other ports of the vip are not concerned", family,
              [kept(request(family, destination_port=81).frame(), "PASS_NO_LISTENER")], options=("guard pass",))
    if family == 4:
        yield Row(f"{rule}: a wrong checksum is the local stack's business", family,
                  [kept(checksum_broken(segments[0].frame(), 24), "PASS_PASSTHROUGH")], options=("guard pass",))


def all_rows():
    for family in (4, 6):
        yield from passed(family)
    for method in ("nat", "ipip"):
        for part in (limits, datagrams, courses, sources, rates):
            for family in (4, 6):
                yield from part(family, method)
