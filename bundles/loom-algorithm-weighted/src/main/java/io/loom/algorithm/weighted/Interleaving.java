package io.loom.algorithm.weighted;

import java.util.Arrays;
import java.util.PriorityQueue;

/**
 * The order of turns, without bursts: the k-th turn of a backend with n turns is due at (k + 1/2) / n of the round, and
 * turns are taken as they fall due (stride scheduling, Waldspurger and Weihl, MIT/LCS/TM-528, 1995). In any stretch of the
 * round a backend has its share, give or take about one turn.
 */
final class Interleaving {
    private Interleaving() {}

    private record Turn(int backend, int number, int of) implements Comparable<Turn> {

        Turn next() {
            return new Turn(backend, number + 1, of);
        }

        /** Compares (2 number + 1) / (2 of) without rounding. */
        @Override
        public int compareTo(Turn other) {
            int due = Long.compare((2L * number + 1) * other.of, (2L * other.number + 1) * of);
            return due != 0 ? due : Integer.compare(backend, other.backend);
        }
    }

    /** @param shares turns of each backend; returns positions of backends, as many as there are turns */
    static int[] of(int[] shares) {
        PriorityQueue<Turn> due = new PriorityQueue<>();
        for (int backend = 0; backend < shares.length; backend++) {
            if (shares[backend] > 0) {
                due.add(new Turn(backend, 0, shares[backend]));
            }
        }
        int[] order = new int[Arrays.stream(shares).sum()];
        for (int i = 0; i < order.length; i++) {
            Turn turn = due.remove();
            order[i] = turn.backend();
            if (turn.number() + 1 < turn.of()) {
                due.add(turn.next());
            }
        }
        return order;
    }
}
