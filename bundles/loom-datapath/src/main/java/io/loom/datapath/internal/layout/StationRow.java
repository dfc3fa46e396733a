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
    private static final int INTERFACE_AT = 48;

    private StationRow() {}

    /** The row that an interface has its words in. */
    public static int row(int ifindex) {
        return ifindex & ROWS - 1;
    }

    public static long word(int ifindex, MacAddress mac) {
        byte[] wide = new byte[Long.BYTES];
        System.arraycopy(mac.bytes(), 0, wide, 0, MacAddress.BYTES);
        return ByteBuffer.wrap(wide).order(ByteOrder.LITTLE_ENDIAN).getLong() | (long) (ifindex / ROWS) << INTERFACE_AT;
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
