package io.loom.datapath.internal;

import io.loom.control.dataplane.LayeredSet;
import io.loom.datapath.internal.layout.FibLookup;
import io.loom.datapath.internal.layout.NextHop;
import java.net.InetAddress;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * Next hops of a changing set of addresses. Each second those are asked for that are missing, and of those that go the same way one, and some
 * of the others in turn (see {@link HopTurns}); all of them once any answer is another than before, or the kernel has had news. A hop that was
 * known survives a few failed lookups, since
 * neighbour entries come and go; each failed one provokes neighbour discovery, and so does a look at long intervals, so that a
 * host that silently changed its MAC address is noticed. Lookups happen on one thread; answers are read by any.
 */
final class NextHops {
    /** Lookups without a neighbour, one each second, until a known hop counts as lost. */
    private static final int PATIENCE = 3;
    /** Pauses before asking again within one round, in milliseconds: a neighbour on the segment answers in less. */
    private static final long[] PAUSES = {5, 20, 75};

    private final Lookup lookup;
    private final UnaryOperator<NextHop> carrier;
    private final Supplier<Set<InetAddress>> vips;
    /** Towards each address, the one that it is sent to from; longer than the hop is known. */
    private final Map<InetAddress, InetAddress> sources;
    private final Map<InetAddress, State> states = new ConcurrentHashMap<>();
    /** The hops of {@link #states}: thousands of backends ask for theirs, one by one. */
    private final Map<InetAddress, Optional<NextHop>> hops = new ConcurrentHashMap<>();
    private volatile LayeredSet<InetAddress> wanted = LayeredSet.empty();
    /** Of the present round; one thread. */
    private final Set<InetAddress> rest = new LinkedHashSet<>();
    private final HopTurns turns = new HopTurns();
    /** What {@link #states} has been brought in line with. */
    private LayeredSet<InetAddress> looked = LayeredSet.empty();
    /** Those that were wanted when the hop of each was known; null while any is missing. */
    private volatile Set<InetAddress> known;
    /** The kernel has had news that may concern any of them. */
    private final AtomicBoolean doubted = new AtomicBoolean();
    private volatile Set<Integer> interfaces = Set.of();
    private volatile int changes;

    /**
     * @param carrier turns the kernel's way, which may be a VLAN device, into the one that frames go
     * @param vips    better not sources
     * @param sources that an earlier process sent from, by where to
     */
    NextHops(Lookup lookup, UnaryOperator<NextHop> carrier, Supplier<Set<InetAddress>> vips, Map<InetAddress, InetAddress> sources) {
        this.lookup = lookup;
        this.carrier = carrier;
        this.vips = vips;
        this.sources = new ConcurrentHashMap<>(sources);
    }

    /** Of the kernel; see {@link HopLookup}. */
    interface Lookup {
        HopLookup.Answer ask(InetAddress destination, Set<InetAddress> vips, Optional<InetAddress> before);

        void provoke(InetAddress destination);
    }

    /** @param failures lookups without a neighbour since it was known */
    record State(Optional<NextHop> hop, String reason, int failures) {}

    /**
     * By one thread at a time.
     *
     * @param changes true: is wanted from now on
     * @return whether any that is wanted from now on has not been looked up yet
     */
    boolean want(Map<InetAddress, Boolean> changes) {
        wanted = wanted.with(changes);
        return changes.entrySet().stream().anyMatch(change -> change.getValue() && !states.containsKey(change.getKey()));
    }

    /** From news of the kernel: the next round asks for all of them. */
    void doubt() {
        doubted.set(true);
    }

    /** What is known of the addresses that were looked up: an empty hop is one that was looked for in vain. */
    Map<InetAddress, Optional<NextHop>> answers() {
        return Collections.unmodifiableMap(hops);
    }

    /** Numbers of the interfaces that known hops lead through. */
    Set<Integer> interfaces() {
        return interfaces;
    }

