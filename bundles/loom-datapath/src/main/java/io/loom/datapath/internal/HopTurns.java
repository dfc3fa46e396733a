package io.loom.datapath.internal;

import io.loom.datapath.internal.layout.NextHop;
import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Which of many addresses are asked for in a round. What happens to a neighbour or an interface happens to all that go through it, so one
 * of these stands for the others. What concerns a single address, and the kernel tells nobody of, such as an MTU that it has learned, is found when its
 * turn comes. One thread.
 */
final class HopTurns {
    /** Rounds in which each address is asked for once. */
    static final int ROUNDS = 10;
    /** Of so many turns of an address one has its neighbour looked for, however well that seems. */
    private static final int VERIFY_EVERY = 3;

    /** Those that stand for others, or for themselves; null: to be found anew. */
    private List<InetAddress> standing;
    private final Queue<InetAddress> waiting = new ArrayDeque<>();
    private int rounds;

    /** Hops have changed. */
    void changed() {
        standing = null;
    }

    /**
     * @param states of the addresses
     * @param verify is called with those whose neighbours are to be looked for
     * @return some of them twice
     */
    List<InetAddress> next(Set<InetAddress> addresses, Map<InetAddress, NextHops.State> states, Consumer<InetAddress> verify) {
        if (standing == null) {
            standing = standing(states);
        }
        if (rounds % ROUNDS == 0) {
            waiting.clear();
            waiting.addAll(addresses);
        }
        boolean verifies = rounds / ROUNDS % VERIFY_EVERY == VERIFY_EVERY - 1;
        rounds = (rounds + 1) % (ROUNDS * VERIFY_EVERY);
        List<InetAddress> next = new ArrayList<>(standing);
        for (int i = 0; i * ROUNDS < addresses.size() && !waiting.isEmpty(); i++) {
            InetAddress address = waiting.remove();
            if (addresses.contains(address)) { // it may have gone meanwhile, and is sent nothing any more then
                next.add(address);
                if (verifies) {
                    verify.accept(address);
                }
            }
        }
        return next;
    }

    /** One for each way, and each that is lost or may be soon. */
    private static List<InetAddress> standing(Map<InetAddress, NextHops.State> states) {
        List<InetAddress> standing = new ArrayList<>();
        Set<NextHop> ways = new HashSet<>();
        states.forEach((address, state) -> {
            if (state.failures() > 0 || state.hop().isEmpty() || ways.add(state.hop().get())) {
                standing.add(address);
            }
        });
        return standing;
    }
}
