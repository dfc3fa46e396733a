package io.loom.datapath.internal.layout;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;

/**
 * Value of loom_trace_on: which packets the program writes down.
 *
 * @param until     the tick from which on it writes nothing; 0: nobody looks
 * @param verdicts  numbers; none: any
 * @param addresses one of these is the packet's; none: any
 */
public record TraceWanted(long until, Set<Integer> verdicts, List<InetAddress> addresses) {
    /** LOOM_TRACE_READERS. */
    static final int READERS = 2;
    /** Nobody looks. */
    public static final TraceWanted NOTHING = new TraceWanted(0, Set.of(), List.of());

    private static final int ADDRESS_BYTES = 16;
    private static final Field UNTIL = new Field("until", 0, 8);
    private static final Field VERDICTS = new Field("verdicts", 8, 32);
    private static final Field ADDRESS = new Field("address", 40, READERS * ADDRESS_BYTES);
    private static final Field ADDRESSES = new Field("addresses", 72, 4);
    static final StructLayout LAYOUT = new StructLayout("loom_trace_wanted", 128, UNTIL, VERDICTS, ADDRESS, ADDRESSES);

    public TraceWanted {
        verdicts = Set.copyOf(verdicts);
        addresses = List.copyOf(addresses);
        if (addresses.size() > READERS) {
            throw new IllegalArgumentException(addresses.size() + " addresses, and there is room for " + READERS);
        }
    }

    public byte[] encode() {
        ByteBuffer struct = LAYOUT.create();
        UNTIL.put(struct, until);
        for (int word = 0; word < VERDICTS.size() / Long.BYTES; word++) {
            struct.putLong(VERDICTS.offset() + word * Long.BYTES, verdictBits(word * Long.SIZE));
        }
        for (int i = 0; i < addresses.size(); i++) {
            struct.put(ADDRESS.offset() + i * ADDRESS_BYTES, addresses.get(i).getAddress());
        }
        ADDRESSES.put(struct, addresses.size());
        return struct.array();
    }

    private long verdictBits(int first) {
        if (verdicts.isEmpty()) {
            return -1;
        }
        return verdicts.stream().filter(verdict -> verdict >= first && verdict < first + Long.SIZE)
                .mapToLong(verdict -> 1L << verdict).reduce(0, (bits, bit) -> bits | bit);
    }
}
