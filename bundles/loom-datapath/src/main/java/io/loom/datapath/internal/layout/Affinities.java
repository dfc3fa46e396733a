package io.loom.datapath.internal.layout;

import java.nio.ByteBuffer;

/** Keys and values of loom_affinity4 and loom_affinity6. */
public final class Affinities {
    private static final Field BACKEND = new Field("backend", 0, 4);
    private static final Field SEEN = new Field("seen", 4, 4);
    static final StructLayout LAYOUT = new StructLayout("loom_affinity", 8, BACKEND, SEEN);
    static final StructLayout KEY_LAYOUT4 =
            new StructLayout("loom_affinity_key4", 8, new Field("client", 0, 4), new Field("vip", 4, 4));
    static final StructLayout KEY_LAYOUT6 =
            new StructLayout("loom_affinity_key6", 20, new Field("client", 0, 16), new Field("vip", 16, 4));

    private Affinities() {}

    /** Number of the backend that a client is used to. */
    public static int backend(byte[] value) {
        return (int) BACKEND.get(LAYOUT.at(value));
    }

    /** @param now tick */
    public static boolean expired(byte[] value, int now, int timeout) {
        ByteBuffer struct = LAYOUT.at(value);
        return now - (int) SEEN.get(struct) > timeout;
    }
}
