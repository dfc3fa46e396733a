package io.loom.datapath.internal;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.libbpf.KernelFile;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the receive work of interfaces, and with it the program, on the CPUs that the file names: by the interrupts of a network
 * card, else by threads of its queues. What was there before is kept in loom_meta and put back when all CPUs may be used again.
 * Thread-safe.
 */
final class CpuAffinity {
    private static final Logger LOG = LoggerFactory.getLogger(CpuAffinity.class);
    private static final String INTERRUPT = "irq.";
    private static final String THREADED = "threaded.";

    private final Meta meta;
    private final Path sys;
    private final Interrupts interrupts;
    private final NapiThreads threads;
    private final Map<String, Set<Integer>> bound = new HashMap<>();
    private final Map<String, Problem> problems = new TreeMap<>();
    /** What could not be put back when it was tried last, by its key in loom_meta. */
    private Map<String, Problem> left = new TreeMap<>();
    private Set<Integer> cpus = Set.of();

    CpuAffinity(Meta meta, Path sys, Path proc) {
        this.meta = meta;
        this.sys = sys;
        this.interrupts = new Interrupts(sys, proc);
        this.threads = new NapiThreads(sys, proc);
    }

    /** @param wanted none: all */
    synchronized void want(Collection<Integer> wanted) {
        if (!cpus.equals(Set.copyOf(wanted))) {
            cpus = new TreeSet<>(wanted);
            bound.clear();
            problems.clear();
        }
        if (cpus.isEmpty()) {
            restore();
        }
    }

    /** Binds what is not bound yet, and lets go of the others. @param devices those that have the program */
    synchronized void check(Collection<String> devices) {
        problems.keySet().retainAll(devices);
        if (cpus.isEmpty()) {
            if (!left.isEmpty()) {
                restore();
            }
            return;
        }
        release(devices);
        for (String device : devices) {
            try {
                requireOnline();
                bind(device);
                problems.remove(device);
            } catch (IOException | LoomException failure) {
                report(device, failure.getMessage());
            }
        }
    }

    private void report(String device, String why) {
        Problem problem = Problem.of(
                "LOOM-1230", "the program on " + device + " is not bound to CPUs " + list(), why,
                "name CPUs that are online; settings of interrupts and kernel threads belong to root: run loomd as root, or set "
                        + "them yourself and remove cpu_affinity");
        if (!problem.equals(problems.put(device, problem))) {
            LOG.warn("{}", problem);
        }
    }

    private void requireOnline() throws IOException {
        Set<Integer> online = parse(KernelFile.read(sys.resolve("devices/system/cpu/online")));
        List<Integer> offline = cpus.stream().filter(cpu -> !online.contains(cpu)).toList();
        if (!offline.isEmpty()) {
            throw new IOException("not online: " + offline + "; online are " + online);
        }
    }

    private void bind(String device) throws IOException {
        List<Integer> numbers = interrupts.of(device);
        if (!numbers.isEmpty()) {
            bindInterrupts(device, numbers);
        } else if (!threads.alive(device, bound.getOrDefault(device, Set.of()))) {
            bindThreads(device);
        }
    }

    /**
     * One CPU for each, by turns among those of a kind: a virtio card's queues that receive and transmit alternate, and turns
     * over all would give two CPUs one kind each. They are looked at each time, since drivers and irqbalance set them too. One that
     * the kernel keeps where it is does not keep the others from being moved.
     */
    private void bindInterrupts(String device, List<Integer> numbers) throws IOException {
        List<Integer> turns = new ArrayList<>(cpus);
        Map<String, Integer> taken = new HashMap<>();
        List<String> refused = new ArrayList<>();
        for (int number : numbers) {
            int turn = taken.merge(interrupts.kind(number), 1, Integer::sum) - 1;
            try {
                bindInterrupt(device, number, "" + turns.get(turn % turns.size()));
            } catch (IOException failure) {
                refused.add("interrupt " + number + ": " + failure.getMessage());
            }
        }
        if (!refused.isEmpty()) {
            throw new IOException(String.join("; ", refused));
        }
    }

