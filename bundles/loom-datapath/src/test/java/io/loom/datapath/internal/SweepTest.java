package io.loom.datapath.internal;

import static io.loom.datapath.internal.TestHost.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.datapath.Composer;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.BpfObject;
import io.loom.libbpf.UpdateMode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SweepTest extends DataPlaneFixture {

    @Test
    void expiredConnectionsAndTheRepliesOfMethodsAreDeletedAndLiveOnesAreNot() throws Exception {
        balance(plane);
        runSyn();
        assertEquals(1, entries("loom_conns4").size());
        int replies = entries("nat_replies4").size();
        assertEquals(1, replies);
        await("a sweep", () -> plane.read().connectionsActive() == 1);
        // A SYN lives for 60 s; the second entry of each map is two minutes old.
        addOldTwin("loom_conns4");
        addOldTwin("nat_replies4");
        await("the sweep", () -> entries("loom_conns4").size() == 1 && entries("nat_replies4").size() == replies);
        assertEquals(1, plane.read().connectionsActive());
    }

    private static Map<ByteBuffer, byte[]> entries(String name) {
        Map<ByteBuffer, byte[]> found = new LinkedHashMap<>();
        try (BpfMap map = BpfMap.open(ROOT.resolve("maps").resolve(name))) {
            map.forEach((key, value) -> found.put(ByteBuffer.wrap(key), value));
        }
        return found;
    }

    /** The first entry once more, from another port and last seen two minutes ago. */
    private static void addOldTwin(String name) {
        Map.Entry<ByteBuffer, byte[]> first = entries(name).entrySet().iterator().next();
        byte[] key = first.getKey().array().clone();
        key[4] ^= 1;
        byte[] value = first.getValue().clone();
        int now = now();
        ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).putInt(0, now - 120 * 1000);
        try (BpfMap map = BpfMap.open(ROOT.resolve("maps").resolve(name))) {
            map.update(key, value, UpdateMode.NOEXIST);
        }
        assertEquals(2, entries(name).size());
    }

    private static int now() {
        try (BpfObject object = BpfObject.open("clock", Composer.object("nexthop"))) {
            object.load();
            return new KernelClock(object.program("loom_clock")).now();
        }
    }
}
