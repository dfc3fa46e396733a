package io.loom.libbpf.internal;

import com.sun.jna.Memory;
import io.loom.libbpf.NetworkEvent;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** The few messages of rtnetlink(7) that matter here: linux/netlink.h, rtnetlink.h, neighbour.h, if_link.h. Pure. */
public final class Netlink {
    public static final int GET_LINKS = 18;
    public static final int GET_NEIGHBOURS = 30;

    private static final int AF_NETLINK = 16;
    private static final int ADDRESS_SIZE = 12;
    /** RTMGRP_LINK, _NEIGH, _IPV4_IFADDR, _IPV4_ROUTE, _IPV4_RULE, _IPV6_IFADDR, _IPV6_ROUTE; RTNLGRP_IPV6_RULE and _NEXTHOP, whose bits have no names. */
    private static final int GROUPS = 0x1 | 0x4 | 0x10 | 0x40 | 0x80 | 0x100 | 0x400 | 1 << 18 | 1 << 31;
    private static final int REQUEST_DUMP = 0x1 | 0x300;

    private static final int HEADER = 16;
    private static final int DONE = 3;
    private static final int NEW_LINK = 16;
    private static final int DEL_LINK = 17;
    private static final int NEW_ADDRESS = 20;
    private static final int DEL_ADDRESS = 21;
    private static final int NEW_ROUTE = 24;
    private static final int DEL_ROUTE = 25;
    private static final int NEW_NEIGHBOUR = 28;
    private static final int DEL_NEIGHBOUR = 29;
    private static final int NEW_RULE = 32;
    private static final int DEL_RULE = 33;
    private static final int NEW_NEXT_HOP = 104;
    private static final int DEL_NEXT_HOP = 105;
    private static final int IFINFOMSG = 16;
    private static final int IFF_UP = 1;
    private static final int IFLA_ADDRESS = 1;
    private static final int NDMSG = 12;
    private static final int NDA_DST = 1;
    private static final int NDA_LLADDR = 2;
    private static final int AF_BRIDGE = 7;
    private static final int NUD_INCOMPLETE = 0x01;
    private static final int NUD_FAILED = 0x20;
    private static final int NUD_NOARP = 0x40;
    private static final int ATTRIBUTE = 4;
    private static final int TYPE_MASK = 0x3fff;

    private Netlink() {
    }

    /** struct sockaddr_nl with the groups that are listened to. */
    public static Memory address() {
        Memory address = Options.zeroed(ADDRESS_SIZE);
        address.setShort(0, (short) AF_NETLINK);
        address.setInt(8, GROUPS);
        return address;
    }

    /** The question for everything of a kind. */
    public static Memory dump(int question) {
        int length = HEADER + (question == GET_LINKS ? IFINFOMSG : NDMSG);
        Memory request = Options.zeroed(length);
        request.setInt(0, length);
        request.setShort(4, (short) question);
        request.setShort(6, (short) REQUEST_DUMP);
        return request;
    }

    /** @param endOfDump the answer to a question is complete */
    public record Message(List<NetworkEvent> events, boolean endOfDump) {
        public Message {
            events = List.copyOf(events);
        }
    }

    /** What one datagram says; what is not known here is left out. */
    public static Message parse(byte[] datagram) {
        ByteBuffer bytes = ByteBuffer.wrap(datagram).order(ByteOrder.nativeOrder());
        List<NetworkEvent> events = new ArrayList<>();
        boolean end = false;
        for (int at = 0; at + HEADER <= datagram.length; ) {
            int length = bytes.getInt(at);
            if (length < HEADER || at + length > datagram.length) {
                break;
            }
            int type = Short.toUnsignedInt(bytes.getShort(at + 4));
            end |= type == DONE;
            event(type, slice(bytes, at + HEADER, length - HEADER)).ifPresent(events::add);
            at += align(length);
        }
        return new Message(events, end);
    }

    private static Optional<NetworkEvent> event(int type, ByteBuffer body) {
        return switch (type) {
            case NEW_LINK, DEL_LINK -> link(body, type == DEL_LINK);
            case NEW_NEIGHBOUR, DEL_NEIGHBOUR -> neighbour(body, type == DEL_NEIGHBOUR);
            case NEW_ADDRESS, DEL_ADDRESS, NEW_ROUTE, DEL_ROUTE, NEW_RULE, DEL_RULE, NEW_NEXT_HOP, DEL_NEXT_HOP -> Optional.of(new NetworkEvent.Routing());
            default -> Optional.empty();
        };
    }

    private static Optional<NetworkEvent> link(ByteBuffer body, boolean gone) {
        if (body.limit() < IFINFOMSG || body.get(0) == AF_BRIDGE) {
            return Optional.empty();
        }
        boolean up = !gone && (body.getInt(8) & IFF_UP) != 0;
        Optional<String> mac = gone ? Optional.empty() : attribute(body, IFINFOMSG, IFLA_ADDRESS).map(HexFormat.of()::formatHex);
        return Optional.of(new NetworkEvent.Link(body.getInt(4), up, mac));
    }

    private static Optional<NetworkEvent> neighbour(ByteBuffer body, boolean gone) {
        if (body.limit() < NDMSG || body.get(0) == AF_BRIDGE || (body.getShort(8) & NUD_NOARP) != 0) {
            return Optional.empty();
        }
        boolean known = !gone && (body.getShort(8) & (NUD_INCOMPLETE | NUD_FAILED)) == 0;
        Optional<String> mac = known ? attribute(body, NDMSG, NDA_LLADDR).map(HexFormat.of()::formatHex) : Optional.empty();
        int ifindex = body.getInt(4);
        return attribute(body, NDMSG, NDA_DST).map(Netlink::address)
                .map(address -> new NetworkEvent.Neighbour(ifindex, address, mac));
    }

    private static InetAddress address(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException wrongLength) {
            throw new IllegalArgumentException(wrongLength);
        }
    }

    private static Optional<byte[]> attribute(ByteBuffer body, int from, int wanted) {
        for (int at = from; at + ATTRIBUTE <= body.limit(); ) {
            int length = Short.toUnsignedInt(body.getShort(at));
            if (length < ATTRIBUTE || at + length > body.limit()) {
                return Optional.empty();
            }
            if ((body.getShort(at + 2) & TYPE_MASK) == wanted) {
                byte[] value = new byte[length - ATTRIBUTE];
                body.get(at + ATTRIBUTE, value);
                return Optional.of(value);
            }
            at += align(length);
        }
        return Optional.empty();
    }

    private static ByteBuffer slice(ByteBuffer bytes, int from, int length) {
        return bytes.slice(from, length).order(ByteOrder.nativeOrder());
    }

    private static int align(int length) {
        return (length + 3) & ~3;
    }
}
