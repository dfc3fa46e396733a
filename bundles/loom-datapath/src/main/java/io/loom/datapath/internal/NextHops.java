package io.loom.datapath.internal;

import io.loom.datapath.internal.layout.FibLookup;
import io.loom.datapath.internal.layout.NextHop;
import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * Next hops of a changing set of addresses, asked anew each second. A hop that was known survives a few failed lookups, since
 * neighbour entries come and go; each failed one provokes neighbour discovery, and so does a look at long intervals, so that a
 * host that silently changed its MAC address is noticed. Lookups happen on one thread; answers are read by any.
 */
final class NextHops {
    /** Lookups without a neighbour, one each second, until a known hop counts as lost. */
    private static final int PATIENCE = 3;
    /** Rounds between discoveries of neighbours that seem well. */
    private static final int VERIFY_EVERY = 30;
    /** Pauses before asking again within one round, in milliseconds: a neighbour on the segment answers in less. */
    private static final long[] PAUSES = {5, 20, 75};

    private final HopLookup lookup;
    private final UnaryOperator<NextHop> carrier;
    private final Supplier<Set<InetAddress>> vips;
    /** Towards each address, the one that it is sent to from; longer than the hop is known. */
    private final Map<InetAddress, InetAddress> sources;
    private final Map<InetAddress, State> states = new ConcurrentHashMap<>();
    /** The hops of {@link #states}: thousands of backends ask for theirs, one by one. */
    private final Map<InetAddress, Optional<NextHop>> hops = new ConcurrentHashMap<>();
    private volatile Set<InetAddress> wanted = Set.of();
    /** Of the present round; one thread. */
    private final Queue<InetAddress> rest = new ArrayDeque<>();
    private int round;
    private volatile int changes;

    /**
     * @param carrier turns the kernel's way, which may be a VLAN device, into the one that frames go
     * @param vips    better not sources
     * @param sources that an earlier process sent from, by where to
     */
    NextHops(HopLookup lookup, UnaryOperator<NextHop> carrier, Supplier<Set<InetAddress>> vips, Map<InetAddress, InetAddress> sources) {
        this.lookup = lookup;
        this.carrier = carrier;
        this.vips = vips;
        this.sources = new ConcurrentHashMap<>(sources);
    }

    private record State(Optional<NextHop> hop, String reason, int failures) {}

    void want(Set<InetAddress> addresses) {
        wanted = Collections.unmodifiableSet(new HashSet<>(addresses)); // Set.copyOf walks long over addresses with one distance
        sources.keySet().retainAll(addresses);
    }

    /** What is known of the addresses that were looked up: an empty hop is one that was looked for in vain. */
    Map<InetAddress, Optional<NextHop>> answers() {
        return Collections.unmodifiableMap(hops);
    }

    /** Grows after {@link #reason} has begun to say something else of any address. */
    int changes() {
        return changes;
    }

    /** Why the hop is not known; empty if it is. */
    Optional<String> reason(InetAddress address) {
        State state = states.get(address);
        if (state == null) {
            return Optional.of("its next hop is being looked up");
        }
        return state.hop().isPresent() ? Optional.empty() : Optional.of(state.reason());
    }

    /**
     * One round of lookups; true if any answer differs from the one before. Blocks for up to 100 ms while neighbours that
     * were asked for the first time answer. New addresses come first; where some are wanted meanwhile, the round ends early, and the
     * next one goes on with the rest: thousands of lookups take a good part of a second, which a change must not wait for.
     */
    boolean refresh() {
        Set<InetAddress> addresses = wanted;
        boolean forgotten = states.keySet().retainAll(addresses);
        hops.keySet().retainAll(addresses);
        Set<InetAddress> avoid = vips.get();
        Map<InetAddress, HopLookup.Answer> answers = new HashMap<>();
        addresses.stream().filter(address -> !states.containsKey(address)).forEach(address -> answers.put(address, first(address, avoid, false)));
        if (answers.isEmpty()) {
            askAgain(addresses, avoid, answers);
        }
        for (long pause : PAUSES) {
            if (answers.entrySet().stream().noneMatch(entry -> isMissing(entry.getValue()))) {
                break;
            }
            sleep(pause);
            answers.replaceAll((address, answer) -> isMissing(answer) ? ask(address, avoid) : answer);
        }
        boolean changed = false;
        for (Map.Entry<InetAddress, HopLookup.Answer> entry : answers.entrySet()) {
            changed |= settle(entry.getKey(), entry.getValue());
        }
        if (forgotten || changed) {
            changes++; // by this thread alone
        }
        return changed;
    }

    /** Those that are known, from where the last round has ended. */
    private void askAgain(Set<InetAddress> addresses, Set<InetAddress> avoid, Map<InetAddress, HopLookup.Answer> answers) {
        if (rest.isEmpty()) {
            rest.addAll(addresses);
            round++;
        }
        boolean verify = round % VERIFY_EVERY == 0;
        while (!rest.isEmpty() && wanted == addresses) {
            InetAddress address = rest.remove();
            if (addresses.contains(address)) {
                answers.put(address, first(address, avoid, verify));
            }
        }
    }

    private HopLookup.Answer ask(InetAddress address, Set<InetAddress> avoid) {
        HopLookup.Answer answer = lookup.ask(address, avoid, Optional.ofNullable(sources.get(address)));
        answer.hop().ifPresent(hop -> sources.put(address, hop.source()));
        return new HopLookup.Answer(answer.hop().map(carrier), answer.result(), answer.reason());
    }

    private HopLookup.Answer first(InetAddress address, Set<InetAddress> avoid, boolean verify) {
        HopLookup.Answer answer = ask(address, avoid);
        if (verify || isMissing(answer)) {
            lookup.provoke(address);
        }
        return answer;
    }

    private static boolean isMissing(HopLookup.Answer answer) {
        return answer.result() == FibLookup.Result.NO_NEIGHBOUR;
    }

    private boolean settle(InetAddress address, HopLookup.Answer answer) {
        State before = states.get(address);
        int failures = before == null || !isMissing(answer) ? 0 : before.failures() + 1;
        boolean keep = before != null && before.hop().isPresent() && isMissing(answer) && failures < PATIENCE;
        State now = new State(keep ? before.hop() : answer.hop(), keep ? before.reason() : answer.reason(), failures);
        states.put(address, now);
        hops.put(address, now.hop());
        return before == null || !before.hop().equals(now.hop()) || !before.reason().equals(now.reason());
    }

    private static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException closing) {
            Thread.currentThread().interrupt();
        }
    }
}
