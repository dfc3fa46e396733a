"""
Rows of frames for other stations, as a segment that floods brings them: whatever they carry passes, and leaves nothing behind that
Loom remembers. What becomes of the same packets to the interface's own MAC address, the other tables say.
"""

from dataclasses import replace

from errors import from_backend_side, from_client_side, told
from rows import Row, kept
from rows_core import link
from rows_direct import METHODS
from rows_echo import answered, ping
from rows_errors import DIRECT, about_answers, about_requests, backend_wards, client_wards
from rows_fragments import WAYS, dropped, pieces, question
from rows_nat import backward, onward
from world import LOOM_MAC, answer, as_datagram, request

STRANGER = "02:00:00:00:00:99"


def nearly(at):
    """The interface's own address but for one bit, in the byte that begins at this character; never a group's."""
    return LOOM_MAC[:at] + f"{int(LOOM_MAC[at:at + 2], 16) ^ 0x80:02x}" + LOOM_MAC[at + 2:]


def elsewhere(packet, mac=STRANGER):
    return kept(replace(packet, destination_mac=mac).frame(), "PASS_OTHER_STATION")


def requests(family):
    for name in ("nat", *METHODS):
        ours = METHODS[name].onward if name in METHODS else onward
        syn, data = request(family), request(family, flags="PA", payload=b"x")

        def row(what, *steps, **more):
            return Row(what, family, list(steps), method=name, **more)

        yield row("a request to another station passes, and opens nothing", elsewhere(syn),
                  *([kept(data.frame(), "PASS_OUT_OF_STATE")] if name == "nat" else []), ours(syn))
        yield row("so does the second packet of a connection", ours(syn), elsewhere(data), ours(data))
        yield row("so does its reset, and the connection lives on", ours(syn), elsewhere(request(family, flags="R")), ours(data))
        yield row("so does a datagram", elsewhere(as_datagram(syn)), ours(as_datagram(syn)), options=("udp",))
        yield row("so does a packet with VLAN tags", elsewhere(replace(syn, tags=(5,))), elsewhere(replace(syn, tags=(5, 7))))
        yield row("nobody is told of one that is too big there",
                  ours(syn), elsewhere(request(family, flags="PA", payload=b"x" * 600)), mtu=600)
        yield row("nobody is told of one without hops left", elsewhere(request(family, ttl=1)), told(request(family, ttl=1), "time exceeded"))


def close(family):
    for at in range(0, len(LOOM_MAC), 3):
        yield Row(f"one bit in byte {at // 3 + 1} of a MAC address makes another station's", family,
                  [elsewhere(request(family), nearly(at)), onward(request(family))])
    yield Row("no MAC address at all is another station's", family, [elsewhere(request(family), "00:00:00:00:00:00")])
    yield Row("a source of the interface's own is nothing to go by", family, [elsewhere(replace(request(family), source_mac=LOOM_MAC))])


def replies(family):
    syn, back = request(family), answer(family)
    yield Row("a reply of a backend to another station passes", family, [onward(syn), elsewhere(back), backward(back)])
    yield Row("so does a datagram's", family,
              [onward(as_datagram(syn)), elsewhere(as_datagram(back)), backward(as_datagram(back))], options=("udp",))
    fin = answer(family, flags="R")
    yield Row("a backend's reset to another station ends nothing", family,
              [onward(syn), backward(back), elsewhere(fin), onward(request(family, flags="A"))])


def answers(family):
    yield Row("a ping to another station is not answered", family, [elsewhere(ping(family)), answered(ping(family))])
    seen, sent = about_answers(family, 6, 80)
    asked, wanted = about_requests(family, 6, 80)
    opened = [onward(request(family)), backward(answer(family))]
    yield Row("an ICMP error to another station is not translated, from neither side", family,
              opened + [elsewhere(from_client_side(seen)), elsewhere(from_backend_side(asked)),
                        backend_wards(from_client_side(seen), sent), client_wards(from_backend_side(asked), wanted)])
    for name in DIRECT:
        yield Row("an ICMP error to another station is not passed on", family,
                  [METHODS[name].onward(request(family)), elsewhere(from_client_side(answered_by_backend(family)))], method=name)


def answered_by_backend(family):
    """What a backend that has the vip sends to the client."""
    syn = request(family)
    return replace(syn, source=syn.destination, destination=syn.source, source_port=syn.destination_port,
                   destination_port=syn.source_port, flags="SA")


def fragments(family):
    for way in WAYS:
        first, second, third = pieces(question(family))
        yield way.row("fragments to another station pass, and are none that later ones could follow", family,
                      elsewhere(first), dropped(second, "UNKNOWN"), elsewhere(third))
        yield way.row("nor do they count as received", family, way.all((first,)), elsewhere(second), way.all((second, third)))


def others(family):
    """As today: groups are everybody's."""
    syn = request(family)
    for mac in ("ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", "33:33:00:00:00:01"):
        yield Row(f"a request to {mac} is for everybody, and dropped", family,
                  [kept(replace(syn, destination_mac=mac).frame(), "DROP_LINK_BROADCAST")])
    yield Row("what is no IP at all passes as another station's too", family,
              [kept(bytes.fromhex(STRANGER.replace(":", "")) + bytes(link(family))[6:12] + bytes.fromhex("88cc"), "PASS_OTHER_STATION")])
    yield Row("a source that ebpf.acl denies is not counted as such there", family,
              [elsewhere(syn), kept(syn.frame(), "DROP_SOURCE_DENIED")], options=("guard acl deny",))
    yield Row("nor does it use a rate up", family,
              [elsewhere(replace(syn, source_port=port)) for port in range(50000, 50004)]
              + [kept(replace(syn, destination_port=81).frame(), "PASS_NO_LISTENER"), onward(syn)], options=("guard rate 1 2",))


def all_rows():
    for family in (4, 6):
        for rows in (requests, close, replies, answers, fragments, others):
            yield from rows(family)
