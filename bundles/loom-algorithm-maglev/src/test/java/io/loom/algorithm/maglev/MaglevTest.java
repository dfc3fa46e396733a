package io.loom.algorithm.maglev;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Endpoint;
import io.loom.api.IpAddress;
import io.loom.api.plugin.BackendSet;
import io.loom.api.plugin.BackendSet.Member;
import io.loom.api.plugin.LookupTable;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Properties of the table that the data plane and operators rely on. */
class MaglevTest {
    private static final int SIZE = 65537;

    private final Maglev maglev = new Maglev();

    @Test
    void flowsAreSpreadByHash() {
        assertEquals(LookupTable.Index.FLOW_HASH, maglev.build(equal(2), 7).index());
        assertEquals("maglev", maglev.name());
    }

    @Test
    void noBackendGivesAnEmptyTable() {
        assertEquals(0, build(new BackendSet(List.of())).length);
    }

    @Test
    void oneBackendHoldsEverySlot() {
        assertArrayEquals(new int[SIZE], build(equal(1)));
    }

    @Test
    void everySlotHasABackendWithin1000() {
        int[] share = share(build(equal(1000)), 1000);
        for (int slots : share) {
            assertTrue(slots == SIZE / 1000 || slots == SIZE / 1000 + 1, "a backend has " + slots + " slots");
        }
    }

    @Test
    void sharesFollowWeightsWithinOnePercent() {
        int[] weights = {100, 50, 7, 300, 1000, 999, 3};
        int[] share = share(build(weighted(weights)), weights.length);
        int total = IntStream.of(weights).sum();
        for (int i = 0; i < weights.length; i++) {
            double ideal = (double) SIZE * weights[i] / total;
            assertEquals(ideal, share[i], Math.max(1, ideal / 100), "slots of weight " + weights[i]);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 10, 1000, 65535, Integer.MAX_VALUE})
    void theLighterOfTwoKeepsItsShareAtAnyRatio(int heavy) {
        int[] share = share(build(weighted(heavy, 1)), 2);
        double ideal = Math.max(1, SIZE / (heavy + 1.0));
        assertEquals(ideal, share[1], 1 + ideal / 100);
        assertTrue(share[1] >= 1);
    }

    @Test
    void aThousandLightOnesBesideAHeavyOneEachGetASlot() {
        int[] weights = IntStream.concat(IntStream.of(65535), IntStream.generate(() -> 1).limit(1000)).toArray();
        int[] share = share(build(weighted(weights)), weights.length);
        for (int i = 1; i < share.length; i++) {
            assertEquals(1, share[i], "slots of light backend " + i);
        }
        assertEquals(SIZE - 1000, share[0]);
    }

    @Test
    void moreBackendsThanSlotsStillFillTheTable() {
        int[] share = share(maglev.build(equal(20), 7).slots(), 20);
        assertEquals(7, IntStream.of(share).filter(slots -> slots == 1).count());
    }

    @Test
    void removingOneOfTenMovesFewSlotsOfTheOthers() {
        BackendSet before = equal(10);
        List<Member> rest = new ArrayList<>(before.members());
        Member removed = rest.remove(4);
        assertTrue(movedShare(before, new BackendSet(rest), removed) < 0.03);
    }

    @Test
    void addingOneTakesItsShareAndMovesLittleElse() {
        BackendSet after = equal(11);
        BackendSet before = new BackendSet(after.members().subList(0, 10));
        assertTrue(movedShare(after, before, after.members().get(10)) < 0.03);
    }

    @Test
    void aChangedWeightMovesLittleMoreThanTheDifference() {
        int[] before = build(weighted(100, 100, 100, 100));
        int[] after = build(weighted(100, 100, 100, 50));
        long changed = IntStream.range(0, SIZE).filter(i -> before[i] != after[i]).count();
        double difference = SIZE * (1 / 4.0 - 50 / 350.0);
        assertTrue(changed < 1.5 * difference, changed + " slots changed, " + difference + " had to");
    }

    /** Expected values from a program in another language that sorts turns instead of keeping a calendar. */
    @Test
    void theTableIsTheSameOnEveryMachineAndInEveryRelease() {
        BackendSet backends = new BackendSet(List.of(
                member("10.0.1.10", 8080, 100), member("10.0.1.11", 8080, 50),
                member("10.0.1.12", 8080, 7), member("2001:db8::1", 443, 100)));
        assertEquals(0xa46621bbL, crc(build(backends)));
        assertEquals(0xc498e709L, crc(maglev.build(backends, 251).slots()));
    }

    @Test
    void portsOfOneAddressAreDifferentBackends() {
        int[] share = share(build(new BackendSet(List.of(
                member("10.0.1.10", 80, 1), member("10.0.1.10", 81, 1)))), 2);
        assertEquals(SIZE / 2.0, share[0], 1);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 1, 4, 65536, 65535})
    void aSizeThatIsNotPrimeIsRefused(int size) {
        BackendSet backends = equal(2);
        assertThrows(IllegalArgumentException.class, () -> maglev.build(backends, size));
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 5, 251, 1000003})
    void anyPrimeSizeIsFilled(int size) {
        int[] share = share(maglev.build(equal(2), size).slots(), 2);
        assertEquals(1, Math.abs(share[0] - share[1]) | 1);
    }

    private int[] build(BackendSet backends) {
        return maglev.build(backends, SIZE).slots();
    }

    /** The share of slots that did not belong to {@code removed} and still changed their backend. */
    private double movedShare(BackendSet before, BackendSet after, Member removed) {
        int[] old = build(before);
        int[] now = build(after);
        long moved = IntStream.range(0, SIZE)
                .filter(i -> !before.members().get(old[i]).equals(removed))
                .filter(i -> !before.members().get(old[i]).equals(after.members().get(now[i])))
                .count();
        return (double) moved / SIZE;
    }

    private static int[] share(int[] slots, int backends) {
        int[] share = new int[backends];
        for (int slot : slots) {
            share[slot]++;
        }
        return share;
    }

    private static BackendSet equal(int count) {
        return weighted(IntStream.generate(() -> 100).limit(count).toArray());
    }

    private static BackendSet weighted(int... weights) {
        return new BackendSet(IntStream.range(0, weights.length)
                .mapToObj(i -> member("10.1." + i / 250 + "." + (i % 250 + 1), 8080, weights[i]))
                .toList());
    }

    private static Member member(String address, int port, int weight) {
        return new Member(new Endpoint(IpAddress.parse(address).orElseThrow(), port), weight);
    }

    private static long crc(int[] slots) {
        ByteBuffer bytes = ByteBuffer.allocate(slots.length * Integer.BYTES);
        bytes.asIntBuffer().put(slots);
        CRC32 crc = new CRC32();
        crc.update(bytes.array());
        return crc.getValue();
    }
}
