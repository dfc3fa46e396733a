package io.loom.datapath.internal;

import io.loom.api.Endpoint;
import io.loom.api.Verdict;
import io.loom.api.control.Telemetry;
import io.loom.control.dataplane.BackendKey;
import io.loom.datapath.SlottedMethod;
import io.loom.datapath.internal.layout.CpuCount;
import io.loom.datapath.internal.layout.FlowCount;
import io.loom.datapath.internal.layout.VerdictCount;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.UpdateMode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** Reads the counters of an instance. Thread-safe; holds nothing. */
final class Counters {
    /** LOOM_EVENT_MAP_FULL and LOOM_EVENT_EVICTED. */
    private static final int EVENT_MAP_FULL = 96;
    private static final int EVENT_EVICTED = 97;
    private static final int EVENTS = 96;
    private static final String OVERFLOWS = "loom_overflows";

    private final Instance instance;
    private final Backends backends;
    private final Listeners listeners;
    private final Limits limits;
    private final Sources sources;
    private final Ports ports;
    private final Offloads offloads;

    Counters(
            Instance instance, Backends backends, Listeners listeners, Limits limits, Sources sources, Ports ports, Offloads offloads) {
        this.offloads = offloads;
        this.limits = limits;
        this.instance = instance;
        this.backends = backends;
        this.listeners = listeners;
        this.sources = sources;
        this.ports = ports;
    }

    /** Sets the counter of a number to zero on every CPU. */
    static void clear(BpfMap map, int number) {
        map.lookup(Keys.of(number)).ifPresent(
                value -> map.update(Keys.of(number), new byte[value.length], UpdateMode.ANY));
    }

    static void forgetBackend(Instance instance, int number) {
        clear(instance.map("loom_bstats"), number);
        instance.knownMap(OVERFLOWS).ifPresent(map -> clear(map, number));
    }

    /** @param methods in the running program */
    Telemetry.Counters read(Collection<SlottedMethod> methods, Sweep.Result sweep) {
        Map<Integer, VerdictCount> verdicts = new HashMap<>();
        List<VerdictCount> cpus = new ArrayList<>();
        instance.map("loom_verdicts").forEach((key, value) -> {
            List<VerdictCount> byCpu = VerdictCount.byCpu(value);
            verdicts.put(Keys.number(key), VerdictCount.sum(value));
            if (isOfFrames(Keys.number(key))) {
                add(cpus, byCpu);
            }
        });
        Map<Integer, FlowCount> ofListeners = flows("loom_lstats");
        long created = listeners.formerConnections()
                + ofListeners.values().stream().mapToLong(FlowCount::connections).sum();
        return new Telemetry.Counters(
                verdictCounts(verdicts, methods), created, sweep.active(),
                verdicts.getOrDefault(EVENT_MAP_FULL, VerdictCount.ZERO).packets(),
                verdicts.getOrDefault(EVENT_EVICTED, VerdictCount.ZERO).packets(),
                backendCounts(flows("loom_bstats"), sweep), listenerCounts(ofListeners, sweep), mapUses(), limits.uses(),
                cpuCounts(cpus), sources.uses(), ports.uses(), offloads.counts());
    }

    /** Connections that found no room in their table. */
    long refused() {
        return instance.map("loom_verdicts").lookup(Keys.of(EVENT_MAP_FULL)).map(VerdictCount::sum).orElse(VerdictCount.ZERO).packets();
    }

    /** Packets from the middle of connections that are not known. */
    long unknown() {
        return instance.map("loom_verdicts").lookup(Keys.of(Verdict.PASS_OUT_OF_STATE.number())).map(VerdictCount::sum)
                .orElse(VerdictCount.ZERO).packets();
    }

    /** Events are counted beside the verdict of their frame. */
    private static boolean isOfFrames(int number) {
        return number < EVENTS || number >= Verdict.METHOD_BASE;
    }

    private static void add(List<VerdictCount> sums, List<VerdictCount> counts) {
        for (int cpu = 0; cpu < counts.size(); cpu++) {
            if (cpu == sums.size()) {
                sums.add(VerdictCount.ZERO);
            }
            sums.set(cpu, sums.get(cpu).plus(counts.get(cpu)));
        }
    }

    private static List<Telemetry.CpuCount> cpuCounts(List<VerdictCount> cpus) {
        return IntStream.range(0, cpus.size())
                .mapToObj(cpu -> new Telemetry.CpuCount(cpu, cpus.get(cpu).packets(), cpus.get(cpu).bytesIn())).toList();
    }

    private Map<Integer, FlowCount> flows(String map) {
        Map<Integer, FlowCount> counts = new HashMap<>();
        instance.map(map).forEach((key, value) -> counts.put(Keys.number(key), FlowCount.sum(value)));
        return counts;
    }

    private Map<Integer, Long> overflows() {
        Map<Integer, Long> counts = new HashMap<>();
        instance.knownMap(OVERFLOWS).ifPresent(map ->
                map.forEach((key, value) -> counts.put(Keys.number(key), CpuCount.sum(value))));
        return counts;
    }

    private static List<Telemetry.VerdictCount> verdictCounts(
            Map<Integer, VerdictCount> counts, Collection<SlottedMethod> methods) {
        return Reason.all(methods).stream().map(reason -> {
            VerdictCount count = counts.getOrDefault(reason.number(), VerdictCount.ZERO);
            return new Telemetry.VerdictCount(
                    reason.number(), reason.name(), reason.action(), count.packets(), count.bytesIn(), count.bytesOut());
        }).toList();
    }

    private List<Telemetry.BackendCount> backendCounts(Map<Integer, FlowCount> counts, Sweep.Result sweep) {
        SortedMap<Endpoint, FlowCount> flows = new TreeMap<>();
        SortedMap<Endpoint, Long> active = new TreeMap<>();
        SortedMap<Endpoint, Long> overflows = new TreeMap<>();
        Map<Integer, Long> overflowsByNumber = overflows();
        for (Map.Entry<Integer, BackendKey> entry : backends.byNumber().entrySet()) {
            Endpoint endpoint = entry.getValue().endpoint();
            flows.merge(endpoint, counts.getOrDefault(entry.getKey(), FlowCount.ZERO), FlowCount::plus);
            active.merge(endpoint, sweep.activeOf(entry.getKey()), Long::sum);
            overflows.merge(endpoint, overflowsByNumber.getOrDefault(entry.getKey(), 0L), Long::sum);
        }
        return flows.entrySet().stream()
                .map(entry -> new Telemetry.BackendCount(
                        entry.getKey(), entry.getValue().packets(), entry.getValue().bytes(),
                        entry.getValue().connections(), active.get(entry.getKey()), overflows.get(entry.getKey())))
                .toList();
    }

    private List<Telemetry.ListenerCount> listenerCounts(Map<Integer, FlowCount> counts, Sweep.Result sweep) {
        return listeners.numbersInUse().entrySet().stream()
                .map(entry -> {
                    FlowCount count = counts.getOrDefault(entry.getValue(), FlowCount.ZERO);
                    return new Telemetry.ListenerCount(
                            entry.getKey().toString(), count.packets(), count.bytes(), count.connections(),
                            sweep.activeOfListener(entry.getValue()));
                })
                .toList();
    }

    private List<Telemetry.MapUse> mapUses() {
        return instance.maps().values().stream()
                .map(map -> new Telemetry.MapUse(
                        map.name(), map.type().name().toLowerCase(Locale.ROOT), map.id(), MapSizes.room(map), map.memoryBytes()))
                .toList();
    }
}
