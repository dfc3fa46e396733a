"""Rows of ICMP errors, both ways: what nat translates, what direct methods pass on, what is left to the local stack."""

from dataclasses import replace
from ipaddress import IPv6Address

from scapy.layers.inet import UDP
from scapy.packet import Raw

from errors import KINDS, from_backend_side, from_client_side, toward_backend, toward_client
from rows import Row, forward, kept, reply
from rows_core import ipv4_summed, with_byte, with_word
from rows_headers import padded
from rows_nat import backward, onward
from world import (ADDRESSES, BACKEND_MAC, CLIENT_PORT, LOOM_MAC, answer, as_datagram, checksum_broken, flow_hash, offset_of_ip,
                   outer_ip, request, translated, translated_back, translated_keeping)

DIRECT = ("ipip", "gue", "l2")


def offset_of_icmp_checksum(error):
    return offset_of_ip(error) + (20 if error.family == 4 else 40) + 2


def about_answers(family, protocol, whole):
    """An answer as the client's side saw it, with five hops left, and as the backend had sent it, with as many."""
    sent = answer(family, flags="PA", payload=b"x" * whole, protocol=protocol)
    return replace(translated_back(sent), ttl=5), replace(sent, ttl=5)


def about_requests(family, protocol, whole):
    sent = request(family, flags="PA", payload=b"x" * whole, protocol=protocol)
    return replace(translated(sent), ttl=5), replace(sent, ttl=5)


def backend_wards(error, as_sent, sender=None):
    return forward(error.frame(), toward_backend(error, as_sent, sender).frame())


def client_wards(error, as_sent, sender=None):
    return reply(error.frame(), toward_client(error, as_sent, sender).frame())


def translations(family):
    for protocol, name, sizes in ((6, "TCP", (8, 16, 18, 48)), (17, "UDP", (8, 12))):
        options = ("udp",) if protocol == 17 else ()
        opened = [onward(request(family, protocol=protocol)), backward(answer(family, protocol=protocol))]
        seen, sent = about_answers(family, protocol, 80)
        asked, wanted = about_requests(family, protocol, 80)
        for kind in KINDS[family]:
            yield Row(f"{kind} about {name} from the client's side reaches the backend", family,
                      opened + [backend_wards(from_client_side(seen, kind=kind), sent)], options=options)
            yield Row(f"{kind} about {name} from the backend's side reaches the client", family,
                      opened + [client_wards(from_backend_side(asked, kind=kind), wanted)], options=options)
        for octets in sizes:
            yield Row(f"{octets} bytes of {name} are quoted and translated", family,
                      opened + [backend_wards(from_client_side(seen, octets=octets), sent),
                                client_wards(from_backend_side(asked, octets=octets), wanted)], options=options)
        yield Row(f"an end that reports an error about {name} has its other address", family,
                  opened + [backend_wards(from_client_side(seen, ADDRESSES[family]["client"]), sent,
                                          ADDRESSES[family]["loom"]),
                            client_wards(from_backend_side(asked, ADDRESSES[family]["backend"]), wanted,
                                         ADDRESSES[family]["vip"])], options=options)


def carried(family):
    syn = request(family)
    seen, sent = about_answers(family, 6, 80)
    asked, wanted = about_requests(family, 6, 80)
    yield Row("errors keep their VLAN tag", family,
              [onward(syn), backend_wards(from_client_side(seen, tags=(5,)), sent),
               client_wards(from_backend_side(asked, tags=(5,)), wanted)])
    error = from_client_side(seen)
    at = offset_of_icmp_checksum(error)
    yield Row("an ICMP checksum that comes in wrong stays wrong by as much", family,
              [onward(syn), forward(checksum_broken(error.frame(), at),
                                    checksum_broken(toward_backend(error, sent).frame(), at))])
    yield Row("errors do not move the connection", family,
              [onward(syn), backend_wards(error, sent), client_wards(from_backend_side(asked), wanted),
               backward(answer(family)), onward(request(family, flags="A"))])
    router = "02:00:00:00:00:fe"
    yield Row("an error from a router does not change where replies are sent", family,
              [onward(syn), backend_wards(from_client_side(seen, source_mac=router), sent), backward(answer(family))])
    yield Row("nor does one where the client keeps its address", family,
              [forward(syn.frame(), translated_keeping(syn).frame()),
               backend_wards(from_client_side(seen, source_mac=router), kept_answer(sent)),
               reply(kept_answer(answer(family)).frame(), translated_back(answer(family)).frame())], options=("keep",))
    yield Row("an error on its last hop is dropped", family,
              [onward(syn), kept(from_client_side(seen, ttl=1).frame(), "DROP_TTL"),
               kept(from_backend_side(asked, ttl=1).frame(), "DROP_TTL")])
    keeping = kept_answer(sent)
    shown = replace(wanted, destination=ADDRESSES[family]["backend"], destination_port=8080)
    yield Row("errors are translated where the client keeps its address", family,
              [forward(syn.frame(), translated_keeping(syn).frame()), backend_wards(from_client_side(seen), keeping),
               client_wards(from_backend_side(shown), wanted)], options=("keep",))


