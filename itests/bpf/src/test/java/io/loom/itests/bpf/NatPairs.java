package io.loom.itests.bpf;

import io.loom.api.Family;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.internal.layout.ConnectionWord;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.UpdateMode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongUnaryOperator;

/** The reply halves of nat's connections: its table of pairs, and the hash of those that keep the client's address. */
final class NatPairs {
    private static final int IFINDEX_AT = 12;
    private static final int BACKEND_PORT_AT = 16;
    private static final int SOURCE_PORT_AT = 18;
    private static final int AWAITED_AT = 40;
    private static final int BACKEND_AT = 48;

    private final Family family;
    private final BpfMap pairs;
    private final BpfMap kept;

    NatPairs(ScratchPlane plane, Family family) {
        this.family = family;
        this.pairs = plane.map("nat_pairs" + family.version());
        this.kept = plane.map("nat_kept" + family.version());
    }

    /** Of all connections. */
    List<Long> words() {
        List<Long> words = new ArrayList<>();
        for (BpfMap map : List.of(pairs, kept)) {
            map.forEach((key, value) -> {
                if (ConnectionWord.head(value) != 0) {
                    words.add(ConnectionWord.head(value));
                }
            });
        }
        return words;
    }

    /** What becomes of the word of each connection; 0: it is forgotten. */
    void replace(LongUnaryOperator next) {
        pairs.forEach((place, pair) -> {
            long word = ConnectionWord.head(pair);
            if (word != 0) {
                pairs.update(place, with(pair, next.applyAsLong(word)), UpdateMode.EXIST);
            }
        });
        List<byte[]> gone = new ArrayList<>();
        kept.forEach((key, value) -> {
            long word = next.applyAsLong(ConnectionWord.head(value));
            if (word == 0) {
                gone.add(key.clone());
            } else {
                kept.update(key, with(value, word), UpdateMode.EXIST);
            }
        });
        gone.forEach(kept::delete);
    }

    /** All backends have answered their SYN: this is what clients have to acknowledge. */
    void await(int acknowledgement) {
        pairs.forEach((place, pair) -> {
            if (ConnectionWord.head(pair) != 0) {
                ByteBuffer.wrap(pair).order(ByteOrder.LITTLE_ENDIAN).putInt(AWAITED_AT, acknowledgement);
                pairs.update(place, pair, UpdateMode.EXIST);
            }
        });
    }

    /** Forgets all of them. */
    void clear() {
        replace(word -> 0);
    }

    private static byte[] with(byte[] value, long word) {
        return ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).putLong(0, word).array();
    }

    /** Writes the interface that clients come in on. */
    void comeInOn(int ifindex) {
        pairs.forEach((place, pair) -> {
            ByteBuffer.wrap(pair).order(ByteOrder.LITTLE_ENDIAN).putInt(IFINDEX_AT, ifindex);
            pairs.update(place, pair, UpdateMode.EXIST);
        });
    }

    /** What tells a reply's connection, of each in the table: backend's port, Loom's port, backend, Loom's address. */
    List<ByteBuffer> keys() {
        List<ByteBuffer> keys = new ArrayList<>();
        int addresses = 2 * family.addressBytes();
        pairs.forEach((place, pair) -> {
            if (ConnectionWord.head(pair) != 0) {
                keys.add(ByteBuffer.allocate(2 * Short.BYTES + addresses)
                        .put(pair, BACKEND_PORT_AT, SOURCE_PORT_AT + Short.BYTES - BACKEND_PORT_AT)
                        .put(pair, BACKEND_AT, addresses).flip());
            }
        });
        return keys;
    }
}
