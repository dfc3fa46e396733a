package io.loom.itests.bench;

import io.loom.api.Family;
import java.util.Optional;

/**
 * What Katran's data path costs by the same method: its program inside the same wrapper, the same frames and flows, 31 rounds
 * of 32,768 packets. Compiled in, because Katran is not at hand where this runs. Measured on two machines, because calls into the
 * kernel and cache misses cost differently: nothing on one follows from the other.
 */
final class Reference {
    private Reference() {
    }

    /** Where Katran was measured. */
    enum Machine {
        /** Where each indirect call costs much, as the floor shows, which consists of them. */
        COSTLY_CALLS(34, "2026-11-24"),
        CHEAP_CALLS(9, "2026-11-26");

        private final double floor;
        private final String day;

        Machine(double floor, String day) {
            this.floor = floor;
            this.day = day;
        }

        /** The one whose floor is nearest to this, as a ratio. */
        static Machine like(double floor) {
            return floor * floor < COSTLY_CALLS.floor * CHEAP_CALLS.floor ? CHEAP_CALLS : COSTLY_CALLS;
        }
    }

    static String source(double floor) {
        Machine machine = Machine.like(floor);
        return String.format("Katran, commit 19f08fec, measured %s on a machine with a floor of %.0f ns; scaled by this run's floor",
                machine.day, machine.floor);
    }

    /**
     * Net nanoseconds, IPv4 and IPv6. With costly calls a pair for each {@link Traffic}, or one where that makes no difference; with
     * cheap ones of steady traffic alone.
     */
    enum Figure {
        ESTABLISHED_1(of(102, 101, 103, 103, 102, 101), of(66, 59)),
        ESTABLISHED_16K(of(372, 358, 386, 386, 207, 219), of(208, 189)),
        ESTABLISHED_128K(of(413, 408, 428, 420, 233, 240), of(401, 367)),
        ESTABLISHED_1M(of(549, 553, 645, 593, 371, 362), of(589, 501)),
        /** SYNs into a full table, without Katran's limit on their rate. */
        NEW(of(835, 834), of(707, 755)),
        MISS(of(918, 895), of(714, 757)),
        UDP(of(131, 130), of(92, 86)),
        GUE(of(282, 278), of(119, 117)),
        PASS(of(48, 47), of(28, 27));

        private final int[] costlyCalls;
        private final int[] cheapCalls;

        Figure(int[] costlyCalls, int[] cheapCalls) {
            this.costlyCalls = costlyCalls;
            this.cheapCalls = cheapCalls;
        }

        private static int[] of(int... nanoseconds) {
            return nanoseconds;
        }

        /** As it would be on a machine with this floor; empty if it was not measured on any like it. */
        Optional<Double> scaled(Family family, Traffic traffic, double floor) {
            Machine machine = Machine.like(floor);
            int[] nanoseconds = machine == Machine.COSTLY_CALLS ? costlyCalls : cheapCalls;
            if (machine == Machine.CHEAP_CALLS && traffic != Traffic.STEADY) {
                return Optional.empty();
            }
            int pair = nanoseconds.length == 2 ? 0 : 2 * traffic.ordinal();
            return Optional.of(nanoseconds[pair + family.ordinal()] * floor / machine.floor);
        }
    }
}
