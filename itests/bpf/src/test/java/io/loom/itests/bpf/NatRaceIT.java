package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Family;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What two CPUs that are at it at once never do to nat's keys and to a connection, millions of times; NatRaceControlIT shows
 * that they could. {@code -Dloom.full=true} makes it ten times as many.
 */
class NatRaceIT {
    private static final int FACTOR = Boolean.getBoolean("loom.full") ? 10 : 1;
    /** Of each CPU and family: more than a million claims. */
    private static final int KEY_RUNS = 400 * FACTOR;
    private static final int FLOW_BATCHES = 8 * FACTOR;

    @BeforeAll
    static void twoAreNeeded() {
        assertTrue(Runtime.getRuntime().availableProcessors() > 1, "races need two CPUs; this machine has one");
    }

    @ParameterizedTest
    @EnumSource
    void noTwoConnectionsEverHaveOneKey(Family family) throws Exception {
        Race.Count count = Race.keys(family, true, KEY_RUNS);
        assertTrue(count.claims() > 1_000_000L * FACTOR && count.seen() > 100_000L * FACTOR, count.toString());
        assertEquals(0, count.shared(), count.toString());
        assertEquals(0, count.strayed(), count.toString());
        assertEquals(0, count.torn(), count.toString());
    }

    @ParameterizedTest
    @EnumSource
    void oneFlowHasOneEntryAndOnePortAndKeepsItsFins(Family family) throws Exception {
        Race.Flows flows = Race.flows(family, true, FLOW_BATCHES);
        assertEquals(new Race.Outcome(0, 0, 0), flows.outcome(), flows.toString());
        assertEquals(0, flows.count().strayed(), flows.toString());
        assertEquals(0, flows.count().lost(), flows.toString());
    }
}