    private void bindInterrupt(String device, int number, String wanted) throws IOException {
        String now = interrupts.cpus(number);
        if (now.equals(wanted)) {
            return;
        }
        boolean first = meta.get(INTERRUPT + number).isEmpty();
        if (first) {
            meta.put(INTERRUPT + number, now);
        }
        try {
            interrupts.bind(number, wanted);
        } catch (IOException failure) {
            if (first) {
                meta.remove(INTERRUPT + number);
            }
            throw failure;
        }
        LOG.info("interrupt {} of {} goes to CPU {}, before to {}", number, device, wanted, now);
    }

    private void bindThreads(String device) throws IOException {
        boolean before = threads.enabled(device);
        Set<Integer> found = threads.enable(device);
        if (!before) {
            meta.put(THREADED + device, "off");
        }
        if (found.isEmpty()) {
            throw new IOException("its receive queues have neither interrupts nor threads: in generic mode a device without hardware "
                    + "works on the sender's CPU");
        }
        threads.bind(found, cpus);
        bound.put(device, found);
        LOG.info("receive threads {} of {} run on CPUs {}", found, device, list());
    }

    private void restore() {
        restoreAllBut(Set.of(), Set.of());
    }

    /** An interface that has left the file gets its own back; of one that has gone there is nothing to put back. */
    private void release(Collection<String> devices) {
        Set<Integer> kept = new TreeSet<>();
        try {
            for (String device : devices) {
                kept.addAll(interrupts.of(device));
            }
        } catch (IOException failure) {
            LOG.warn("interrupts cannot be listed: {}", failure.toString());
            return;
        }
        bound.keySet().retainAll(devices);
        restoreAllBut(kept, devices);
    }

    private void restoreAllBut(Collection<Integer> keptInterrupts, Collection<String> keptDevices) {
        Map<String, Problem> now = new TreeMap<>();
        meta.withPrefix(INTERRUPT).forEach((number, before) -> {
            if (!keptInterrupts.contains(Integer.valueOf(number))) {
                undo(now, INTERRUPT + number, () -> interrupts.bind(Integer.parseInt(number), before));
            }
        });
        meta.withPrefix(THREADED).keySet().stream().filter(device -> !keptDevices.contains(device))
                .forEach(device -> undo(now, THREADED + device, () -> threads.disable(device)));
        now.values().stream().filter(problem -> !left.containsValue(problem)).forEach(problem -> LOG.warn("{}", problem));
        left = now;
    }

    private interface Undoing {
        void run() throws IOException;
    }

    /** What is refused stays in loom_meta for another attempt; of an interrupt or interface that has gone there is nothing to put back. */
    private void undo(Map<String, Problem> refused, String key, Undoing work) {
        try {
            work.run();
        } catch (NoSuchFileException gone) {
            LOG.info("{} is gone, and gets nothing back", key);
        } catch (IOException failure) {
            String what = key.startsWith(INTERRUPT)
                    ? "interrupt " + key.substring(INTERRUPT.length()) : "receive work of " + key.substring(THREADED.length());
            refused.put(key, Problem.of(
                    "LOOM-1281", what + " is not put back to the CPUs that it had before cpu_affinity", failure.toString(),
                    "settings of interrupts and kernel threads belong to root: run loomd as root, which tries again each second"));
            return;
        }
        meta.remove(key);
    }

    private String list() {
        return String.join(",", cpus.stream().map(String::valueOf).toList());
    }

    /** @param list such as {@code 0-2,5} */
    static Set<Integer> parse(String list) {
        Set<Integer> found = new TreeSet<>();
        for (String range : list.strip().split(",")) {
            String[] ends = range.split("-");
            for (int cpu = Integer.parseInt(ends[0]); cpu <= Integer.parseInt(ends[ends.length - 1]); cpu++) {
                found.add(cpu);
            }
        }
        return found;
    }

    synchronized List<Problem> problems() {
        return Stream.concat(problems.values().stream(), left.values().stream()).toList();
    }
}
