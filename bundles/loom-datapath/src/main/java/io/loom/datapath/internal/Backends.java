package io.loom.datapath.internal;

import io.loom.api.Endpoint;
import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.Change;
import io.loom.datapath.internal.layout.BackendEntry;
import io.loom.datapath.internal.layout.MemberEntry;
import io.loom.datapath.internal.layout.NextHop;
import io.loom.datapath.internal.layout.TableEntry;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.UpdateMode;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.IntConsumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The entries of loom_backends and their numbers. A removed backend's entry is empty at once, so that its last connections
 * choose anew; its number rests until no connection refers to it (see {@link Numbers}). Thread-safe: the writer changes
 * backends, the next-hop thread their next hops, the sweep frees numbers.
 */
final class Backends implements AutoCloseable {
    private final BpfMap entries;
    private final BpfMap members;
    private final IntConsumer forget;
    private final LimitTable limits;
    private final Numbers numbers;
    private final Map<BackendKey, Integer> live = new HashMap<>();
    /** Until one changes. */
    private Optional<Seen> seen = Optional.empty();
    private final Map<BackendKey, Integer> resting = new HashMap<>();
    private final Map<Integer, BackendEntry> written = new HashMap<>();
    /** Those that rest included. */
    private final Map<Endpoint, Set<Integer>> numbersOf = new HashMap<>();
    private final LimitSlots slots = new LimitSlots();
    private OpenConnections open = OpenConnections.NONE;
    private OuterSources outer = OuterSources.NONE;

    /** What the kernel has of backends; see {@link io.loom.control.dataplane.KernelState}. */
    record Seen(Set<BackendKey> keys, Set<BackendKey> down, Set<BackendKey> draining, Map<BackendKey, Integer> limited) {}

    /**
     * @param members loom_members
     * @param forget sets the counters of a number to zero
     * @param limits loom_blimits
     */
    Backends(BpfMap entries, BpfMap members, IntConsumer forget, LimitTable limits) {
        this.limits = limits;
        this.entries = entries;
        this.members = members;
        this.forget = forget;
        this.numbers = new Numbers(1, Math.min(entries.maxEntries(), TableEntry.HIGHEST_BACKEND + 1));
    }

    /**
     * Takes over what an earlier process left.
     *
     * @param methods name of the method in a slot
     * @param referred numbers that connections or tables refer to: those without an entry rest
     */
    synchronized void adopt(Function<Integer, String> methods, Set<Integer> referred) {
        Map<Integer, MemberEntry> membership = new HashMap<>();
        members.forEach((key, value) -> membership.put(Keys.number(key), MemberEntry.decode(value)));
        entries.forEach((key, value) -> BackendEntry.decode(value).ifPresent(entry -> {
            int number = Keys.number(key);
            numbers.adopt(number);
            written.put(number, entry);
            MemberEntry member = membership.get(number);
            live.put(new BackendKey(member.group(), entry.endpoint(), methods.apply(entry.slot())), number);
            numbersOf.computeIfAbsent(entry.endpoint(), absent -> new HashSet<>()).add(number);
            if (member.limit() > 0) {
                slots.adopt(number, entry.endpoint(), member.limit());
            }
        }));
        referred.stream().filter(number -> number > 0 && !written.containsKey(number)).forEach(numbers::rest);
    }

    /**
     * Writes the entry, with a new number if the backend has none.
     *
     * @param slot of its method in the running program
     * @param hops known next hops; an address that is not in it keeps the one that it has
     * @throws LoomException LOOM-1210 if there is no free number
     */
    synchronized void put(
            BackendKey backend, int slot, boolean stateful, Change.PutBackend state, Map<InetAddress, Optional<NextHop>> hops) {
        int number = number(backend).orElseGet(() -> newNumber(backend));
        // Before the entry: what a process leaves that dies in between has no entry, and is nobody's.
        join(backend, number, state.limit());
        Optional<NextHop> before = Optional.ofNullable(written.get(number)).flatMap(BackendEntry::hop);
        Optional<NextHop> hop = hops.getOrDefault(backend.endpoint().address(), before);
        write(number, new BackendEntry(
                backend.endpoint(), slot, state.down(), stateful, state.draining(), hop, outer.of(backend)));
        live.put(backend, number);
        seen = Optional.empty();
    }

    /** Whose member the number is from now on, and where its connections count. */
    private void join(BackendKey backend, int number, int limit) {
        Endpoint endpoint = backend.endpoint();
        int before = live.containsKey(backend) ? slots.of(number, endpoint) : -1;
        numbersOf.computeIfAbsent(endpoint, absent -> new HashSet<>()).add(number);
        int slot = limit > 0 ? slots.use(number, endpoint) : 0;
        if (slot > 0) {
            limits.limit(slot, limit, numbersOf.get(endpoint).stream().mapToInt(open::ofBackend).sum());
        }
        if (slot != before) {
            members.update(Keys.of(number), new MemberEntry(backend.group(), slot).encode(), UpdateMode.ANY);
        }
        if (slot == 0) {
            slots.release(number, endpoint).ifPresent(unused -> limits.limit(unused, 0, 0));
        }
    }

