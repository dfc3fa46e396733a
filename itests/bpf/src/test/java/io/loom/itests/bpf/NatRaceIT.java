package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Family;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What two CPUs that are at it at once never do to nat's keys and to a connection, millions of times; and that the same code
 * without its locks does. {@code -Dloom.full=true} makes it ten times as many.
 */
class NatRaceIT {
    private static final int FACTOR = Boolean.getBoolean("loom.full") ? 10 : 1;
    /** Of each CPU and family: more than a million claims. */
    private static final int KEY_RUNS = 400 * FACTOR;
    private static final int FLOW_BATCHES = 8 * FACTOR;
    private static final int CONTROL_RUNS = 50;
    /** A busy machine may give one of the CPUs to somebody else for as long as a control takes. */
    private static final int CONTROLS = 20;

    @BeforeAll
    static void twoAreNeeded() {
        assertTrue(Runtime.getRuntime().availableProcessors() > 1, "races need two CPUs; this machine has one");
    }

    private static Race.Count raceForKeys(Family family, boolean locked, int runs) throws Exception {
        try (Race race = Race.forKeys(family, locked)) {
            race.run("race_keys", runs);
            return race.count();
        }
    }

    @ParameterizedTest
    @EnumSource
    void noTwoConnectionsEverHaveOneKey(Family family) throws Exception {
        Race.Count count = raceForKeys(family, true, KEY_RUNS);
        assertTrue(count.claims() > 1_000_000L * FACTOR && count.seen() > 100_000L * FACTOR, count.toString());
        assertEquals(0, count.shared(), count.toString());
        assertEquals(0, count.strayed(), count.toString());
        assertEquals(0, count.torn(), count.toString());
    }

    @ParameterizedTest
    @EnumSource
    void withoutLocksTheyDo(Family family) throws Exception {
        Race.Count count = raceForKeys(family, false, CONTROL_RUNS);
        for (int i = 1; i < CONTROLS && count.shared() == 0; i++) {
            count = raceForKeys(family, false, CONTROL_RUNS);
        }
        assertTrue(count.shared() > 0, count.toString());
        assertTrue(count.strayed() > 0, count.toString());
    }

    private record Flows(Race.Count count, Race.Outcome outcome) {
    }

    private static Flows raceForFlows(Family family, boolean locked, int batches) throws Exception {
        try (Race race = Race.forFlows(family, locked)) {
            Race.Outcome outcome = new Race.Outcome(0, 0, 0);
            for (int batch = 0; batch < batches; batch++) {
                race.run("race_flow", Race.FLOWS / Race.TURNS);
                outcome = outcome.plus(race.outcome());
            }
            return new Flows(race.count(), outcome);
        }
    }

    @ParameterizedTest
    @EnumSource
    void oneFlowHasOneEntryAndOnePortAndKeepsItsFins(Family family) throws Exception {
        Flows flows = raceForFlows(family, true, FLOW_BATCHES);
        assertEquals(new Race.Outcome(0, 0, 0), flows.outcome(), flows.toString());
        assertEquals(0, flows.count().strayed(), flows.toString());
        assertEquals(0, flows.count().lost(), flows.toString());
    }

    @ParameterizedTest
    @EnumSource
    void withoutLocksItHasTwo(Family family) throws Exception {
        Flows flows = raceForFlows(family, false, 1);
        for (int i = 1; i < CONTROLS && flows.outcome().differing() == 0; i++) {
            flows = raceForFlows(family, false, 1);
        }
        assertTrue(flows.outcome().differing() > 0, flows.toString());
        assertTrue(flows.outcome().uncertain() > 0, flows.toString());
    }
}
