package io.loom.datapath.internal;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.Change;
import io.loom.control.dataplane.ListenerKey;
import io.loom.control.dataplane.ListenerSpec;
import io.loom.control.dataplane.TableKey;
import io.loom.control.dataplane.TableNotBuilt;
import io.loom.control.dataplane.TableSpec;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What each change of the desired state does to backends, tables, listeners and addresses. For the writer's thread. */
final class Changes {
    private final Programs programs;
    private final Backends backends;
    private final Tables tables;
    private final Listeners listeners;
    private final VipAddresses vipAddresses;
    private final NextHops nextHops;
    private final TableBuilds builds;
    /** Tables whose listeners have not been told since. */
    private final Set<TableKey> changed = new LinkedHashSet<>();
    /** As tables were made last. */
    private final Map<TableKey, Members> members = new HashMap<>();

    Changes(
            Programs programs, Backends backends, Tables tables, Listeners listeners, VipAddresses vipAddresses, NextHops nextHops,
            TableBuilds builds) {
        this.programs = programs;
        this.backends = backends;
        this.tables = tables;
        this.listeners = listeners;
        this.vipAddresses = vipAddresses;
        this.nextHops = nextHops;
        this.builds = builds;
    }

    /** What can be later, is done by {@link #flush}. */
    void apply(Change change) {
        if (change instanceof Change.PutBackend put) {
            putBackend(put);
        } else if (change instanceof Change.RemoveBackend remove) {
            backends.remove(remove.backend());
        } else if (change instanceof Change.PutTable put) {
            putTable(put);
        } else if (change instanceof Change.RemoveTable remove) {
            builds.forget(remove.table());
            members.remove(remove.table());
            tables.remove(remove.table());
            listeners.forget(remove.table());
        } else if (change instanceof Change.PutListener put) {
            putListener(put.listener(), put.spec());
        } else if (change instanceof Change.RemoveListener remove) {
            removeListener(remove.listener());
        } else {
            throw new IllegalArgumentException("unknown change " + change);
        }
    }

    /** Publishes new tables, and then has their listeners follow; puts addresses on the interface and takes them off. */
    void flush() {
        Each.of(List.<Runnable>of(() -> tables.flush(listeners::tableMoved), this::tellMembers, vipAddresses::flush), Runnable::run);
    }

    private void tellMembers() {
        Each.of(List.copyOf(changed), key -> {
            if (tables.get(key).isPresent()) {
                listeners.membersChanged(key);
            }
            changed.remove(key);
        });
    }

    private void putBackend(Change.PutBackend put) {
        BackendKey backend = put.backend();
        SlotBook slots = programs.running().slots();
        int slot = slots.slot(backend.method()).orElseThrow(() -> noMethod(backend));
        boolean stateful = slots.method(slot).orElseThrow().stateful();
        backends.put(backend, slot, stateful, put, nextHops.answers());
        if (programs.isLeaving(backend.method(), slot)) {
            backends.remove(backend);
            throw noMethod(backend);
        }
    }

    private static LoomException noMethod(BackendKey backend) {
        return new LoomException(Problem.of(
                "LOOM-4109", "cannot forward to " + backend.endpoint() + " by " + backend.method(),
                "the program has no such forwarding method", "deploy its bundle"));
    }

    private void putTable(Change.PutTable put) {
        TableSpec spec = put.spec();
        List<TableKey> keys = tables.join(put.tables(), spec);
        if (keys.isEmpty()) {
            return;
        }
        List<TableKey> missing = keys.stream().filter(key -> tables.get(key).isEmpty()).toList();
        Members now = backends.members(members.getOrDefault(keys.get(0), Members.NONE), spec.weights());
        members.put(keys.get(0), now);
        Optional<TableBuilds.Answer> answer = builds.ask(keys, spec.algorithm(), now.set(), spec.size());
        if (answer.isEmpty()) {
            if (!missing.isEmpty()) {
                throw new LoomException(Problem.of(
                        "LOOM-4110", "cannot build the table of " + TableKey.named(missing),
                        "algorithm " + spec.algorithm() + " is not deployed", "deploy its bundle"));
            }
            return;
        }
        int[] numbers = now.numbers();
        if (answer.get() instanceof TableBuilds.Built built) {
            int[] entries = Arrays.stream(built.table().slots()).map(position -> numbers[position]).toArray();
            tables.put(keys, spec, built.table().index(), entries);
            changed.addAll(keys);
        } else if (answer.get() instanceof TableBuilds.NotBuilt not) {
            Map<Integer, List<TableKey>> sharing = keys.stream().filter(key -> tables.get(key).isPresent())
                    .collect(Collectors.groupingBy(key -> tables.get(key).orElseThrow().number()));
            sharing.values().forEach(together -> standIn(together, spec, numbers));
            throw new TableNotBuilt(not.problem(), not.pending(), missing.isEmpty());
        }
    }

    /** Takes backends that the wanted table has not out of the one in force: they are down, drained or gone. */
    private void standIn(List<TableKey> keys, TableSpec spec, int[] numbers) {
        Published there = tables.get(keys.get(0)).orElseThrow();
        int[] weights = spec.weights().values().stream().mapToInt(Integer::intValue).toArray();
        new StandIn(numbers, weights).of(there.current(), spec.size()).ifPresent(entries -> {
            BitSet used = new BitSet();
            Arrays.stream(entries).forEach(used::set);
            SortedMap<BackendKey, Integer> named = new TreeMap<>(spec.weights());
            named.keySet().removeIf(backend -> !used.get(backends.number(backend).orElseThrow()));
            tables.put(keys, new TableSpec("", spec.size(), named), there.index(), entries);
        });
    }

    private void putListener(ListenerKey listener, ListenerSpec spec) {
        InetAddress address = listener.endpoint().address();
        if (spec.assigned()) {
            vipAddresses.add(address);
        }
        listeners.put(listener, spec);
        if (!listeners.isAssigned(address)) {
            vipAddresses.remove(address);
        }
    }

    private void removeListener(ListenerKey listener) {
        listeners.remove(listener);
        if (!listeners.isAssigned(listener.endpoint().address())) {
            vipAddresses.remove(listener.endpoint().address());
        }
    }
}
