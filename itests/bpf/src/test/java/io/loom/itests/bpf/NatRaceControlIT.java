package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Family;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The checks of NatRaceIT can fail: without its locks the same code does what they look for. */
class NatRaceControlIT {
    private static final int RUNS = 50;
    /** A busy machine may give one of the CPUs to somebody else for as long as one attempt takes. */
    private static final int ATTEMPTS = 20;

    @BeforeAll
    static void twoAreNeeded() {
        assertTrue(Runtime.getRuntime().availableProcessors() > 1, "races need two CPUs; this machine has one");
    }

    @ParameterizedTest
    @EnumSource
    void withoutLocksTwoConnectionsHaveOneKey(Family family) throws Exception {
        Race.Count count = Race.keys(family, false, RUNS);
        for (int i = 1; i < ATTEMPTS && count.shared() == 0; i++) {
            count = Race.keys(family, false, RUNS);
        }
        assertTrue(count.shared() > 0, count.toString());
        assertTrue(count.strayed() > 0, count.toString());
    }

    @ParameterizedTest
    @EnumSource
    void withoutLocksOneFlowHasTwoPorts(Family family) throws Exception {
        Race.Flows flows = Race.flows(family, false, 1);
        for (int i = 1; i < ATTEMPTS && flows.outcome().differing() == 0; i++) {
            flows = Race.flows(family, false, 1);
        }
        assertTrue(flows.outcome().differing() > 0, flows.toString());
        assertTrue(flows.outcome().uncertain() > 0, flows.toString());
    }
}
