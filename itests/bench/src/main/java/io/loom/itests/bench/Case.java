package io.loom.itests.bench;

import io.loom.api.Verdict;
import io.loom.datapath.ScratchPlane;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * One line of the report, ready to run.
 *
 * @param name     such as {@code ipip_v4_established_16k}
 * @param plane    the maps that the packets meet, with one listener
 * @param expected what every packet must get; else the figure would be of something else
 * @param opening  how many packets may begin a connection
 * @param packets  of one round, so that all flows are met equally often
 */
record Case(String name, ScratchPlane plane, Wrapper wrapper, Verdict expected, Opening opening, int packets) {
    /** All must, none may (but for a few that a full set has lost), or as it comes. */
    enum Opening { ALL, FEW, ANY }

    private static final int LISTENER = 0;
    /** struct loom_verdict_count and struct loom_flow_count: three 64-bit counters, packets first, connections last. */
    private static final int COUNTERS = 24;
    private static final int PACKETS_AT = 0;
    private static final int CONNECTIONS_AT = 16;

    /**
     * One round; nanoseconds per packet, the wrapper's share included.
     *
     * @throws IllegalStateException if a packet was treated otherwise than expected
     */
    long measure() {
        long verdicts = count("loom_verdicts", expected.number(), PACKETS_AT);
        long connections = count("loom_lstats", LISTENER, CONNECTIONS_AT);
        long nanoseconds = wrapper.run(packets).nanosPerRun();
        require(expected.name(), packets, count("loom_verdicts", expected.number(), PACKETS_AT) - verdicts);
        if (opening != Opening.ANY) {
            require("a new connection", opening == Opening.ALL ? packets : 0, count("loom_lstats", LISTENER, CONNECTIONS_AT) - connections);
        }
        return nanoseconds;
    }

    private void require(String what, long wanted, long found) {
        // Of a full cache a few entries outlive a whole round of flows, and a few are lost to others of their set.
        if (Math.abs(wanted - found) > packets / 20) {
            throw new IllegalStateException(
                    name + ": " + found + " of " + packets + " packets, instead of " + wanted + ", got " + what);
        }
    }

    private long count(String map, int key, int offset) {
        byte[] number = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(key).array();
        ByteBuffer counters = ByteBuffer.wrap(plane.map(map).lookup(number).orElseThrow()).order(ByteOrder.LITTLE_ENDIAN);
        long sum = 0;
        for (int cpu = 0; cpu < counters.capacity(); cpu += COUNTERS) {
            sum += counters.getLong(cpu + offset);
        }
        return sum;
    }
}
