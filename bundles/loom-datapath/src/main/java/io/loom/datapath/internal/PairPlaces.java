package io.loom.datapath.internal;

import io.loom.libbpf.Btf;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Where a table of pairs of some size has a pair: the twin of nat_hash() and nat_place() in forward/nat/pair.h. A table with a multiple
 * of the groups has a place of its own for each that the smaller one has, since places follow the order of the hashes. Words are those of
 * packets, read little endian.
 */
final class PairPlaces {
    private static final long GOLDEN = 0x9e3779b97f4a7c15L;
    private static final long SPREAD = 0xd6e8feb86659fd93L;
    private static final int WAYS = 4;
    private static final int CLIENT_PORT = 2;

    private final int port;
    private final int protocol;
    private final int listener;
    private final int address;
    private final int words;
    private final long seed;
    private final int groups;

    /** @param pair struct nat_pair4 or nat_pair6, or another method's that begins likewise */
    PairPlaces(Btf.Struct pair, long seed, int groups) {
        this.port = offset(pair, "port");
        this.protocol = offset(pair, "protocol");
        this.listener = offset(pair, "listener");
        this.address = offset(pair, "address");
        this.words = pair.name().endsWith("6") ? 4 : 1;
        this.seed = seed;
        this.groups = groups;
    }

    private static int offset(Btf.Struct pair, String member) {
        return pair.member(member).orElseThrow(() -> new IllegalArgumentException(pair.name() + " has no " + member)).offset();
    }

    private static ByteBuffer fields(byte[] value) {
        return ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Of a pair that is there. */
    int of(byte[] value) {
        ByteBuffer pair = fields(value);
        int source = Short.toUnsignedInt(Short.reverseBytes(pair.getShort(port + Short.BYTES)));
        return of(pair, address, pair, address + words * Integer.BYTES, Short.toUnsignedInt(pair.getShort(port)), pair.get(protocol) & 0xff, source);
    }

    /**
     * Of one that may be there.
     *
     * @param backend  with the backend's address at {@code at}
     * @param source   with Loom's address at {@code from}
     * @param rawPort  the backend's
     * @param port     Loom's
     */
    int of(ByteBuffer backend, int at, ByteBuffer source, int from, int rawPort, int protocol, int port) {
        long hash = seed;
        for (int i = 0; i < words; i++) {
            long theirs = Integer.toUnsignedLong(backend.getInt(at + i * Integer.BYTES));
            hash = mix(hash, theirs << 32 | Integer.toUnsignedLong(source.getInt(from + i * Integer.BYTES)));
        }
        long spread = mix(mix(hash, (long) rawPort << 8 | protocol), port / WAYS) * SPREAD;
        return (int) ((spread >>> 32) * groups >>> 32) * WAYS + port % WAYS;
    }

    /** Whether the pair is that client's connection. */
    boolean isOf(byte[] value, int number, int[] client, int rawPort) {
        ByteBuffer pair = fields(value);
        boolean same = Short.toUnsignedInt(pair.getShort(listener)) == number
                && Short.toUnsignedInt(pair.getShort(port + CLIENT_PORT * Short.BYTES)) == rawPort;
        for (int i = 0; i < words; i++) {
            same &= pair.getInt(address + (2 * words + i) * Integer.BYTES) == client[i];
        }
        return same;
    }

    private static long mix(long hash, long word) {
        long mixed = (hash ^ word) * GOLDEN;
        return mixed ^ mixed >>> 32;
    }
}
