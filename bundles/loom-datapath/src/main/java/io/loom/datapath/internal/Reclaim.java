package io.loom.datapath.internal;

import io.loom.control.dataplane.Tracking;
import io.loom.datapath.Tuning;
import java.time.Duration;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What the connection tables are swept for: numbers and tables that no connection refers to any more are free again, entries settle, and what is
 * open is counted. Of one timer's thread, but for {@link #last} and {@link #adopt}.
 */
final class Reclaim {
    /** Of enum loom_conn_state. */
    private static final int SYN_SENT = 0;

    private final Instance instance;
    private final Programs programs;
    private final Backends backends;
    private final Tables tables;
    private final Listeners listeners;
    private final Limits limits;
    private final Sources sources;
    private final Counters counters;
    private final Ports ports;
    private final Symptoms symptoms;
    private final Sweep sweep;
    private volatile Sweep.Result last = Sweep.Result.NONE;

    Reclaim(Instance instance, KernelClock clock, Programs programs, Backends backends, Tables tables, Listeners listeners, Limits limits,
            Sources sources, Counters counters, Ports ports, Symptoms symptoms) {
        this.instance = instance;
        this.programs = programs;
        this.backends = backends;
        this.tables = tables;
        this.listeners = listeners;
        this.limits = limits;
        this.sources = sources;
        this.counters = counters;
        this.ports = ports;
        this.symptoms = symptoms;
        this.sweep = new Sweep(instance, clock);
    }

    /** What the latest sweep has found. */
    Sweep.Result last() {
        return last;
    }

    /** Takes over what an earlier process has left, as far as connections refer to it. */
    void adopt() {
        last = sweep.run(
                timeouts(), programs.tuning().affinityExpiry(), new Dissent(Map.of()), new OpenConnections(new BitSet()),
                SourceRules.NONE);
        References referred = last.references();
        listeners.adopt(referred.listeners());
        tables.discardOthers();
        SlotBook slots = programs.running().slots();
        backends.adopt(slot -> slots.method(slot).map(MethodFacts::name).orElse("slot" + slot), referredBackends(referred));
    }

    /** Counts and reclaims. */
    void run() {
        Set<Integer> restingBackends = backends.restingNumbers();
        Set<Integer> restingListeners = listeners.restingNumbers();
        Set<Integer> retiredTables = tables.retired();
        Map<Integer, Published> changing = tables.changing();
        Map<Integer, Long> patience = changing.keySet().stream()
                .collect(Collectors.toMap(number -> number, number -> patience(listeners.tracking(tables.users(number)))));
        Dissent dissent = new Dissent(listeners.views(changing));
        Limits.Opened opened = limits.opened();
        Sweep.Result result = sources.expel(rules -> sweep.run(
                timeouts(), programs.tuning().affinityExpiry(), dissent, new OpenConnections(listeners.halfSeen()), rules));
        limits.counted(opened, result.open());
        tables.settle(changing, dissent, patience);
        if (!restingBackends.isEmpty()) { // to look through thousands of tables takes a while
            backends.swept(restingBackends, referredBackends(result.references()));
        }
        listeners.swept(restingListeners, result.references().listeners());
        tables.delete(retiredTables);
        last = result;
        symptoms.tables(result.byFamily(), Tuning.Connections.of(instance.map("loom_conns4")), counters.refused(), System.nanoTime());
        symptoms.timeouts(result.idled(), counters.unknown(), System.nanoTime());
        ports.counted(programs.running().methods(), backends.byNumber(), listeners.numbersInUse(), result);
    }

    /** Tables refer to the backends that their entries had before, too. */
    private Set<Integer> referredBackends(References found) {
        Set<Integer> referred = new HashSet<>(found.backends());
        tables.backends().stream().forEach(referred::add);
        return referred;
    }

    /**
     * How long after a change of the table connections can be alive that no entry tells of, in nanoseconds: under full tracking
     * while their handshake lasts, under minimal until they would have expired.
     */
    private long patience(Set<Tracking> trackings) {
        List<Integer> timeouts = programs.tuning().expiry();
        int ticks = trackings.contains(Tracking.MINIMAL) ? Collections.max(timeouts) : timeouts.get(SYN_SENT);
        int hz = programs.tuning().hz();
        return Duration.ofMillis((ticks + 1L) * (1000L << Tuning.tickShift(hz)) / hz).toNanos();
    }

    /** By which the running program takes connections for expired: ticks by state. */
    int[] timeouts() {
        int[] byState = new int[8];
        List<Integer> known = programs.tuning().expiry();
        for (int state = 0; state < known.size(); state++) {
            byState[state] = known.get(state);
        }
        return byState;
    }
}
