package io.loom.datapath.internal;

import io.loom.api.Family;
import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.Guard;
import io.loom.control.dataplane.ListenerKey;
import io.loom.control.dataplane.ListenerSpec;
import io.loom.control.dataplane.TableKey;
import io.loom.control.dataplane.Tracking;
import io.loom.datapath.internal.layout.FlowCount;
import io.loom.datapath.internal.layout.ListenerEntry;
import io.loom.libbpf.BpfMap;
import java.net.InetAddress;
import java.util.BitSet;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The entries of loom_listeners4/6 and their numbers, which are part of connection keys: a number rests after removal until
 * no connection carries it. Every address with a listener has an entry of its own, which says that it is a vip's. Thread-safe.
 */
final class Listeners implements AutoCloseable {
    /** In loom_meta, by number: the vip, where the listener's table shares an array that is named after another. */
    private static final String VIP = "listener.";
    /** In loom_meta: connections counted by numbers that were freed, so that the total never falls. */
    private static final String FORMER_CONNECTIONS = "former_connections";

    private final Map<Family, ListenerTable> entries;
    private final BpfMap counters;
    private final Tables tables;
    private final Guards guards;
    private final Meta meta;
    private final Numbers numbers;
    private final Map<ListenerKey, Integer> live = new TreeMap<>();
    private final Map<ListenerKey, Integer> resting = new HashMap<>();
    private final SortedMap<ListenerKey, ListenerSpec> specs = new TreeMap<>();
    private final Map<TableKey, Set<ListenerKey>> byTable = new HashMap<>();
    private final Map<InetAddress, Set<ListenerKey>> byAddress = new HashMap<>();
    /** Of {@link #VIP}, by number. */
    private final Map<Integer, String> named = new HashMap<>();
    /** A copy of the specs, until one changes. */
    private Optional<SortedMap<ListenerKey, ListenerSpec>> seen = Optional.empty();
    /** What clients are remembered under, of tables whose listeners do so. */
    private final Map<TableKey, Integer> affinities = new HashMap<>();

    Listeners(BpfMap entries4, BpfMap entries6, BpfMap counters, Tables tables, Guards guards, Meta meta) {
        this.entries = Map.of(
                Family.IPV4, new ListenerTable(Family.IPV4, entries4), Family.IPV6, new ListenerTable(Family.IPV6, entries6));
        this.counters = counters;
        this.tables = tables;
        this.guards = guards;
        this.meta = meta;
        this.numbers = new Numbers(0, counters.maxEntries());
    }

    /**
     * Takes over what an earlier process left, and the tables that it refers to.
     *
     * @param referred numbers that connections carry: those without an entry rest
     */
    synchronized void adopt(Set<Integer> referred) {
        meta.withPrefix(VIP).forEach((number, vip) -> named.put(Integer.valueOf(number), vip));
        entries.forEach((family, map) -> map.forEach((listener, entry) -> {
            TableKey table = tables.adopt(
                    family, entry.table(), entry.index(), entry.tableSize(), Optional.ofNullable(named.get(entry.number())));
            numbers.adopt(entry.number());
            live.put(listener, entry.number());
            Guard guard = guards.adopt(entry, table.vip());
            remember(listener, ListenerTreatment.spec(entry, table, guard, guards.refuses(entry.number())));
        }));
        Set<Integer> found = new HashSet<>(live.values());
        referred.stream().filter(number -> !found.contains(number)).forEach(numbers::rest);
        adoptAddresses();
    }

    private void remember(ListenerKey listener, ListenerSpec spec) {
        forget(listener);
        specs.put(listener, spec);
        byTable.computeIfAbsent(spec.table(), none -> new TreeSet<>()).add(listener);
        byAddress.computeIfAbsent(listener.endpoint().address(), none -> new TreeSet<>()).add(listener);
    }

    private void forget(ListenerKey listener) {
        seen = Optional.empty();
        ListenerSpec spec = specs.remove(listener);
        if (spec != null) {
            drop(byTable, spec.table(), listener);
            drop(byAddress, listener.endpoint().address(), listener);
        }
    }

    private static <K> void drop(Map<K, Set<ListenerKey>> index, K key, ListenerKey listener) {
        index.computeIfPresent(key, (same, listeners) -> {
            listeners.remove(listener);
            return listeners.isEmpty() ? null : listeners;
        });
    }

