package io.loom.datapath.internal;

import io.loom.api.Family;
import io.loom.control.dataplane.ListenerKey;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The twin of loom_flow_hash() in core/listener.h: which entry of a lookup table a flow has. The listener's share is kept
 * ready. Words are bytes of the packet, read little endian.
 */
public final class FlowHash {
    private static final long GOLDEN = 0x9e3779b97f4a7c15L;

    private final long vip0;
    private final long vip1;
    private final boolean four;
    private final long portsAndProtocol;

    public FlowHash(ListenerKey listener) {
        ByteBuffer address = ByteBuffer.wrap(listener.endpoint().address().getAddress()).order(ByteOrder.LITTLE_ENDIAN);
        this.four = listener.endpoint().family() == Family.IPV4;
        this.vip0 = four ? Integer.toUnsignedLong(address.getInt(0)) : pair(address.getInt(0), address.getInt(4));
        this.vip1 = four ? 0 : pair(address.getInt(8), address.getInt(12));
        int port = Short.toUnsignedInt(Short.reverseBytes((short) listener.endpoint().port()));
        this.portsAndProtocol = (long) port << 16 | listener.protocol().number();
    }

    /**
     * @param client  address: one word for IPv4, four for IPv6
     * @param rawPort the client's
     * @return 32 bits, unsigned
     */
    public int of(int[] client, int rawPort) {
        long hash = mix(0, (long) rawPort << 32 | portsAndProtocol);
        if (four) {
            hash = mix(hash, (long) client[0] << 32 | vip0);
        } else {
            hash = mix(hash, pair(client[0], client[1]));
            hash = mix(hash, pair(client[2], client[3]));
            hash = mix(hash, vip0);
            hash = mix(hash, vip1);
        }
        return (int) (mix(hash, hash >>> 29) >>> 32);
    }

    /** The position in a table of that size. */
    public static int position(int hash, int size) {
        return (int) (Integer.toUnsignedLong(hash) * size >>> 32);
    }

    private static long pair(int first, int second) {
        return (long) first << 32 | Integer.toUnsignedLong(second);
    }

    private static long mix(long hash, long word) {
        long mixed = (hash ^ word) * GOLDEN;
        return mixed ^ mixed >>> 32;
    }
}
