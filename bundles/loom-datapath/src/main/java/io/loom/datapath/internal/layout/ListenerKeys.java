package io.loom.datapath.internal.layout;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.Protocol;
import io.loom.control.dataplane.ListenerKey;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Keys of loom_listeners4 and loom_listeners6. */
public final class ListenerKeys {
    private static final Field ADDRESS4 = new Field("address", 0, 4);
    private static final Field PORT4 = new Field("port", 4, 2);
    private static final Field PROTOCOL4 = new Field("protocol", 6, 1);
    static final StructLayout LAYOUT4 = new StructLayout("loom_listener_key4", 8, ADDRESS4, PORT4, PROTOCOL4);

    private static final Field ADDRESS6 = new Field("address", 0, 16);
    private static final Field PORT6 = new Field("port", 16, 2);
    private static final Field PROTOCOL6 = new Field("protocol", 18, 1);
    static final StructLayout LAYOUT6 = new StructLayout("loom_listener_key6", 20, ADDRESS6, PORT6, PROTOCOL6);

    private ListenerKeys() {}

    public static byte[] encode(ListenerKey key) {
        boolean four = key.endpoint().family() == Family.IPV4;
        ByteBuffer struct = (four ? LAYOUT4 : LAYOUT6).create();
        Addresses.put(struct, four ? ADDRESS4 : ADDRESS6, key.endpoint().address());
        (four ? PORT4 : PORT6).putPort(struct, key.endpoint().port());
        (four ? PROTOCOL4 : PROTOCOL6).put(struct, key.protocol().number());
        return struct.array();
    }

    public static ListenerKey decode(Family family, byte[] key) {
        boolean four = family == Family.IPV4;
        ByteBuffer struct = (four ? LAYOUT4 : LAYOUT6).at(key);
        int protocol = (int) (four ? PROTOCOL4 : PROTOCOL6).get(struct);
        Endpoint endpoint = new Endpoint(
                Addresses.get(struct, four ? ADDRESS4 : ADDRESS6, family), (four ? PORT4 : PORT6).getPort(struct));
        return new ListenerKey(
                Arrays.stream(Protocol.values()).filter(p -> p.number() == protocol).findFirst().orElseThrow(), endpoint);
    }
}