    /** True if {@link #reason} says nothing of any address that is wanted. */
    boolean allKnown() {
        return known == wanted;
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
     * One round of lookups. Blocks for up to 100 ms while neighbours that
     * were asked for the first time answer. New addresses come first; where some are wanted meanwhile, the round ends early, and the
     * next one goes on with the rest: thousands of lookups take a good part of a second, which a change must not wait for.
     *
     * @return the hops of those whose answer differs from the one before
     */
    Map<InetAddress, Optional<NextHop>> refresh() {
        LayeredSet<InetAddress> addresses = wanted;
        boolean forgotten = forgetOthers(addresses);
        Set<InetAddress> avoid = vips.get();
        Map<InetAddress, HopLookup.Answer> answers = new HashMap<>();
        if (states.size() < addresses.size()) {
            addresses.stream().filter(address -> !states.containsKey(address)).forEach(address -> answers.put(address, first(address, avoid)));
        } else {
            askAgain(addresses, avoid, answers);
        }
        for (long pause : PAUSES) {
            if (answers.entrySet().stream().noneMatch(entry -> isMissing(entry.getValue()))) {
                break;
            }
            sleep(pause);
            answers.replaceAll((address, answer) -> isMissing(answer) ? ask(address, avoid) : answer);
        }
        Map<InetAddress, Optional<NextHop>> changed = new HashMap<>();
        answers.forEach((address, answer) -> {
            if (settle(address, answer)) {
                changed.put(address, hops.get(address));
            }
        });
        if (forgotten || !changed.isEmpty()) {
            interfaces = hops.values().stream().flatMap(Optional::stream).map(NextHop::ifindex).collect(Collectors.toUnmodifiableSet());
            known = hops.size() < addresses.size() || hops.containsValue(Optional.empty()) ? null : addresses;
            changes++; // by this thread alone
        }
        return changed;
    }

    /** @return whether there were any */
    private boolean forgetOthers(LayeredSet<InetAddress> addresses) {
        if (looked.isEmpty() && !addresses.isEmpty()) { // before somebody has asked for any, all may still be wanted
            sources.keySet().retainAll(addresses);
        }
        boolean forgotten = false;
        for (InetAddress address : LayeredSet.differing(looked, addresses)) {
            if (!addresses.contains(address)) {
                sources.remove(address);
                hops.remove(address);
                forgotten |= states.remove(address) != null;
            }
        }
        looked = addresses;
        if (forgotten) {
            turns.changed();
        }
        return forgotten;
    }

    /** Those that are known, from where the last round has ended. */
    private void askAgain(Set<InetAddress> addresses, Set<InetAddress> avoid, Map<InetAddress, HopLookup.Answer> answers) {
        boolean all = doubted.getAndSet(false);
        if (all || rest.isEmpty()) { // news may come each second: neighbours have their turn to be looked for all the same
            rest.addAll(turns.next(addresses, states, lookup::provoke));
        }
        if (all) {
            rest.addAll(addresses);
        }
        while (!rest.isEmpty() && wanted == addresses) {
            InetAddress address = rest.iterator().next();
            rest.remove(address);
            if (addresses.contains(address) && !answers.containsKey(address)) {
                HopLookup.Answer answer = first(address, avoid);
                answers.put(address, answer);
                if (!all && !isAsBefore(states.get(address), answer)) {
                    all = true;
                    rest.addAll(addresses);
                }
            }
        }
    }

    private static boolean isAsBefore(State before, HopLookup.Answer answer) {
        return before.hop().equals(answer.hop()) && before.reason().equals(answer.reason());
    }

    private HopLookup.Answer ask(InetAddress address, Set<InetAddress> avoid) {
        HopLookup.Answer answer = lookup.ask(address, avoid, Optional.ofNullable(sources.get(address)));
        answer.hop().ifPresent(hop -> sources.put(address, hop.source()));
        return new HopLookup.Answer(answer.hop().map(carrier), answer.result(), answer.reason());
    }

    private HopLookup.Answer first(InetAddress address, Set<InetAddress> avoid) {
        HopLookup.Answer answer = ask(address, avoid);
        if (isMissing(answer)) {
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
        if (!now.equals(before)) {
            states.put(address, now);
            hops.put(address, now.hop());
            turns.changed();
        }
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
