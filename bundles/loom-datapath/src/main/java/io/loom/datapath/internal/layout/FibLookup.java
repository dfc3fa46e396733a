package io.loom.datapath.internal.layout;

import io.loom.api.Family;
import java.net.InetAddress;
import java.nio.ByteBuffer;

/** struct bpf_fib_lookup of linux/bpf.h, the question to the kernel's routing table and its answer. */
public final class FibLookup {
    private static final int AF_INET = 2;
    private static final int AF_INET6 = 10;

    private static final Field FAMILY = new Field("family", 0, 1);
    /** Of the answer; the kernel's struct has it in a union with the length of the packet. */
    private static final Field MTU = new Field("mtu_result", 6, 2);
    private static final Field IFINDEX = new Field("ifindex", 8, 4);
    private static final Field SOURCE = new Field("ipv6_src", 16, 16);
    private static final Field DESTINATION = new Field("ipv6_dst", 32, 16);
    private static final Field SOURCE_MAC = new Field("smac", 52, 6);
    private static final Field DESTINATION_MAC = new Field("dmac", 58, 6);
    static final StructLayout LAYOUT = new StructLayout("bpf_fib_lookup", 64, FAMILY, IFINDEX);

    /** Answers of bpf_fib_lookup(), in the kernel's numbers. */
    public enum Result {
        SUCCESS("reachable"),
        BLACKHOLE("the route is a blackhole"),
        UNREACHABLE("the route says unreachable"),
        PROHIBIT("the route says prohibited"),
        NOT_FORWARDED("no route leads to another host; a backend cannot be on the balancer itself"),
        FORWARDING_DISABLED("forwarding is off on the interface lo"),
        UNSUPPORTED_TUNNEL("the route leads into a lightweight tunnel"),
        NO_NEIGHBOUR("the next hop answers neither ARP nor neighbour discovery"),
        FRAGMENTATION_NEEDED("the MTU of the route is too small"),
        NO_SOURCE_ADDRESS("no source address for the route");

        private final String meaning;

        Result(String meaning) {
            this.meaning = meaning;
        }

        public String meaning() {
            return meaning;
        }
    }

    private FibLookup() {}

    /** The question: from the interface (of the loopback device, normally) with this source, how to that destination? */
    public static byte[] question(InetAddress source, InetAddress destination, int ifindex) {
        ByteBuffer struct = LAYOUT.create();
        FAMILY.put(struct, Family.of(destination) == Family.IPV4 ? AF_INET : AF_INET6);
        IFINDEX.put(struct, ifindex);
        Addresses.put(struct, SOURCE, source);
        Addresses.put(struct, DESTINATION, destination);
        return struct.array();
    }

    /** The next hop in a successful answer. */
    public static NextHop answer(InetAddress source, byte[] answer) {
        ByteBuffer struct = LAYOUT.at(answer);
        return new NextHop(
                source, (int) IFINDEX.get(struct), (int) MTU.get(struct),
                DESTINATION_MAC.getBytes(struct, 6), SOURCE_MAC.getBytes(struct, 6));
    }
}
