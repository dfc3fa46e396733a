package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.datapath.ScratchPlane;
import io.loom.datapath.internal.Keys;
import io.loom.datapath.internal.layout.VerdictCount;

/** What is counted beside verdicts: how often it happened, and no bytes. */
final class Events {
    static final int MAP_FULL = 96;
    static final int EVICTED = 97;
    static final int TRACE_LOST = 98;

    private Events() {}

    static long count(ScratchPlane plane, int event) {
        VerdictCount count = VerdictCount.sum(plane.map("loom_verdicts").lookup(Keys.of(event)).orElseThrow());
        assertEquals(new VerdictCount(count.packets(), 0, 0), count, "an event has no bytes");
        return count.packets();
    }
}
