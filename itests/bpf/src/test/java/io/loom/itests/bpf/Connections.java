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

/** The tracked connections of a family: what tests read of them, and how they move them into the past. */
final class Connections {
    private Connections() {}

    static List<ConnectionWord> all(ScratchPlane plane, Family family) {
        List<ConnectionWord> found = new ArrayList<>();
        plane.connections(family).walk((listener, client, rawPort, word) -> {
            found.add(ConnectionWord.decode(word));
            return word;
        });
        return found;
    }

    /** Forgets all of them. */
    static void clear(ScratchPlane plane, Family family) {
        plane.connections(family).walk((listener, client, rawPort, word) -> 0);
    }

    /** As if so many ticks more had gone by since the last packet of each. */
    static void age(ScratchPlane plane, Family family, int ticks) {
        plane.connections(family).walk((listener, client, rawPort, word) -> aged(word, ticks));
    }

    /** The same for what is remembered of clients: the second word of struct loom_affinity. */
    static void ageClients(ScratchPlane plane, Family family, int ticks) {
        BpfMap map = plane.map("loom_affinity" + family.version());
        map.forEach((key, value) -> {
            ByteBuffer fields = ByteBuffer.wrap(value.clone()).order(ByteOrder.LITTLE_ENDIAN);
            map.update(key, fields.putInt(4, fields.getInt(4) - ticks).array(), UpdateMode.EXIST);
        });
    }

    /** The tick at which the only client that is remembered was last seen. */
    static int clientSeen(ScratchPlane plane, Family family) {
        List<Integer> seen = new ArrayList<>();
        plane.map("loom_affinity" + family.version())
                .forEach((key, value) -> seen.add(ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).getInt(4)));
        if (seen.size() != 1) {
            throw new AssertionError("remembered: " + seen.size());
        }
        return seen.get(0);
    }

    static long aged(long word, int ticks) {
        ConnectionWord now = ConnectionWord.decode(word);
        return new ConnectionWord(now.backend(), now.assured(), now.state(), now.fins(), now.cookie(), now.seen() - ticks).encode();
    }
}
