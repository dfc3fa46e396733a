package io.loom.datapath.internal;

import io.loom.api.Endpoint;
import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.Change;
import io.loom.control.dataplane.LayeredMap;
import io.loom.control.dataplane.LayeredSet;
import io.loom.datapath.internal.layout.BackendEntry;
import io.loom.datapath.internal.layout.MemberEntry;
import io.loom.datapath.internal.layout.NextHop;
import io.loom.datapath.internal.layout.TableEntry;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.UpdateMode;
import java.net.InetAddress;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.function.Function;
import java.util.function.IntConsumer;
import java.util.function.Predicate;

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
    /** With those that rest; until a number is given or freed. */
    private Optional<Map<Integer, BackendKey>> byNumber = Optional.empty();
    private Seen seen = Seen.NOTHING;
    /** Since {@link #seen} was made. */
    private final Set<BackendKey> changed = new HashSet<>();
    private final Map<BackendKey, Integer> resting = new HashMap<>();
    private final Map<Integer, BackendEntry> written = new HashMap<>();
    private final SendingAddresses sending = new SendingAddresses();
    private int removals;
    /** By number, those that rest included. */
    private final Map<Endpoint, Map<Integer, BackendKey>> ofAddress = new HashMap<>();
    private final LimitSlots slots = new LimitSlots();
    private OpenConnections open = OpenConnections.NONE;
    private OuterSources outer = OuterSources.NONE;

    /** What the kernel has of backends; see {@link io.loom.control.dataplane.KernelState}. */
    record Seen(
            LayeredSet<BackendKey> keys, LayeredSet<BackendKey> down, LayeredSet<BackendKey> draining, LayeredMap<BackendKey, Integer> limited) {
        static final Seen NOTHING = new Seen(LayeredSet.empty(), LayeredSet.empty(), LayeredSet.empty(), LayeredMap.empty());
    }

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
            keep(number, entry);
            MemberEntry member = membership.get(number);
            BackendKey backend = new BackendKey(member.group(), entry.endpoint(), methods.apply(entry.slot()));
            live.put(backend, number);
            changed.add(backend);
            ofAddress.computeIfAbsent(entry.endpoint(), absent -> new HashMap<>()).put(number, backend);
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
        Optional<NextHop> before = Optional.ofNullable(written.get(number)).flatMap(BackendEntry::hop);
        Optional<NextHop> hop = hops.getOrDefault(backend.endpoint().address(), before);
        try {
            // Before the entry: what a process leaves that dies in between has no entry, and is nobody's.
            join(backend, number, state.limit());
            write(number, new BackendEntry(
                    backend.endpoint(), slot, state.down(), stateful, state.draining(), hop, outer.of(backend)));
        } catch (RuntimeException refused) {
            if (!live.containsKey(backend)) {
                rest(backend, number); // the next attempt takes it again
            }
            throw refused;
        }
        if (live.put(backend, number) == null) {
            byNumber = Optional.empty();
        }
        changed.add(backend);
    }

    private void rest(BackendKey backend, int number) {
        resting.put(backend, number);
        numbers.rest(number);
    }

    /** Whose member the number is from now on, and where its connections count. */
    private void join(BackendKey backend, int number, int limit) {
        Endpoint endpoint = backend.endpoint();
        int before = live.containsKey(backend) ? slots.of(number, endpoint) : -1;
        Map<Integer, BackendKey> sharing = ofAddress.computeIfAbsent(endpoint, absent -> new HashMap<>());
        sharing.put(number, backend);
        int slot = limit > 0 ? slots.use(number, endpoint) : 0;
        if (slot > 0) {
            changed.addAll(limits.limit(slot) == limit ? Set.of() : sharing.values());
            limits.limit(slot, limit, sharing.keySet().stream().mapToInt(open::ofBackend).sum());
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
            keep(number, entry);
        }
    }

    private void keep(int number, BackendEntry entry) {
        sending.add(entry);
        sending.remove(written.put(number, entry));
    }

    synchronized void remove(BackendKey backend) {
        Integer number = live.get(backend);
        if (number != null) {
            entries.update(Keys.of(number), BackendEntry.none(), UpdateMode.ANY); // first: where the kernel refuses, it is there as before
        }
        live.remove(backend);
        removals++;
        changed.add(backend);
        if (number != null) {
            slots.release(number, backend.endpoint()).ifPresent(unused -> limits.limit(unused, 0, 0));
            sending.remove(written.remove(number));
            rest(backend, number);
        }
    }

    synchronized Optional<Integer> number(BackendKey backend) {
        return Optional.ofNullable(live.get(backend));
    }

    /** @param before of the same table, or {@link Members#NONE} */
    synchronized Members members(Members before, SortedMap<BackendKey, Integer> weights) {
        return before.next(weights, removals, live::get);
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

    /** From which of Loom's addresses a backend is sent to. */
    synchronized Optional<InetAddress> source(int number) {
        return Optional.ofNullable(written.get(number)).flatMap(BackendEntry::hop).map(NextHop::source);
    }

    /** From which of Loom's addresses each address of a backend is sent to. */
    synchronized Map<InetAddress, InetAddress> sources() {
        Map<InetAddress, InetAddress> sources = new HashMap<>();
        written.values().forEach(entry ->
                entry.hop().ifPresent(hop -> sources.put(entry.endpoint().address(), hop.source())));
        return sources;
    }

    /** Loom's addresses that backends are sent to from; the same object as long as they are the same. */
    synchronized Set<InetAddress> ownAddresses() {
        return sending.all();
    }

    /** The same object as before, if nothing has changed. */
    synchronized Seen seen() {
        if (!changed.isEmpty()) {
            Map<BackendKey, Optional<Integer>> limited = new HashMap<>();
            changed.forEach(backend -> limited.put(backend, limit(backend)));
            seen = new Seen(seen.keys().with(which(entry -> true)), seen.down().with(which(BackendEntry::down)),
                    seen.draining().with(which(BackendEntry::draining)), seen.limited().with(limited));
            changed.clear();
        }
        return seen;
    }

    /** Of open connections. */
    private Optional<Integer> limit(BackendKey backend) {
        return number(backend).map(number -> slots.of(number, backend.endpoint())).filter(slot -> slot > 0)
                .map(slot -> (int) limits.limit(slot));
    }

    /** Of those that have changed. */
    private Map<BackendKey, Boolean> which(Predicate<BackendEntry> wanted) {
        Map<BackendKey, Boolean> which = new HashMap<>();
        changed.forEach(backend -> which.put(backend, number(backend).map(written::get).filter(wanted).isPresent()));
        return which;
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

    /** Backends by number, those whose numbers rest included; the same object as long as they are the same. */
    synchronized Map<Integer, BackendKey> byNumber() {
        if (byNumber.isEmpty()) {
            Map<Integer, BackendKey> found = new HashMap<>();
            resting.forEach((backend, number) -> found.put(number, backend));
            live.forEach((backend, number) -> found.put(number, backend));
            byNumber = Optional.of(Collections.unmodifiableMap(found));
        }
        return byNumber.get();
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
            ofAddress.values().forEach(backends -> backends.keySet().removeAll(freed));
            ofAddress.values().removeIf(Map::isEmpty);
            byNumber = Optional.empty();
        }
        freed.forEach(forget::accept);
    }

    @Override
    public synchronized void close() {
        limits.close();
    }
}
