package io.loom.datapath.internal;

import io.loom.libbpf.Btf;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Where a table of pairs of another size has a pair: the twin of nat_hash() and nat_place() in forward/nat/pair.h. A table with a multiple
 * of the groups has a place of its own for each that the smaller one has, since places follow the order of the hashes.
 */
final class PairPlaces {
    private static final long GOLDEN = 0x9e3779b97f4a7c15L;
    private static final long SPREAD = 0xd6e8feb86659fd93L;
    private static final int WAYS = 4;

    private final int port;
    private final int protocol;
    private final int address;
    private final int words;
    private final long seed;
    private final int groups;

    /** @param pair struct nat_pair4 or nat_pair6, or another method's that begins likewise */
    PairPlaces(Btf.Struct pair, long seed, int groups) {
        this.port = offset(pair, "port");
        this.protocol = offset(pair, "protocol");
        this.address = offset(pair, "address");
        this.words = pair.name().endsWith("6") ? 4 : 1;
        this.seed = seed;
        this.groups = groups;
    }

    private static int offset(Btf.Struct pair, String member) {
        return pair.member(member).orElseThrow(() -> new IllegalArgumentException(pair.name() + " has no " + member)).offset();
    }

    int of(byte[] value) {
        ByteBuffer fields = ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN);
        long hash = seed;
        for (int i = 0; i < words; i++) {
            long backend = Integer.toUnsignedLong(fields.getInt(address + i * Integer.BYTES));
            hash = mix(hash, backend << 32 | Integer.toUnsignedLong(fields.getInt(address + (words + i) * Integer.BYTES)));
        }
        hash = mix(hash, (long) Short.toUnsignedInt(fields.getShort(port)) << 8 | fields.get(protocol) & 0xff);
        int source = Short.toUnsignedInt(Short.reverseBytes(fields.getShort(port + Short.BYTES)));
        long spread = mix(hash, source / WAYS) * SPREAD;
        return (int) ((spread >>> 32) * groups >>> 32) * WAYS + source % WAYS;
    }

    private static long mix(long hash, long word) {
        long mixed = (hash ^ word) * GOLDEN;
        return mixed ^ mixed >>> 32;
    }
}
