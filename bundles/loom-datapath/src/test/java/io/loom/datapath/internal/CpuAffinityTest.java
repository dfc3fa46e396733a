package io.loom.datapath.internal;

import static io.loom.datapath.internal.TestHost.ip;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Interrupts of a network card that this host lacks, as files; threads of a real veth. */
class CpuAffinityTest {
    private final Meta meta = Meta.create();
    @TempDir
    private Path host;
    private CpuAffinity affinity;

    /** A virtio card: its interrupts belong to the PCI device above it. */
    @BeforeEach
    void card() throws IOException {
        Path pci = Files.createDirectories(host.resolve("sys/devices/pci0/0000:00:03.0"));
        Files.createDirectories(pci.resolve("virtio0/net/eth9"));
        Files.createDirectories(host.resolve("sys/class/net"));
        Files.createSymbolicLink(host.resolve("sys/class/net/eth9"), pci.resolve("virtio0/net/eth9"));
        Files.createSymbolicLink(pci.resolve("virtio0/net/eth9/device"), pci.resolve("virtio0"));
        Files.createDirectories(pci.resolve("msi_irqs"));
        for (int number : List.of(24, 25, 26)) {
            Files.createFile(pci.resolve("msi_irqs/" + number));
            Files.createDirectories(host.resolve("proc/irq/" + number));
            Files.writeString(file(number), "0-3\n");
        }
        Files.createDirectories(host.resolve("sys/devices/system/cpu"));
        Files.writeString(host.resolve("sys/devices/system/cpu/online"), "0-3\n");
        affinity = new CpuAffinity(meta, host.resolve("sys"), host.resolve("proc"));
    }

    @AfterEach
    void close() {
        meta.close();
    }

    private Path file(int number) {
        return host.resolve("proc/irq/" + number + "/smp_affinity_list");
    }

    private List<String> now() throws IOException {
        return List.of(Files.readString(file(24)).strip(), Files.readString(file(25)).strip(), Files.readString(file(26)).strip());
    }

    @Test
    void theInterruptsOfACardTakeTurnsOnTheCpusAndGetTheirOwnBack() throws IOException {
        affinity.want(List.of(1, 3));
        affinity.check(Set.of("eth9"));
        assertEquals(List.of("1", "3", "1"), now());
        Files.writeString(file(25), "0\n");
        affinity.check(Set.of("eth9"));
        assertEquals(List.of("1", "3", "1"), now(), "after somebody else has changed one");
        assertEquals(List.of(), affinity.problems());
        new CpuAffinity(meta, host.resolve("sys"), host.resolve("proc")).want(List.of());
        assertEquals(List.of("0-3", "0-3", "0-3"), now());
    }

    @Test
    void whatADeviceHadIsPutBackWhenItHasTheProgramNoMore() throws IOException {
        affinity.want(List.of(1));
        affinity.check(Set.of("eth9"));
        assertEquals(List.of("1", "1", "1"), now());
        affinity.check(Set.of());
        assertEquals(List.of("0-3", "0-3", "0-3"), now());
        affinity.check(Set.of("eth9"));
        assertEquals(List.of("1", "1", "1"), now());
    }

    /** Some cards have interrupts that the kernel keeps where they are: writing fails, as it does here. */
    @Test
    void anInterruptThatCannotBeMovedDoesNotKeepTheOthers() throws IOException {
        Files.delete(file(24));
        Files.createSymbolicLink(file(24), Path.of("/proc/sys/kernel/ostype"));
        affinity.want(List.of(2));
        affinity.check(Set.of("eth9"));
        assertEquals(List.of("2", "2"), List.of(Files.readString(file(25)).strip(), Files.readString(file(26)).strip()));
        Problem problem = affinity.problems().get(0);
        assertEquals("LOOM-1230", problem.code());
        assertTrue(problem.why().contains("interrupt 24"), problem::toString);
        assertEquals(Set.of("25", "26"), meta.withPrefix("irq.").keySet(), "what can be put back");
    }

    @Test
    void whatCannotBePutBackIsAProblemAndTriedAgainButNotWhatIsGone() throws IOException {
        affinity.want(List.of(2));
        affinity.check(Set.of("eth9"));
        Files.delete(file(24));
        Files.createSymbolicLink(file(24), Path.of("/proc/sys/kernel/ostype"));
        Files.delete(file(26));
        Files.delete(file(26).getParent());
        affinity.want(List.of());
        assertEquals(List.of("LOOM-1281"), affinity.problems().stream().map(Problem::code).toList());
        assertTrue(affinity.problems().get(0).what().startsWith("interrupt 24 "), affinity.problems()::toString);
        assertEquals(Set.of("24"), meta.withPrefix("irq.").keySet());
        Files.delete(file(24));
        Files.writeString(file(24), "2\n");
        affinity.check(Set.of("eth9"));
        assertEquals(List.of(), affinity.problems());
        assertEquals("0-3", Files.readString(file(24)).strip());
        assertEquals(Set.of(), meta.withPrefix("irq.").keySet());
    }

    /** As a virtio card has them: first one for itself, then two for each queue. */
    @Test
    void turnsAreCountedForEachKindOfInterrupt() throws IOException {
        Path pci = host.resolve("sys/devices/pci0/0000:00:03.0/msi_irqs");
        List<String> users = List.of("config", "input.0", "output.0", "input.1", "output.1", "input.2", "output.2");
        for (int i = 0; i < users.size(); i++) {
            Files.createDirectories(host.resolve("proc/irq/" + (24 + i) + "/virtio0-" + users.get(i)));
            Files.writeString(file(24 + i), "0-3\n");
            if (i > 2) {
                Files.createFile(pci.resolve("" + (24 + i)));
            }
        }
        affinity.want(List.of(1, 3));
        affinity.check(Set.of("eth9"));
        List<String> cpus = new ArrayList<>();
        for (int i = 0; i < users.size(); i++) {
            cpus.add(users.get(i) + " " + Files.readString(file(24 + i)).strip());
        }
        assertEquals(List.of("config 1", "input.0 1", "output.0 1", "input.1 3", "output.1 3", "input.2 1", "output.2 1"), cpus);
    }

    @Test
    void aCpuThatIsNotOnlineIsAProblemAndNothingIsBound() throws IOException {
        affinity.want(List.of(1, 7));
        affinity.check(Set.of("eth9"));
        assertEquals(List.of("0-3", "0-3", "0-3"), now());
        Problem problem = affinity.problems().get(0);
        assertEquals("LOOM-1230", problem.code());
        assertTrue(problem.why().contains("[7]"), problem::toString);
        affinity.want(List.of(1));
        affinity.check(Set.of("eth9"));
        assertEquals(List.of(), affinity.problems());
    }

    @Test
    void listsOfCpusAreReadAsTheKernelWritesThem() {
        assertEquals(Set.of(0, 1, 2, 3, 7), CpuAffinity.parse("0-3,7\n"));
    }

    /** In generic mode, or without the program, a veth has no receive queue of its own. */
    @Test
    void aDeviceWithoutQueuesIsAProblem() throws IOException {
        ip("link add noq type veth peer name noqp");
        CpuAffinity real = new CpuAffinity(meta, Path.of("/sys"), Path.of("/proc"));
        real.want(List.of(0));
        real.check(Set.of("noq"));
        assertEquals(List.of("LOOM-1230"), real.problems().stream().map(Problem::code).toList());
        real.want(List.of());
        assertEquals("0", Files.readString(Path.of("/sys/class/net/noq/threaded")).strip());
        ip("link del noq");
    }
}
