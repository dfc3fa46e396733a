package io.loom.algorithm.roundrobin;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.api.Endpoint;
import io.loom.api.IpAddress;
import io.loom.api.plugin.BackendSet;
import io.loom.api.plugin.BackendSet.Member;
import io.loom.api.plugin.LookupTable;
import java.util.List;
import org.junit.jupiter.api.Test;

class RoundRobinTest {

    private static Member member(int host, int weight) {
        return new Member(new Endpoint(IpAddress.parse("192.0.2." + host).orElseThrow(), 80), weight);
    }

    @Test
    void everyBackendHasOneTurnWhateverItsWeight() {
        LookupTable table = new RoundRobin().build(
                new BackendSet(List.of(member(1, 1), member(2, 1000), member(3, 7))), 65537);
        assertEquals(LookupTable.Index.COUNTER, table.index());
        assertArrayEquals(new int[] {0, 1, 2}, table.slots());
    }

    @Test
    void withoutBackendsTheTableIsEmpty() {
        assertEquals(0, new RoundRobin().build(new BackendSet(List.of()), 65537).slots().length);
    }
}
