"""Rows about what core does before any forwarding method is asked: parsing, lengths, what is not for a vip."""

from dataclasses import replace

from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.packet import Raw

from rows import Row, forward, kept
from world import ADDRESSES, CLIENT_MAC, LOOM_MAC, checksum_broken, encapsulated, offset_of_ip, query, request, translated


def with_word(frame, offset, value):
    return frame[:offset] + value.to_bytes(2, "big") + frame[offset + 2:]


def with_byte(frame, offset, value):
    return frame[:offset] + bytes([value]) + frame[offset + 1:]


def ipv4_summed(frame, start=14, words=None):
    """The frame with its IPv4 header's checksum computed anew, by RFC 1071 and by hand."""
    length = (words or frame[start] & 15) * 4
    header = bytearray(frame[start:start + length])
    header[10:12] = b"\0\0"
    total = sum(int.from_bytes(header[at:at + 2], "big") for at in range(0, length, 2))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    header[10:12] = (total ^ 0xffff).to_bytes(2, "big")
    return frame[:start] + bytes(header) + frame[start + length:]


def link(family):
    return Ether(src=CLIENT_MAC, dst=LOOM_MAC)


def ip(family, **more):
    names = ADDRESSES[family]
    return (IP if family == 4 else IPv6)(src=names["client"], dst=names["vip"], **more)


def not_for_loom(family):
    names = ADDRESSES[family]
    syn = request(family)
    yield Row("a packet for another address passes", family,
              [kept(replace(syn, destination=names["client"]).frame(), "PASS_NO_LISTENER")])
    yield Row("a packet for another port of the vip passes", family,
              [kept(replace(syn, destination_port=81).frame(), "PASS_NO_LISTENER")])
    yield Row("UDP to the vip passes", family,
              [kept(bytes(link(family) / ip(family) / UDP(sport=40000, dport=80) / Raw(b"x")), "PASS_NO_LISTENER")])
    tagged = replace(syn, tags=(5, 7)).frame()
    three = tagged[:12] + bytes.fromhex("88a80003") + tagged[12:]
    yield Row("a third VLAN tag is more than Loom reads", family, [kept(three, "PASS_NOT_IP")])
    yield Row("an IP version that contradicts the Ethernet type passes", family,
              [kept(with_byte(syn.frame(), 14, 0x55 if family == 4 else 0x50), "PASS_NOT_IP")])


def truncated(family):
    frame = request(family).frame()
    l4 = 14 + (20 if family == 4 else 40)
    for length, where in ((14, "after Ethernet"), (15, "after one byte of IP"), (l4 - 1, "one byte before the end of IP"),
                          (l4, "before TCP"), (l4 + 4, "after the ports"), (l4 + 19, "one byte before the end of TCP")):
        yield Row(f"a frame that ends {where} is dropped", family, [kept(frame[:length], "DROP_TRUNCATED")])
    tagged = replace(request(family), tags=(5,)).frame()
    yield Row("a frame that ends inside a VLAN tag is dropped", family, [kept(tagged[:16], "DROP_TRUNCATED")])
    options = replace(request(family), tcp_options=(("MSS", 1460), ("NOP", None), ("WScale", 7))).frame()
    yield Row("a frame that ends inside TCP options is dropped", family, [kept(options[:-4], "DROP_TRUNCATED")])


def bare(family):
    """Frames that end with one of their headers, and ask for no more."""
    ethernet = bytes(Ether(dst=LOOM_MAC, src=CLIENT_MAC, type=0x88cc))
    yield Row("an Ethernet header alone that is not IP's passes", family, [kept(ethernet, "PASS_NOT_IP")])
    for tags in ((5,), (5, 7)):
        tagged = replace(request(family), tags=tags).frame()[:14 + 4 * len(tags)]
        yield Row(f"a frame that ends with tag {len(tags)} of something else passes", family,
                  [kept(with_word(tagged, len(tagged) - 2, 0x88cc), "PASS_NOT_IP")])
    header = link(family) / (ip(4, proto=132) if family == 4 else ip(6, nh=132))
    yield Row("an IP header alone of another protocol passes", family, [kept(bytes(header), "PASS_OTHER_PROTOCOL")])
    icmp = ICMP(type=3) if family == 4 else Raw(bytes([1, 0, 0, 0, 0, 0, 0, 0]))
    short = link(family) / (ip(4, proto=1) if family == 4 else ip(6, nh=58)) / icmp
    yield Row("an ICMP error that quotes nothing is left to the local stack", family, [kept(bytes(short), "PASS_UNRELATED")])
    yield Row("an ICMP header that is cut off passes", family, [kept(bytes(short)[:-1], "PASS_OTHER_PROTOCOL")])


