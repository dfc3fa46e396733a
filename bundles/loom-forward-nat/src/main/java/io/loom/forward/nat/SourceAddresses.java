package io.loom.forward.nat;

import io.loom.api.Family;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The addresses that connections have towards backends, as nat_sources4 and nat_sources6 of the object hold them. */
final class SourceAddresses {
    /** Index 0 is Loom's own address towards the backend. */
    private static final int FIRST = 1;
    /** Four 32-bit words for an address, whatever its family; constants of arrays are set by 64-bit words. */
    private static final int BYTES = 16;

    private SourceAddresses() {}

    static Map<String, Long> constants(List<InetAddress> addresses) {
        Map<String, Long> constants = new HashMap<>();
        for (Family family : Family.values()) {
            List<InetAddress> sources = addresses.stream().filter(address -> Family.of(address) == family).toList();
            constants.put("nat_source_count" + family.version(), (long) sources.size());
            for (int i = 0; i < sources.size(); i++) {
                put(constants, "nat_sources" + family.version(), FIRST + i, sources.get(i));
            }
        }
        return constants;
    }

    private static void put(Map<String, Long> constants, String array, int index, InetAddress address) {
        ByteBuffer words = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN).put(address.getAddress()).rewind();
        int first = index * BYTES / Long.BYTES;
        constants.put(array + "[" + first + "]", words.getLong());
        constants.put(array + "[" + (first + 1) + "]", words.getLong());
    }
}