    /** The earlier process may have known no addresses, or have ended between a listener and its address. */
    private void adoptAddresses() {
        Set<InetAddress> wanted = addresses();
        wanted.forEach(address -> entries.get(Family.of(address)).putAddress(address));
        for (ListenerTable table : entries.values()) {
            table.addresses().stream().filter(address -> !wanted.contains(address)).forEach(table::removeAddress);
        }
    }

    /**
     * Writes the entry, with a new number if the listener has none.
     *
     * @throws LoomException LOOM-1212 if there is no free number, LOOM-1213 or LOOM-1214 if there is no room: then it leaves nothing behind
     */
    synchronized void put(ListenerKey listener, ListenerSpec spec) {
        Integer before = live.get(listener);
        boolean wakes = resting.containsKey(listener);
        int number = before == null ? newNumber(listener) : before;
        try {
            put(listener, number, spec, wakes);
        } catch (RuntimeException refused) {
            if (before == null) {
                undo(listener, number, wakes);
            }
            throw refused;
        }
        live.put(listener, number);
        remember(listener, spec);
    }

    private void put(ListenerKey listener, int number, ListenerSpec spec, boolean wakes) {
        ListenerSpec former = specs.get(listener);
        if (spec.guard().asks()) {
            guards.put(number, spec.table().vip(), spec.guard(), spec.refuses());
        }
        if (former == null ? wakes : mayHaveOtherBackends(former, spec)) {
            tables.doubt(spec.table());
        }
        write(listener, number, spec);
        if (!spec.guard().asks()) {
            guards.remove(number, spec.table().vip(), spec.refuses());
        }
    }

    private void undo(ListenerKey listener, int number, boolean woken) {
        entries.get(listener.endpoint().family()).remove(listener);
        leave(listener, number);
        if (woken) {
            rest(listener, number);
        } else {
            numbers.giveBack(number);
            forgetName(number);
        }
    }

    /** Of one that is not in the map. */
    private void leave(ListenerKey listener, int number) {
        InetAddress address = listener.endpoint().address();
        if (!byAddress.containsKey(address)) {
            entries.get(Family.of(address)).removeAddress(address);
        }
        guards.remove(number);
    }

    /** Connections may have it. */
    private void rest(ListenerKey listener, int number) {
        resting.put(listener, number);
        numbers.rest(number);
    }

    /** Its connections may be elsewhere than the table says, and from now on some packets go by the table alone. */
    private boolean mayHaveOtherBackends(ListenerSpec former, ListenerSpec spec) {
        return former.guard().asks() && !spec.guard().asks()
                || former.affinity() && !spec.affinity()
                || !former.table().equals(spec.table()) && number(former.table()) != number(spec.table());
    }

    private int number(TableKey table) {
        return tables.get(table).map(Published::number).orElse(-1);
    }

    /** Of a table without members it stays what it was. */
    private int affinity(TableKey key, Published table) {
        Set<BackendKey> members = table.spec().weights().keySet();
        if (!members.isEmpty()) {
            affinities.put(key, ListenerTreatment.affinity(key, members));
        }
        return affinities.computeIfAbsent(key, none -> ListenerTreatment.tag(key.vip()));
    }

    /** Has clients of the table's listeners be remembered anew, if its backends are others than those that they are remembered with. */
    synchronized void membersChanged(TableKey key) {
        Integer before = affinities.get(key);
        if (before != null && affinity(key, tables.get(key).orElseThrow()) != before) {
            tableMoved(key);
        }
    }

    /** The table is no more. */
    synchronized void forget(TableKey key) {
        affinities.remove(key);
    }

    private void write(ListenerKey listener, int number, ListenerSpec spec) {
        Published table = tables.get(spec.table()).orElseThrow(
                () -> new IllegalStateException("listener " + listener + " comes before its table " + spec.table()));
        ListenerEntry entry = new ListenerEntry(
                number, table.index(), ListenerTreatment.flags(listener.protocol(), spec, table.index()), table.number(),
                table.size(), spec.affinity() ? affinity(spec.table(), table) : 0);
        ListenerTable family = entries.get(listener.endpoint().family());
        name(number, spec.table().vip(), table.number());
        family.putAddress(listener.endpoint().address());
        family.put(listener, entry);
    }

    /** Before the listener refers to an array that is not named after its vip. */
    private void name(int number, String vip, int table) {
        boolean needless = tables.namedAfter(table).filter(vip::equals).isPresent();
        String before = needless ? named.remove(number) : named.put(number, vip);
        if (needless && before != null) {
            meta.remove(VIP + number);
        } else if (!needless && !vip.equals(before)) {
            meta.put(VIP + number, vip);
        }
    }