def lengths(family):
    frame = request(family, payload=b"hello").frame()
    at, correct = (16, 45) if family == 4 else (18, 25)
    tcp_end = 40 if family == 4 else 20

    def claiming(length):
        changed = with_word(frame, at, length)
        return ipv4_summed(changed) if family == 4 else changed

    yield Row("an IP length beyond the frame is dropped", family, [kept(claiming(correct + 1), "DROP_BAD_LENGTH")])
    yield Row("the largest IP length in a small frame is dropped", family, [kept(claiming(65535), "DROP_BAD_LENGTH")])
    yield Row("an IP length that ends inside TCP is dropped", family, [kept(claiming(tcp_end - 1), "DROP_BAD_LENGTH")])
    yield Row("an IP length of nothing is dropped", family, [kept(claiming(0), "DROP_BAD_LENGTH")])
    doff = 14 + (20 if family == 4 else 40) + 12
    yield Row("a TCP header shorter than 20 bytes is dropped", family,
              [kept(with_byte(frame, doff, 0x40), "DROP_BAD_LENGTH")])
    longer = request(family, payload=b"x" * 40)
    late = claiming_header(longer.frame(), at, doff, family)
    yield Row("a TCP header that is longer than the IP packet is dropped", family, [kept(late, "DROP_BAD_LENGTH")])


def claiming_header(frame, at, doff, family):
    """The IP packet says 20 bytes of TCP, the TCP header says 40, the frame has both."""
    changed = with_byte(with_word(frame, at, 40 if family == 4 else 20), doff, 0xa0)
    return ipv4_summed(changed) if family == 4 else changed


def datagrams(family):
    """UDP has a length of its own, which must fit the IP packet's."""
    frame = query(family).frame()
    length = len(query(family).payload) + 8
    udp, ip_length_at = (34, 16) if family == 4 else (54, 18)
    for claimed, what in ((0, "of nothing"), (7, "below its header's"), (length + 1, "beyond the IP packet"),
                          (65535, "beyond any packet")):
        yield Row(f"a UDP length {what} is dropped", family,
                  [kept(with_word(frame, udp + 4, claimed), "DROP_BAD_LENGTH")])
    for more, what in ((1, "beyond the frame"), (-1, "that ends inside the datagram")):
        total = with_word(frame, ip_length_at, (20 if family == 4 else 0) + length + more)
        yield Row(f"an IP length {what} is dropped", family,
                  [kept(ipv4_summed(total) if family == 4 else total, "DROP_BAD_LENGTH")])
    yield Row("a frame that ends inside the UDP header is dropped", family, [kept(frame[:udp + 7], "DROP_TRUNCATED")])
    yield Row("a frame that ends behind the UDP header is dropped", family, [kept(frame[:udp + 8], "DROP_BAD_LENGTH")])
    yield Row("a datagram to another port of the vip passes", family,
              [kept(query(family, destination_port=54).frame(), "PASS_NO_LISTENER")])


def padding(family):
    syn = request(family)
    padded = syn.frame() + bytes(6)
    yield Row("Ethernet padding goes along and is not taken for payload (nat)", family,
              [forward(padded, translated(syn).frame() + bytes(6))])
    yield Row("Ethernet padding goes along and is not taken for payload (ipip)", family,
              [forward(padded, encapsulated(syn) + bytes(6))], method="ipip")


def only_ipv4():
    frame = request(4).frame()
    yield Row("ARP passes", 4, [kept(bytes(Ether(dst="ff:ff:ff:ff:ff:ff", src=CLIENT_MAC)
                                           / ARP(pdst=ADDRESSES[4]["vip"])), "PASS_NOT_IP")])
    yield Row("ARP in a VLAN passes", 4, [kept(bytes(Ether(dst="ff:ff:ff:ff:ff:ff", src=CLIENT_MAC) / Dot1Q(vlan=5)
                                                     / ARP(pdst=ADDRESSES[4]["vip"])), "PASS_NOT_IP")])
    yield Row("an IPv4 header length below 20 bytes is dropped", 4, [kept(with_byte(frame, 14, 0x44), "DROP_BAD_LENGTH")])
    yield Row("a wrong IPv4 header checksum is dropped", 4, [kept(checksum_broken(frame, 24), "DROP_BAD_CHECKSUM")])
    elsewhere = replace(request(4), destination=ADDRESSES[4]["client"]).frame()
    yield Row("a wrong IPv4 header checksum is the kernel's business if the packet is not for a vip", 4,
              [kept(checksum_broken(elsewhere, 24), "PASS_NO_LISTENER")])
    optioned = request(4, ip_options=bytes.fromhex("94040000")).frame()
    yield Row("a wrong checksum over IPv4 options is dropped", 4,
              [kept(with_byte(optioned, 14 + 23, 1), "DROP_BAD_CHECKSUM")])
    yield Row("a frame that ends inside IPv4 options is dropped", 4, [kept(optioned[:14 + 22], "DROP_TRUNCATED")])


def only_ipv6():
    for number, which in ((51, "an authentication header"), (135, "a mobility header"), (139, "HIP"), (140, "shim6")):
        yield Row(f"a packet with {which} passes", 6,
                  [kept(with_byte(request(6).frame(), 20, number), "PASS_EXTENSION_HEADER")])


def all_rows():
    for family in (4, 6):
        for part in (not_for_loom, truncated, bare, lengths, datagrams, padding):
            yield from part(family)
    yield from only_ipv4()
    yield from only_ipv6()
