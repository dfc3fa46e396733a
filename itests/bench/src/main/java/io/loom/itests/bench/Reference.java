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

    /** Net nanoseconds: IPv4, IPv6, and the same with flows met in random order. */
    enum Figure {
        ESTABLISHED_1(102, 101, 103, 103),
        ESTABLISHED_16K(207, 219, 386, 386),
        ESTABLISHED_128K(233, 240, 428, 420),
        ESTABLISHED_1M(371, 362, 645, 593),
        /** SYNs into a full table, without Katran's limit on their rate. Random order makes no difference from here on. */
        NEW(835, 834, 835, 834),
        MISS(918, 895, 918, 895),
        UDP(131, 130, 131, 130),
        GUE(282, 278, 288, 281),
        PASS(48, 47, 48, 47);

        private final int[] nanoseconds;

        Figure(int... nanoseconds) {
            this.nanoseconds = nanoseconds;
        }

        /** As it would be on a machine with this floor. */
        double scaled(Family family, boolean shuffled, double floor) {
            return nanoseconds[family.ordinal() + (shuffled ? 2 : 0)] * floor / FLOOR;
        }
    }
}
