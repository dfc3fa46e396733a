package io.loom.datapath.internal.layout;

import java.nio.ByteBuffer;

/**
 * Value of loom_conns4/6.
 *
 * @param backend number
 * @param cookie  the forwarding method's own
 */
public record Connection(Age age, int backend, int cookie) {
    private static final Field AGE = new Field("age", 0, 8);
    private static final Field BACKEND = new Field("backend", 8, 4);
    private static final Field COOKIE = new Field("cookie", 12, 4);
    static final StructLayout LAYOUT = new StructLayout("loom_conn", 16, AGE, BACKEND, COOKIE);

    public byte[] encode() {
        ByteBuffer struct = LAYOUT.create();
        age.encode(struct);
        BACKEND.put(struct, backend);
        COOKIE.put(struct, cookie);
        return struct.array();
    }

    public static Connection decode(byte[] value) {
        ByteBuffer struct = LAYOUT.at(value);
        return new Connection(Age.decode(struct), (int) BACKEND.get(struct), (int) COOKIE.get(struct));
    }
}
