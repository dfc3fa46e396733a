package io.loom.datapath.internal;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.plugin.Algorithm;
import io.loom.api.plugin.BackendSet;
import io.loom.api.plugin.LookupTable;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.Change;
import io.loom.control.dataplane.ListenerKey;
import io.loom.control.dataplane.ListenerSpec;
import io.loom.control.dataplane.TableSpec;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** What each change of the desired state does to backends, tables, listeners and addresses. For the writer's thread. */
final class Changes {
    private static final TableBuilder BUILDER = new TableBuilder(Duration.ofSeconds(5));

    private final Programs programs;
    private final Backends backends;
    private final Tables tables;
    private final Listeners listeners;
    private final VipAddresses vipAddresses;
    private final NextHops nextHops;
    private final Function<String, Optional<Algorithm>> algorithms;

    /** @param algorithms deployed ones by name, at any moment */
    Changes(
            Programs programs, Backends backends, Tables tables, Listeners listeners, VipAddresses vipAddresses, NextHops nextHops,
            Function<String, Optional<Algorithm>> algorithms) {
        this.programs = programs;
        this.backends = backends;
        this.tables = tables;
        this.listeners = listeners;
        this.vipAddresses = vipAddresses;
        this.nextHops = nextHops;
        this.algorithms = algorithms;
    }

    void apply(Change change) {
        if (change instanceof Change.PutBackend put) {
            putBackend(put);
        } else if (change instanceof Change.RemoveBackend remove) {
            backends.remove(remove.backend());
        } else if (change instanceof Change.PutTable put) {
            putTable(put);
        } else if (change instanceof Change.RemoveTable remove) {
            tables.remove(remove.table());
        } else if (change instanceof Change.PutListener put) {
            putListener(put.listener(), put.spec());
        } else if (change instanceof Change.RemoveListener remove) {
            removeListener(remove.listener());
        } else {
            throw new IllegalArgumentException("unknown change " + change);
        }
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
        Optional<Algorithm> algorithm = algorithms.apply(spec.algorithm());
        if (algorithm.isEmpty()) {
            if (tables.get(put.table()).isEmpty()) {
                throw new LoomException(Problem.of(
                        "LOOM-4110", "cannot build the table of vip " + put.table().vip(),
                        "algorithm " + spec.algorithm() + " is not deployed", "deploy its bundle"));
            }
            return;
        }
        List<BackendKey> keys = List.copyOf(spec.weights().keySet());
        LookupTable table = BUILDER.build(algorithm.get(), spec.algorithm(), put.table().vip(), members(spec), spec.size());
        int[] numbers = keys.stream().mapToInt(key -> backends.number(key).orElseThrow()).toArray();
        int[] entries = Arrays.stream(table.slots()).map(position -> numbers[position]).toArray();
        tables.put(put.table(), spec, table.index(), entries, () -> listeners.tableMoved(put.table()));
    }

    private static BackendSet members(TableSpec spec) {
        return new BackendSet(spec.weights().entrySet().stream()
                .map(entry -> new BackendSet.Member(entry.getKey().endpoint(), entry.getValue()))
                .toList());
    }

    private void putListener(ListenerKey listener, ListenerSpec spec) {
        InetAddress address = listener.endpoint().address();
        if (spec.assigned()) {
            vipAddresses.add(address);
        }
        listeners.put(listener, spec);
        if (!isAssigned(address)) {
            vipAddresses.remove(address);
        }
    }

    private void removeListener(ListenerKey listener) {
        listeners.remove(listener);
        if (!isAssigned(listener.endpoint().address())) {
            vipAddresses.remove(listener.endpoint().address());
        }
    }

    private boolean isAssigned(InetAddress address) {
        return listeners.specs().entrySet().stream()
                .anyMatch(entry -> entry.getValue().assigned() && entry.getKey().endpoint().address().equals(address));
    }
}
