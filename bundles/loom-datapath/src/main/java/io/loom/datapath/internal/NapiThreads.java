package io.loom.datapath.internal;

import io.loom.libbpf.KernelFile;
import io.loom.libbpf.Threads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * For devices without interrupts of their own, such as veth: they have the receive work of the sender's CPU, unless each queue
 * gets a kernel thread (threaded NAPI, Linux 5.12), which can be bound to CPUs. The program runs in that thread.
 */
final class NapiThreads {
    private final Path sys;
    private final Path proc;

    NapiThreads(Path sys, Path proc) {
        this.sys = sys;
        this.proc = proc;
    }

    private Path setting(String device) {
        return sys.resolve("class/net").resolve(device).resolve("threaded");
    }

    /** False also if the kernel does not know them. */
    boolean enabled(String device) throws IOException {
        return Files.exists(setting(device)) && KernelFile.read(setting(device)).equals("1");
    }

    /** Threads of a device: those that come with the setting, since devices of other namespaces can have the same name. */
    Set<Integer> enable(String device) throws IOException {
        if (!Files.exists(setting(device))) {
            throw new IOException("this kernel has no threads for receive queues (Linux 5.12)");
        }
        boolean before = enabled(device);
        Set<Integer> others = before ? Set.of() : named(device);
        Files.writeString(setting(device), "1\n");
        Set<Integer> threads = new TreeSet<>(named(device));
        threads.removeAll(others);
        return threads;
    }

    void disable(String device) throws IOException {
        Files.writeString(setting(device), "0\n");
    }

    /** True if all are still threads of such a device: they go when its queues are set up anew. */
    boolean alive(String device, Set<Integer> threads) {
        return !threads.isEmpty() && threads.stream().allMatch(thread -> isOf(device, proc.resolve("" + thread)));
    }

    private Set<Integer> named(String device) throws IOException {
        try (Stream<Path> processes = Files.list(proc)) {
            return processes.filter(process -> process.getFileName().toString().chars().allMatch(Character::isDigit))
                    .filter(process -> isOf(device, process))
                    .map(process -> Integer.valueOf(process.getFileName().toString())).collect(Collectors.toSet());
        }
    }

    /** Names of threads have at most 15 characters: a long device's ends early. */
    private static boolean isOf(String device, Path process) {
        try {
            String name = KernelFile.read(process.resolve("comm"));
            String whole = "napi/" + device + "-";
            return name.startsWith(whole.substring(0, Math.min(whole.length(), 15)));
        } catch (IOException gone) {
            return false;
        }
    }

    void bind(Set<Integer> threads, Set<Integer> cpus) {
        new HashSet<>(threads).forEach(thread -> Threads.bind(thread, cpus));
    }
}
