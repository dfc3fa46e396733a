package io.loom.datapath.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Problem;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The specification's "No connection tracking: timeout too low". */
class ForgottenTest {
    private static final long SECOND = 1_000_000_000L;
    private static final int SYN_SENT = 0;
    private static final int ESTABLISHED = 1;
    private static final int FIN_WAIT = 2;
    private static final Map<Integer, Long> NONE = Map.of();

    private final Forgotten forgotten = new Forgotten();
    private long clock = -7 * SECOND;
    private long packets = 5000;

    private List<Problem> after(int seconds, int state, long idled, long unknown) {
        clock += seconds * SECOND;
        packets += unknown;
        return forgotten.look(idled == 0 ? NONE : Map.of(state, idled), packets, clock);
    }

    @Test
    void whoComesBackAfterConnectionsWereIdleIsToldOfAsLongAsHeComes() {
        assertEquals(List.of(), after(2, ESTABLISHED, 3, 0), "what was counted before this process began");
        assertEquals(List.of(), after(2, 0, 0, 9));
        Problem told = after(2, ESTABLISHED, 4, 1).get(0);
        assertEquals("LOOM-1294", told.code());
        assertTrue(told.why().startsWith("10 packets within a minute"), told.why());
        assertTrue(told.why().contains("7 connections were idle for longer than ebpf.conntrack.tcp_timeouts.established"), told.why());
        assertTrue(told.fix().startsWith("increase ebpf.conntrack.timeout"), told.fix());
        for (int i = 0; i < 28; i++) {
            assertEquals(1, after(2, 0, 0, 0).size(), "after " + 2 * i + " s");
        }
        assertEquals(List.of(), after(6, 0, 0, 0), "a minute without any");
        assertEquals(1, after(2, 0, 0, 10).size(), "and again");
    }

    @Test
    void oneWithoutTheOtherMeansNothing() {
        after(2, 0, 0, 0);
        assertEquals(List.of(), after(2, 0, 0, 100_000), "after a failover, or who looks for open ports");
        assertEquals(List.of(), after(2, SYN_SENT, 100_000, 0), "handshakes that nobody finishes");
        assertEquals(List.of(), after(62, ESTABLISHED, 100, 9), "clients that have vanished");
        assertEquals(List.of(), after(3700, 0, 0, 100), "long ago");
    }

    @Test
    void halfClosedOnesHaveATimeoutOfTheirOwn() {
        after(2, ESTABLISHED, 1, 0);
        Problem told = after(2, FIN_WAIT, 2, 10).get(0);
        assertTrue(told.fix().startsWith("increase ebpf.conntrack.tcp_timeouts.fin_wait "), told.fix());
        assertTrue(after(2, ESTABLISHED, 5, 0).get(0).fix().contains("tcp_timeouts.established"));
    }
}
