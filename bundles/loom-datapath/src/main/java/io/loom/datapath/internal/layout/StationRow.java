package io.loom.datapath.internal.layout;

import io.loom.api.MacAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Rows of loom_stations: which MAC addresses are ours, by the interface where frames come in. A word is both. */
public final class StationRow {
    /** LOOM_STATION_ROWS. */
    public static final int ROWS = 64;
    /** LOOM_STATIONS. */
    public static final int ROOM = 32;

    private static final Field STATION = new Field("station", 0, ROOM * Long.BYTES);
    static final StructLayout LAYOUT = new StructLayout("loom_stations", ROOM * Long.BYTES, STATION);
    /** LOOM_STATION_MAC_AT. */
    private static final int MAC_AT = 16;

    private StationRow() {}

    /** The row that an interface has its words in. */
    public static int row(int ifindex) {
        return ifindex & ROWS - 1;
    }

    public static long word(int ifindex, MacAddress mac) {
        ByteBuffer wide = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).put(mac.bytes()).rewind();
        return wide.getLong() << MAC_AT ^ ifindex / ROWS;
    }

    /** @param words at most {@link #ROOM} */
    public static byte[] encode(List<Long> words) {
        ByteBuffer struct = LAYOUT.create();
        words.forEach(struct::putLong);
        return struct.array();
    }

    public static List<Long> decode(byte[] value) {
        ByteBuffer struct = LAYOUT.at(value);
        List<Long> words = new ArrayList<>();
        for (int at = 0; at < ROOM && struct.getLong(at * Long.BYTES) != 0; at++) {
            words.add(struct.getLong(at * Long.BYTES));
        }
        return words;
    }
}
