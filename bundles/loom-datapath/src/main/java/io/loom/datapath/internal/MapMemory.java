package io.loom.datapath.internal;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.libbpf.BpfObject;
import io.loom.libbpf.Kernel;
import io.loom.libbpf.KernelFile;
import io.loom.libbpf.MapPlan;
import io.loom.libbpf.MapType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the maps of a program will take, said before they are made: the kernel does not page this memory out, and a host that has
 * too little would find out by killing processes.
 */
public final class MapMemory {
    private static final Logger LOG = LoggerFactory.getLogger(MapMemory.class);
    private static final double MIB = 1 << 20;
    private static final Path MEMORY = Path.of("/proc/meminfo");

    private MapMemory() {}

    /**
     * @param present names of maps that exist and are not made
     * @throws LoomException LOOM-1231 if the host has less than that
     */
    static void require(BpfObject object, Collection<String> present) {
        int cpus = Kernel.possibleCpus();
        List<MapPlan> plans = plans(object, present, cpus);
        if (plans.isEmpty()) {
            return;
        }
        LOG.info("new maps take {}", text(plans, cpus));
        require(plans, cpus, available(meminfo()));
    }

    private static List<MapPlan> plans(BpfObject object, Collection<String> present, int cpus) {
        return object.mapNames().stream().filter(map -> !present.contains(map)).map(object::plan)
                .sorted(Comparator.comparing((MapPlan plan) -> plan.bytes(cpus)).reversed()).toList();
    }

    /** For people, if all maps are made: a line for each that matters, one for the ring, whose size is chosen in bytes, and the sum. */
    public static List<String> lines(BpfObject object) {
        int cpus = Kernel.possibleCpus();
        return lines(plans(object, Set.of(), cpus), cpus, available(meminfo()));
    }

    static List<String> lines(List<MapPlan> plans, int cpus, long available) {
        List<String> lines = new ArrayList<>();
        plans.stream().filter(plan -> plan.bytes(cpus) >= MIB || plan.type() == MapType.RINGBUF).forEach(plan ->
                lines.add("map " + plan.name() + ", " + content(plan) + ": " + mebibytes(plan.bytes(cpus))));
        lines.add("all maps together: " + mebibytes(plans.stream().mapToLong(plan -> plan.bytes(cpus)).sum())
                + " of kernel memory, of which this host has " + mebibytes(available) + " to give");
        return lines;
    }

    private static String content(MapPlan plan) {
        return plan.type() == MapType.RINGBUF ? "a ring" : plan.maxEntries() + " entries";
    }

    static void require(List<MapPlan> plans, int cpus, long available) {
        long bytes = plans.stream().mapToLong(plan -> plan.bytes(cpus)).sum();
        if (bytes > available) {
            throw new LoomException(Problem.of(
                    "LOOM-1231", "not enough memory for the maps: " + text(plans, cpus), "the host has " + mebibytes(available) + " to give",
                    "set a smaller ebpf.maps.connections.max_entries, or give the host more memory"));
        }
    }

    /** The sum, and those that matter. */
    static String text(List<MapPlan> plans, int cpus) {
        String largest = plans.stream().filter(plan -> plan.bytes(cpus) >= MIB)
                .map(plan -> plan.name() + " " + mebibytes(plan.bytes(cpus))).collect(Collectors.joining(", "));
        String sum = mebibytes(plans.stream().mapToLong(plan -> plan.bytes(cpus)).sum());
        return largest.isEmpty() ? sum : sum + " (" + largest + ")";
    }

    private static String mebibytes(long bytes) {
        return String.format(Locale.ROOT, "%.1f MiB", bytes / MIB);
    }

    private static List<String> meminfo() {
        try {
            return KernelFile.lines(MEMORY);
        } catch (IOException unreadable) {
            throw unknown(unreadable.toString());
        }
    }

    /** @param lines of /proc/meminfo */
    static long available(List<String> lines) {
        return lines.stream().filter(line -> line.startsWith("MemAvailable:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024).findFirst()
                .orElseThrow(() -> unknown("it has no line MemAvailable"));
    }

    private static LoomException unknown(String why) {
        return new LoomException(Problem.of(
                "LOOM-1270", "cannot read from " + MEMORY + " how much memory the host has to give", why, "mount /proc where loomd runs"));
    }
}