def kept_answer(segment):
    return replace(segment, destination=ADDRESSES[segment.family]["client"], destination_port=CLIENT_PORT)


def unrelated(family):
    syn = request(family)
    seen, _ = about_answers(family, 6, 80)
    asked, _ = about_requests(family, 6, 80)
    yield Row("an error about no connection is left to the local stack", family,
              [kept(from_client_side(seen).frame(), "PASS_UNRELATED"),
               kept(from_backend_side(asked).frame(), "PASS_NO_LISTENER")])
    elsewhere = replace(from_client_side(seen), receiver=ADDRESSES[family]["loom"])
    yield Row("an error to another address than the quoted packet's source is none", family,
              [onward(syn), kept(elsewhere.frame(), "PASS_UNRELATED")])
    for octets in (0, 7):
        yield Row(f"{octets} quoted bytes behind the IP header are too few", family,
                  [onward(syn), kept(from_client_side(seen, octets=octets).frame(), "PASS_UNRELATED")])
    frame = from_client_side(seen).frame()
    yield Row("a frame that ends inside what is quoted is left to the local stack", family,
              [onward(syn), kept(frame[:-1], "PASS_UNRELATED"), kept(frame[:-9], "PASS_UNRELATED")])
    quoted = 14 + (20 if family == 4 else 40) + 8
    yield Row("a quoted packet of the other IP version is not read", family,
              [onward(syn), kept(with_byte(frame, quoted, 0x65 if family == 4 else 0x40), "PASS_UNRELATED")])
    protocol_at = quoted + (9 if family == 4 else 6)
    yield Row("a quoted packet of another protocol is not read", family,
              [onward(syn), kept(with_byte(frame, protocol_at, 132), "PASS_UNRELATED")])
    beyond = with_word(frame, 16 if family == 4 else 18, 1400)
    yield Row("an error that says it is longer than the frame is left to the local stack", family,
              [onward(syn), kept(ipv4_summed(beyond) if family == 4 else beyond, "PASS_UNRELATED")])


def encapsulations(method, family):
    """Under direct methods the error leaves as the client's packets do."""
    seen = replace(answer(family, flags="PA"), source=ADDRESSES[family]["vip"], source_port=80,
                   destination=ADDRESSES[family]["client"], destination_port=CLIENT_PORT)
    for kind in KINDS[family]:
        error = from_client_side(seen, kind=kind)
        yield Row(f"{kind} reaches the connection's backend", family,
                  [forward(request(family).frame(), direct(request(family), method)),
                   forward(error.frame(), direct(error, method))], method=method)
    error = from_client_side(seen)
    yield Row("an error without connection goes by the table", family,
              [forward(error.frame(), direct(error, method))], method=method)


def direct(packet, method):
    """The frame in which a packet of the flow of request(family) must leave under a direct method."""
    inner = replace(packet, ttl=packet.ttl - 1, source_mac=LOOM_MAC, destination_mac=BACKEND_MAC)
    if method == "l2":
        return inner.frame()
    flow = request(packet.family)
    outer = inner.link() / outer_ip(flow)
    if method == "ipip":
        return bytes(outer / inner.packet())
    port = 49152 + flow_hash(flow) % 16384
    udp = UDP(sport=port, dport=6080, chksum=0) if packet.family == 4 else UDP(sport=port, dport=6080)
    return bytes(outer / udp / Raw(bytes(inner.packet())))


def identifications():
    """What is quoted has the identification that its sender gave it; one that nobody may fragment has kept it (RFC 6864)."""
    whole = {"flags": "PA", "payload": b"x" * 80, "dont_fragment": True}
    sent, wanted = answer(4, **whole), request(4, **whole)
    seen, asked = translated_back(sent), translated(wanted)
    yield Row("RFC 6864: the identification of a quoted packet that nobody may fragment stays", 4,
              [onward(request(4)), backend_wards(from_client_side(seen, kind="too big"), replace(sent, ttl=63)),
               client_wards(from_backend_side(asked, kind="too big"), replace(wanted, ttl=63))])
    yield Row("RFC 6864: that of an end's own error stays if nobody may fragment it", 4,
              [onward(request(4)), backend_wards(from_client_side(seen, ADDRESSES[4]["client"], dont_fragment=True),
                                                 replace(sent, ttl=63), ADDRESSES[4]["loom"])])