    /**
     * Listeners whose tables these are, by number.
     *
     * @param wanted tables that go by flow hash, by number
     */
    synchronized Map<Integer, Dissent.View> views(Map<Integer, Published> wanted) {
        if (wanted.isEmpty()) {
            return Map.of();
        }
        Map<Integer, Dissent.View> views = new HashMap<>();
        byTable.forEach((key, listeners) -> {
            Published table = wanted.get(number(key));
            if (table != null) {
                listeners.forEach(listener -> views.put(
                        live.get(listener), new Dissent.View(table.number(), new FlowHash(listener), table.entries())));
            }
        });
        return views;
    }

    /** How connections to the tables' listeners are tracked. */
    synchronized Set<Tracking> tracking(Collection<TableKey> tables) {
        return tables.stream().flatMap(table -> byTable.getOrDefault(table, Set.of()).stream())
                .map(listener -> specs.get(listener).tracking()).collect(Collectors.toSet());
    }

    private int newNumber(ListenerKey listener) {
        Integer before = resting.remove(listener);
        if (before != null) {
            numbers.wake(before);
            return before;
        }
        return numbers.take().orElseThrow(() -> new LoomException(Problem.of(
                "LOOM-1212", "no number is free for listener " + listener,
                "there can be " + counters.maxEntries() + ", in use or still referred to by connections",
                "use fewer addresses and ports, or wait until connections of removed ones have ended")));
    }

    /** Rewrites the listeners of a table whose number, size or index changed. */
    synchronized void tableMoved(TableKey table) {
        byTable.getOrDefault(table, Set.of()).forEach(listener -> write(listener, live.get(listener), specs.get(listener)));
    }

    synchronized void remove(ListenerKey listener) {
        Integer number = live.remove(listener);
        if (number != null) {
            entries.get(listener.endpoint().family()).remove(listener);
            forget(listener);
            leave(listener, number);
            rest(listener, number);
        }
    }

    /** Numbers of those whose servers answer past Loom. */
    synchronized BitSet halfSeen() {
        BitSet numbers = new BitSet();
        specs.forEach((listener, spec) -> numbers.set(live.get(listener), spec.direct()));
        return numbers;
    }

    synchronized SortedMap<ListenerKey, ListenerSpec> specs() {
        if (seen.isEmpty()) {
            seen = Optional.of(Collections.unmodifiableSortedMap(new TreeMap<>(specs)));
        }
        return seen.get();
    }

    /** Whether a listener at the address wants it on the interface. */
    synchronized boolean isAssigned(InetAddress address) {
        return byAddress.getOrDefault(address, Set.of()).stream().anyMatch(listener -> specs.get(listener).assigned());
    }

    synchronized SortedMap<ListenerKey, Integer> numbersInUse() {
        return new TreeMap<>(live);
    }

    /** Addresses that Loom holds or answers for: never a source towards a backend. */
    synchronized Set<InetAddress> addresses() {
        return Set.copyOf(byAddress.keySet());
    }

    /** By number, those that rest included. */
    synchronized Map<Integer, ListenerKey> byNumber() {
        Map<Integer, ListenerKey> found = new HashMap<>();
        resting.forEach((listener, number) -> found.put(number, listener));
        live.forEach((listener, number) -> found.put(number, listener));
        return found;
    }

    synchronized Set<Integer> restingNumbers() {
        return numbers.resting();
    }

    /** Ends a sweep: frees numbers, whose counters begin anew. */
    synchronized void swept(Set<Integer> restingBefore, Set<Integer> referred) {
        Set<Integer> freed = numbers.swept(restingBefore, referred);
        resting.values().removeIf(freed::contains);
        freed.forEach(this::clear);
    }

    private void clear(int number) {
        long connections = counters.lookup(Keys.of(number)).map(FlowCount::sum).orElse(FlowCount.ZERO).connections();
        if (connections > 0) {
            meta.put(FORMER_CONNECTIONS, String.valueOf(formerConnections() + connections));
        }
        Counters.clear(counters, number);
        forgetName(number);
    }

    private void forgetName(int number) {
        if (named.remove(number) != null) {
            meta.remove(VIP + number);
        }
    }

    /** Connections counted by listeners whose numbers are free again. */
    synchronized long formerConnections() {
        return meta.get(FORMER_CONNECTIONS).map(Long::parseLong).orElse(0L);
    }

    @Override
    public synchronized void close() {
        entries.values().forEach(ListenerTable::close);
    }
}
