package io.loom.algorithm.weighted;

import java.util.Arrays;

/**
 * The order of turns, without bursts: the k-th turn of a backend with n turns is due at (k + 1/2) / n of the round, and
 * turns are taken as they fall due (stride scheduling, Waldspurger and Weihl, MIT/LCS/TM-528, 1995). In any stretch of the
 * round a backend has its share, give or take about one turn.
 *
 * <p>Sorted by calendar: the round has as many days as turns, so few turns are due on one day, and only those are compared.
 * That takes a tenth of the time of a priority queue.
 */
final class Interleaving {
    private final int[] shares;
    /** By day: where the next turn of that day is to be put, at first its first place. */
    private final int[] place;
    /** The turns in their order: whose, and which of its own. */
    private final int[] backend;
    private final int[] number;

    private Interleaving(int[] shares) {
        int turns = Arrays.stream(shares).sum();
        this.shares = shares;
        place = new int[turns + 1];
        backend = new int[turns];
        number = new int[turns];
    }

    /** @param shares turns of each backend; returns positions of backends, as many as there are turns */
    static int[] of(int[] shares) {
        return new Interleaving(shares).order();
    }

    private int[] order() {
        for (int share : shares) {
            for (int turn = 0; turn < share; turn++) {
                place[day(turn, share) + 1]++;
            }
        }
        for (int day = 1; day < place.length; day++) {
            place[day] += place[day - 1];
        }
        int[] first = place.clone();
        for (int owner = 0; owner < shares.length; owner++) {
            for (int turn = 0; turn < shares[owner]; turn++) {
                int day = day(turn, shares[owner]);
                insert(owner, turn, first[day], place[day]++);
            }
        }
        return backend;
    }

    /** The product is exact and the quotient rounded correctly, so turns that are due at one time are due on one day. */
    private int day(int turn, int share) {
        return (int) ((2L * turn + 1) * (double) backend.length / (2L * share));
    }

    /** Behind those of its day that are not due later; among those due at one time the lower position comes first. */
    private void insert(int owner, int turn, int first, int free) {
        int at = free;
        while (at > first && isLater(at - 1, owner, turn)) {
            backend[at] = backend[at - 1];
            number[at] = number[at - 1];
            at--;
        }
        backend[at] = owner;
        number[at] = turn;
    }

    /** Compares (2 turn + 1) / (2 share) without rounding. */
    private boolean isLater(int at, int owner, int turn) {
        return (2L * number[at] + 1) * shares[owner] > (2L * turn + 1) * shares[backend[at]];
    }
}
