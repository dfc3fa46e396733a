package io.loom.datapath.internal.layout;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import java.nio.ByteBuffer;

/** Keys of loom_conns4 and loom_conns6: the client's end and the number of the listener. */
public final class ConnectionKeys {
    private static final Field ADDRESS4 = new Field("address", 0, 4);
    private static final Field PORT4 = new Field("port", 4, 2);
    private static final Field LISTENER4 = new Field("listener", 6, 2);
    static final StructLayout LAYOUT4 = new StructLayout("loom_conn_key4", 8, ADDRESS4, PORT4, LISTENER4);

    private static final Field ADDRESS6 = new Field("address", 0, 16);
    private static final Field PORT6 = new Field("port", 16, 2);
    private static final Field LISTENER6 = new Field("listener", 18, 2);
    static final StructLayout LAYOUT6 = new StructLayout("loom_conn_key6", 20, ADDRESS6, PORT6, LISTENER6);

    private ConnectionKeys() {}

    public static byte[] encode(Endpoint client, int listener) {
        boolean four = client.family() == Family.IPV4;
        ByteBuffer struct = (four ? LAYOUT4 : LAYOUT6).create();
        Addresses.put(struct, four ? ADDRESS4 : ADDRESS6, client.address());
        (four ? PORT4 : PORT6).putPort(struct, client.port());
        (four ? LISTENER4 : LISTENER6).put(struct, listener);
        return struct.array();
    }

    /** @param client words of the packet, as is {@code rawPort} */
    public static byte[] of(Family family, int[] client, int rawPort, int listener) {
        boolean four = family == Family.IPV4;
        ByteBuffer struct = (four ? LAYOUT4 : LAYOUT6).create();
        for (int i = 0; i < client.length; i++) {
            struct.putInt((four ? ADDRESS4 : ADDRESS6).offset() + i * Integer.BYTES, client[i]);
        }
        struct.putShort((four ? PORT4 : PORT6).offset(), (short) rawPort);
        (four ? LISTENER4 : LISTENER6).put(struct, listener);
        return struct.array();
    }

    /** Number of the listener that the connection came to. */
    public static int listener(Family family, byte[] key) {
        return family == Family.IPV4
                ? (int) LISTENER4.get(LAYOUT4.at(key))
                : (int) LISTENER6.get(LAYOUT6.at(key));
    }
}
