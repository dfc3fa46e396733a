package io.loom.datapath.internal;

import io.loom.control.dataplane.KernelState;
import io.loom.control.dataplane.ListenerKey;
import io.loom.control.dataplane.ListenerSpec;
import io.loom.control.dataplane.TableKey;
import io.loom.control.dataplane.TableSpec;
import java.util.SortedMap;
import java.util.concurrent.atomic.AtomicReference;

/** What is in the kernel, as one object as long as it stays the same: whoever asks may go by that. Thread-safe. */
final class AppliedState {
    private final Backends backends;
    private final Tables tables;
    private final Listeners listeners;
    private final AtomicReference<Seen> seen = new AtomicReference<>(Seen.NOTHING);

    AppliedState(Backends backends, Tables tables, Listeners listeners) {
        this.backends = backends;
        this.tables = tables;
        this.listeners = listeners;
    }

    KernelState now() {
        return seen.updateAndGet(before -> before.now(backends.seen(), tables.specs(), listeners.specs())).state();
    }

    private record Seen(
            Backends.Seen backends, SortedMap<TableKey, TableSpec> tables, SortedMap<ListenerKey, ListenerSpec> listeners,
            KernelState state) {
        static final Seen NOTHING = new Seen(Backends.Seen.NOTHING, KernelState.EMPTY.tables(),
                KernelState.EMPTY.listeners(), KernelState.EMPTY);

        Seen now(
                Backends.Seen now, SortedMap<TableKey, TableSpec> specs, SortedMap<ListenerKey, ListenerSpec> listening) {
            return backends == now && tables == specs && listeners == listening ? this : new Seen(now, specs, listening,
                    new KernelState(now.keys(), now.down(), now.draining(), now.limited(), specs, listening));
        }
    }
}
