package io.loom.datapath.internal;

import io.loom.api.Family;
import io.loom.api.Prefix;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/** The decision that the program takes about a source, for connections that exist already. Immutable. */
final class SourceRules {
    static final SourceRules NONE = new SourceRules(Map.of());

    /** By family, then by length of the prefix, longest first: whether the prefix is denied. */
    private final Map<Family, NavigableMap<Integer, Map<Bits, Boolean>>> rules = new HashMap<>();

    /** The first bits of an address. */
    private record Bits(long high, long low) {
        static Bits of(byte[] address) {
            ByteBuffer bytes = ByteBuffer.allocate(2 * Long.BYTES).put(address);
            return new Bits(bytes.getLong(0), bytes.getLong(Long.BYTES));
        }

        Bits first(int count) {
            return new Bits(high & mask(count), low & mask(count - Long.SIZE));
        }

        private static long mask(int count) {
            return count <= 0 ? 0 : count >= Long.SIZE ? -1 : -1L << Long.SIZE - count;
        }
    }

    /** @param denied by prefix: true if it is, false if it is allowed */
    SourceRules(Map<Prefix, Boolean> denied) {
        denied.forEach((prefix, deny) -> rules
                .computeIfAbsent(prefix.family(), family -> new TreeMap<Integer, Map<Bits, Boolean>>().descendingMap())
                .computeIfAbsent(prefix.length(), length -> new HashMap<>())
                .put(Bits.of(prefix.address().getAddress()), deny));
    }

    /** @param client address words, one or four, bytes of the packet read little endian */
    boolean denies(int[] client) {
        NavigableMap<Integer, Map<Bits, Boolean>> lengths = rules.get(client.length == 1 ? Family.IPV4 : Family.IPV6);
        if (lengths == null) {
            return false;
        }
        ByteBuffer address = ByteBuffer.allocate(client.length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int word : client) {
            address.putInt(word);
        }
        Bits bits = Bits.of(address.array());
        for (Map.Entry<Integer, Map<Bits, Boolean>> length : lengths.entrySet()) {
            Boolean deny = length.getValue().get(bits.first(length.getKey()));
            if (deny != null) {
                return deny;
            }
        }
        return false;
    }
}