    private int newNumber(BackendKey backend) {
        Integer before = resting.remove(backend);
        if (before != null) {
            numbers.wake(before);
            return before;
        }
        return numbers.take().orElseThrow(() -> new LoomException(Problem.of(
                "LOOM-1210", "no number is free for backend " + backend,
                "the kernel's backend map has " + (entries.maxEntries() - 1) + ", in use or still referred to by connections",
                "raise ebpf.maps.backends.max_entries and restart loomd; or wait until old connections have ended")));
    }

    /** Outer headers have these sources from now on. */
    synchronized void outerSources(OuterSources next) {
        outer = next;
        live.forEach((backend, number) -> write(number, written.get(number).withOuterSource(outer.of(backend))));
    }

    private void write(int number, BackendEntry entry) {
        if (!entry.equals(written.get(number))) {
            entries.update(Keys.of(number), entry.encode(), UpdateMode.ANY);
            written.put(number, entry);
        }
    }

    synchronized void remove(BackendKey backend) {
        Integer number = live.remove(backend);
        seen = Optional.empty();
        if (number != null) {
            entries.update(Keys.of(number), BackendEntry.none(), UpdateMode.ANY);
            slots.release(number, backend.endpoint()).ifPresent(unused -> limits.limit(unused, 0, 0));
            written.remove(number);
            resting.put(backend, number);
            numbers.rest(number);
        }
    }

    synchronized Optional<Integer> number(BackendKey backend) {
        return Optional.ofNullable(live.get(backend));
    }

    /** @return numbers, in the order of the backends, which all have one */
    synchronized int[] numbers(Set<BackendKey> backends) {
        return backends.stream().mapToInt(backend -> live.get(backend)).toArray();
    }

    /** Writes next hops that changed into the entries of their backends; without an answer an entry stays as it is. */
    synchronized void hopsChanged(Map<InetAddress, Optional<NextHop>> hops) {
        live.forEach((backend, number) -> {
            Optional<NextHop> hop = hops.get(backend.endpoint().address());
            if (hop != null) {
                write(number, written.get(number).withHop(hop));
            }
        });
    }

    /** From which of Loom's addresses each address of a backend is sent to. */
    synchronized Map<InetAddress, InetAddress> sources() {
        Map<InetAddress, InetAddress> sources = new HashMap<>();
        written.values().forEach(entry ->
                entry.hop().ifPresent(hop -> sources.put(entry.endpoint().address(), hop.source())));
        return sources;
    }

    /** Loom's addresses that backends are sent to from. */
    synchronized Set<InetAddress> ownAddresses() {
        Set<InetAddress> own = new HashSet<>();
        written.values().forEach(entry -> entry.hop().ifPresent(hop -> own.add(hop.source())));
        return own;
    }

    synchronized Seen seen() {
        if (seen.isEmpty()) {
            seen = Optional.of(new Seen(Set.copyOf(live.keySet()), keys(BackendEntry::down), keys(BackendEntry::draining), limited()));
        }
        return seen.get();
    }

    /** Of open connections, of those that have one. */
    private Map<BackendKey, Integer> limited() {
        Map<BackendKey, Integer> limited = new HashMap<>();
        live.forEach((backend, number) -> {
            int slot = slots.of(number, backend.endpoint());
            if (slot > 0) {
                limited.put(backend, (int) limits.limit(slot));
            }
        });
        return limited;
    }

    /** From now on backends that get a limit have so many connections already. */
    synchronized void counted(OpenConnections now) {
        open = now;
    }

    /** Addresses whose connections are limited, by entry of {@link #limits()}. */
    synchronized Map<Integer, Endpoint> limitedAddresses() {
        return slots.endpoints();
    }

    LimitTable limits() {
        return limits;
    }

    private Set<BackendKey> keys(Predicate<BackendEntry> wanted) {
        return live.entrySet().stream()
                .filter(entry -> wanted.test(written.get(entry.getValue())))
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }

    /** Backends by number, those whose numbers rest included. */
    synchronized Map<Integer, BackendKey> byNumber() {
        Map<Integer, BackendKey> found = new HashMap<>();
        resting.forEach((backend, number) -> found.put(number, backend));
        live.forEach((backend, number) -> found.put(number, backend));
        return found;
    }

    synchronized boolean usesSlot(int slot) {
        return written.values().stream().anyMatch(entry -> entry.slot() == slot);
    }

    synchronized Set<Integer> restingNumbers() {
        return numbers.resting();
    }

    /** Ends a sweep: frees numbers, whose counters begin anew. */
    synchronized void swept(Set<Integer> restingBefore, Set<Integer> referred) {
        Set<Integer> freed = numbers.swept(restingBefore, referred);
        resting.values().removeIf(freed::contains);
        if (!freed.isEmpty()) {
            numbersOf.values().forEach(numbersOfOne -> numbersOfOne.removeAll(freed));
            numbersOf.values().removeIf(Set::isEmpty);
        }
        freed.forEach(forget::accept);
    }

    @Override
    public synchronized void close() {
        limits.close();
    }
}