def only_ipv4():
    syn = request(4)
    seen, sent = about_answers(4, 6, 80)
    options = bytes.fromhex("94040000")
    yield Row("the ports are found behind quoted IPv4 options", 4,
              [onward(syn), backend_wards(from_client_side(replace(seen, ip_options=options)),
                                          replace(sent, ip_options=options))])
    most = b"\x01" * 40
    yield Row("ports and checksum are found behind as many options and tags as there can be", 4,
              [onward(syn)] + [backend_wards(from_client_side(replace(seen, ip_options=most), ip_options=most, octets=20,
                                                              tags=tags), replace(sent, ip_options=most))
                               for tags in ((), (5, 7))])
    frame = from_client_side(seen).frame()
    quoted = 14 + 20 + 8
    yield Row("a quoted fragment without ports is left to the local stack", 4,
              [onward(syn), kept(with_word(frame, quoted + 6, 0x0001), "PASS_UNRELATED")])
    yield Row("a quoted first fragment has ports", 4,
              [onward(syn), forward(fragmented(from_client_side(seen), quoted),
                                    fragmented(toward_backend(from_client_side(seen), sent), quoted))])
    yield Row("a quoted header length below 20 bytes is not read", 4,
              [onward(syn), kept(with_byte(frame, quoted, 0x44), "PASS_UNRELATED")])
    yield Row("a wrong IPv4 header checksum of an error to a vip is dropped", 4,
              [onward(syn), kept(checksum_broken(frame, 24), "DROP_BAD_CHECKSUM")])
    for kind, name in ((4, "source quench"), (5, "redirect"), (0, "echo reply")):
        yield Row(f"{name} passes", 4, [onward(syn), kept(with_byte(frame, 34, kind), "PASS_OTHER_PROTOCOL")])
    nothing = as_datagram(seen, checksum=False)
    yield Row("a quoted UDP checksum of zero stays", 4,
              [onward(request(4, protocol=17)),
               backend_wards(from_client_side(nothing), as_datagram(sent, checksum=False))], options=("udp",))


def fragmented(error, quoted):
    """The error with "more fragments" set in the quoted header, whose checksum counts it; so does that of ICMP, to nothing."""
    return ipv4_summed(with_word(error.frame(), quoted + 6, 0x2000), quoted)


def word_changed(address, word):
    """The IPv6 address with another last bit in one of its four words."""
    return str(IPv6Address(int(IPv6Address(address)) ^ 1 << (3 - word) * 32))


def near_misses():
    """Addresses that differ in one 32-bit word only are others."""
    seen, sent = about_answers(6, 6, 80)
    asked, wanted = about_requests(6, 6, 80)
    names = ADDRESSES[6]
    for word in range(4):
        yield Row(f"a router whose address differs from the end's in word {word} keeps it", 6,
                  [onward(request(6)), backend_wards(from_client_side(seen, word_changed(names["client"], word)), sent),
                   client_wards(from_backend_side(asked, word_changed(names["backend"], word)), wanted)])
        other = replace(seen, source=word_changed(names["vip"], word))
        yield Row(f"an error about what an address sent that differs from its receiver in word {word} is none", 6,
                  [onward(request(6)),
                   kept(replace(from_client_side(other), receiver=names["vip"]).frame(), "PASS_UNRELATED")])


def about_pieces(whole):
    """What was sent over IPv6 in fragments is quoted with its fragment header, behind which are the ports of a first one alone."""
    return replace(whole, piece=(0, 32)), replace(whole, piece=(32, None))


def quoted_fragments():
    rule = "RFC 8200 4.5, RFC 8201 4"
    for protocol, name, sizes in ((6, "TCP", (16, 24, 26, 40)), (17, "UDP", (16, 40))):
        options = ("udp",) if protocol == 17 else ()
        opened = [onward(request(6, protocol=protocol))]
        (seen, later), (sent, _) = (about_pieces(one) for one in about_answers(6, protocol, 80))
        (asked, _), (wanted, _) = (about_pieces(one) for one in about_requests(6, protocol, 80))
        for octets in sizes:
            yield Row(f"{octets} bytes of a first fragment of {name} are quoted, its fragment header among them ({rule})", 6,
                      opened + [backend_wards(from_client_side(seen, octets=octets, kind="too big"), sent),
                                client_wards(from_backend_side(asked, octets=octets, kind="too big"), wanted)], options=options)
        yield Row(f"a later fragment of {name} has no ports to go by ({rule})", 6,
                  opened + [kept(from_client_side(later, octets=40, kind="too big").frame(), "PASS_UNRELATED")], options=options)
        yield Row(f"15 bytes of a first fragment of {name} are too few ({rule})", 6,
                  opened + [kept(from_client_side(seen, octets=15, kind="too big").frame(), "PASS_UNRELATED")], options=options)
        farthest = replace(from_client_side(seen, octets=40, kind="too big"), tags=(5, 7), extensions=(padded(128),))
        yield Row(f"they are found behind as many headers and tags as there can be ({name}, {rule})", 6,
                  opened + [backend_wards(farthest, sent)], options=options)


def only_ipv6():
    frame = from_client_side(about_answers(6, 6, 80)[0]).frame()
    for kind in (0, 5, 128, 135):
        yield Row(f"ICMPv6 type {kind} passes", 6,
                  [onward(request(6)), kept(with_byte(frame, 54, kind), "PASS_OTHER_PROTOCOL")])


def all_rows():
    for family in (4, 6):
        for part in (translations, carried, unrelated):
            yield from part(family)
        for method in DIRECT:
            yield from encapsulations(method, family)
    yield from only_ipv4()
    yield from identifications()
    yield from only_ipv6()
    yield from quoted_fragments()
    yield from near_misses()
