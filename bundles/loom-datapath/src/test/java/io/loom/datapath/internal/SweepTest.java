package io.loom.datapath.internal;

import static io.loom.datapath.internal.TestHost.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.api.Family;
import io.loom.datapath.internal.layout.ConnectionWord;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.UpdateMode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SweepTest extends DataPlaneFixture {

    @Test
    void expiredConnectionsAndTheRepliesOfMethodsAreDeletedAndLiveOnesAreNot() throws Exception {
        balance(plane);
        runSyn();
        await("a sweep", () -> plane.read().connectionsActive() == 1);
        putReply(1, 0);
        putReply(2, 120);
        await("the sweep of replies", () -> entries("nat_kept4").size() == 1);
        assertEquals(1, plane.read().connectionsActive());
        // A SYN lives for 60 s.
        age(120);
        await("the sweep of connections", () -> plane.read().connectionsActive() == 0);
    }

    /** The client of a connection that was idle for longer than its timeout comes back, and under nat nobody knows it. */
    @Test
    void aTimeoutThatIsTooShortIsAWarning() throws Exception {
        balance(plane);
        runSyn();
        await("a sweep", () -> plane.read().connectionsActive() == 1);
        try (BpfMap map = open("loom_conns4")) {
            new ConnectionTable(Family.IPV4, map).walk((listener, client, rawPort, word) -> {
                ConnectionWord now = ConnectionWord.decode(word);
                return new ConnectionWord(now.backend(), true, 1, 0, now.cookie(), now.seen() - 1000).encode();
            });
        }
        await("the sweep of connections", () -> plane.read().connectionsActive() == 0);
        for (int i = 0; i < 10; i++) {
            assertEquals(2, runAck(40000).result(), "XDP_PASS");
        }
        await("the warning", () -> plane.problems().stream().anyMatch(problem -> problem.code().equals("LOOM-1294")
                && problem.why().contains("1 connections were idle for longer than ebpf.conntrack.tcp_timeouts.established")));
    }

    private static Map<ByteBuffer, byte[]> entries(String name) {
        Map<ByteBuffer, byte[]> found = new LinkedHashMap<>();
        try (BpfMap map = open(name)) {
            map.forEach((key, value) -> found.put(ByteBuffer.wrap(key), value));
        }
        return found;
    }

    private static BpfMap open(String name) {
        return BpfMap.open(ROOT.resolve("maps").resolve(name));
    }

    /** A reply half of nat's, in the state of the only connection and idle for so many ticks more. */
    private static void putReply(int backend, int ticks) {
        List<Long> words = new ArrayList<>();
        try (BpfMap map = open("loom_conns4")) {
            new ConnectionTable(Family.IPV4, map).walk((listener, client, rawPort, word) -> {
                words.add(word);
                return word;
            });
        }
        try (BpfMap map = open("nat_kept4")) {
            byte[] value = new byte[map.valueSize()];
            ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).putLong(0, aged(words.get(0), ticks));
            map.update(ByteBuffer.allocate(16).putInt(0, backend).array(), value, UpdateMode.NOEXIST);
        }
    }

    /** Moves all connections into the past. */
    private static void age(int ticks) {
        try (BpfMap map = open("loom_conns4")) {
            new ConnectionTable(Family.IPV4, map).walk((listener, client, rawPort, word) -> aged(word, ticks));
        }
    }

    private static long aged(long word, int ticks) {
        ConnectionWord now = ConnectionWord.decode(word);
        return new ConnectionWord(now.backend(), now.assured(), now.state(), now.fins(), now.cookie(), now.seen() - ticks).encode();
    }
}
