package io.loom.api.plugin;

import java.util.List;
import java.util.Map;

/**
 * Packets that a newly linked program must treat as expected, on scratch maps, before it replaces the running one.
 *
 * @param constants replace those of the {@link Description} for the test, so that the result does not depend on chance
 * @param cases     run in order on one set of maps: a connection that one case opens is there for the next
 */
public record SelfTest(Map<String, Long> constants, List<PacketCase> cases) {
    public SelfTest {
        constants = Map.copyOf(constants);
        cases = List.copyOf(cases);
    }
}
