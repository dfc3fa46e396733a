package io.loom.datapath.internal;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.Change;
import io.loom.datapath.internal.layout.BackendEntry;
import io.loom.datapath.internal.layout.NextHop;
import io.loom.datapath.internal.layout.TableEntry;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.UpdateMode;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
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
    private final BpfMap groups;
    private final IntConsumer forget;
    private final LimitTable limits;
    private final Numbers numbers;
    private final Map<BackendKey, Integer> live = new TreeMap<>();
    private final Map<BackendKey, Integer> resting = new HashMap<>();
    private final Map<Integer, BackendEntry> written = new HashMap<>();
    private OpenConnections open = OpenConnections.NONE;
    private OuterSources outer = OuterSources.NONE;

    /**
     * @param groups loom_groups
     * @param forget sets the counters of a number to zero
     * @param limits loom_blimits
     */
    Backends(BpfMap entries, BpfMap groups, IntConsumer forget, LimitTable limits) {
        this.limits = limits;
        this.entries = entries;
        this.groups = groups;
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
        Map<Integer, Long> groupOf = new HashMap<>();
        groups.forEach((key, value) -> groupOf.put(Keys.number(key), group(value)));
        entries.forEach((key, value) -> BackendEntry.decode(value).ifPresent(entry -> {
            int number = Keys.number(key);
            numbers.adopt(number);
            written.put(number, entry);
            live.put(new BackendKey(groupOf.get(number), entry.endpoint(), methods.apply(entry.slot())), number);
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
        if (!live.containsKey(backend)) {
            // Before the entry: what a process leaves that dies in between has no entry, and is nobody's.
            groups.update(Keys.of(number), group(backend.group()), UpdateMode.ANY);
        }
        Optional<NextHop> before = Optional.ofNullable(written.get(number)).flatMap(BackendEntry::hop);
        Optional<NextHop> hop = hops.getOrDefault(backend.endpoint().address(), before);
        limits.limit(number, state.limit(), open.ofBackend(number));
        write(number, new BackendEntry(
                backend.endpoint(), slot, state.down(), stateful, state.draining(), hop, outer.of(backend)));
        live.put(backend, number);
    }

    private static byte[] group(long hash) {
        return ByteBuffer.allocate(Long.BYTES).order(ByteOrder.nativeOrder()).putLong(hash).array();
    }

    private static long group(byte[] value) {
        return ByteBuffer.wrap(value).order(ByteOrder.nativeOrder()).getLong();
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
        if (number != null) {
            entries.update(Keys.of(number), BackendEntry.none(), UpdateMode.ANY);
            limits.limit(number, 0, 0);
            written.remove(number);
            resting.put(backend, number);
            numbers.rest(number);
        }
    }

    synchronized Optional<Integer> number(BackendKey backend) {
        return Optional.ofNullable(live.get(backend));
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

    synchronized SortedSet<BackendKey> keys() {
        return new TreeSet<>(live.keySet());
    }

    synchronized SortedSet<BackendKey> down() {
        return keys(BackendEntry::down);
    }

    synchronized SortedSet<BackendKey> draining() {
        return keys(BackendEntry::draining);
    }

    /** Of open connections, of those that have one. */
    synchronized SortedMap<BackendKey, Integer> limited() {
        SortedMap<BackendKey, Integer> limited = new TreeMap<>();
        live.forEach((backend, number) -> {
            if (limits.limit(number) > 0) {
                limited.put(backend, (int) limits.limit(number));
            }
        });
        return limited;
    }

    /** From now on backends that get a limit have so many connections already. */
    synchronized void counted(OpenConnections now) {
        open = now;
    }

    LimitTable limits() {
        return limits;
    }

    private SortedSet<BackendKey> keys(Predicate<BackendEntry> wanted) {
        return live.entrySet().stream()
                .filter(entry -> wanted.test(written.get(entry.getValue())))
                .map(Map.Entry::getKey)
                .collect(Collectors.toCollection(TreeSet::new));
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
        freed.forEach(forget::accept);
    }

    @Override
    public synchronized void close() {
        limits.close();
    }
}
