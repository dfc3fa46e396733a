package io.loom.datapath.internal;

import io.loom.libbpf.KernelFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The interrupts of a network card's queues, one or more for each queue, and the CPUs that take them. */
final class Interrupts {
    private final Path sys;
    private final Path proc;

    /** @param sys and {@code proc}: where these file systems are */
    Interrupts(Path sys, Path proc) {
        this.sys = sys;
        this.proc = proc;
    }

    /** Numbers in ascending order; none for devices without hardware. A virtio card's belong to the bus device above it. */
    List<Integer> of(String device) throws IOException {
        Path card = sys.resolve("class/net").resolve(device).resolve("device");
        if (!Files.exists(card)) {
            return List.of();
        }
        Path real = card.toRealPath();
        for (Path place : List.of(real, real.getParent())) {
            Path list = place.resolve("msi_irqs");
            if (Files.isDirectory(list)) {
                try (Stream<Path> entries = Files.list(list)) {
                    return entries.map(entry -> Integer.valueOf(entry.getFileName().toString())).sorted().toList();
                }
            }
        }
        return List.of();
    }

    /**
     * What the driver calls it, without numbers: {@code virtio-input.} for the queues of a card that receive. Empty if nothing
     * uses it.
     */
    String kind(int interrupt) throws IOException {
        try (Stream<Path> entries = Files.list(directory(interrupt))) {
            return entries.filter(Files::isDirectory).map(user -> user.getFileName().toString().replaceAll("[0-9]", "")).sorted()
                    .collect(Collectors.joining(" "));
        }
    }

    /** Such as {@code 0-3,7}. */
    String cpus(int interrupt) throws IOException {
        return KernelFile.read(affinity(interrupt));
    }

    void bind(int interrupt, String cpus) throws IOException {
        Files.writeString(affinity(interrupt), cpus + "\n");
    }

    private Path affinity(int interrupt) {
        return directory(interrupt).resolve("smp_affinity_list");
    }

    private Path directory(int interrupt) {
        return proc.resolve("irq").resolve("" + interrupt);
    }
}
