package io.loom.itests.bench;

import io.loom.api.Family;

/**
 * What Katran's data path costs by the same method: its program inside the same wrapper, the same frames and flows, 31 rounds
 * of 32,768 packets. Compiled in, because Katran is not at hand where this runs.
 */
final class Reference {
    static final String SOURCE = "Katran, commit 19f08fec, measured 2026-11-24 on the same kind of machine with a floor of"
            + " 34 ns; scaled by this run's floor";
    private static final double FLOOR = 34;

    private Reference() {
    }

    /** Net nanoseconds by {@link Traffic}, each IPv4 and IPv6; one pair where that makes no difference. */
    enum Figure {
        ESTABLISHED_1(102, 101, 103, 103, 102, 101),
        ESTABLISHED_16K(372, 358, 386, 386, 207, 219),
        ESTABLISHED_128K(413, 408, 428, 420, 233, 240),
        ESTABLISHED_1M(549, 553, 645, 593, 371, 362),
        /** SYNs into a full table, without Katran's limit on their rate. */
        NEW(835, 834),
        MISS(918, 895),
        UDP(131, 130),
        GUE(282, 278),
        PASS(48, 47);

        private final int[] nanoseconds;

        Figure(int... nanoseconds) {
            this.nanoseconds = nanoseconds;
        }

        /** As it would be on a machine with this floor. */
        double scaled(Family family, Traffic traffic, double floor) {
            int pair = nanoseconds.length == 2 ? 0 : 2 * traffic.ordinal();
            return nanoseconds[pair + family.ordinal()] * floor / FLOOR;
        }
    }
}
