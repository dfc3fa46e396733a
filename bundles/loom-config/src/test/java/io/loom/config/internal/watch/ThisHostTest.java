package io.loom.config.internal.watch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.config.internal.model.Host;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ThisHostTest {
    @TempDir
    private Path sys;

    private void cpus(String possible, String online) throws IOException {
        Path folder = Files.createDirectories(sys.resolve("devices/system/cpu"));
        Files.writeString(folder.resolve("possible"), possible);
        Files.writeString(folder.resolve("online"), online);
    }

    @Test
    void cpusAreRangesOfTheKernel() throws IOException {
        cpus("0-7\n", "0-2,5\n");
        assertEquals(Optional.of(new Host.Cpus(Set.of(0, 1, 2, 3, 4, 5, 6, 7), Set.of(0, 1, 2, 5))), new ThisHost(sys).get().cpus());
        cpus("0\n", "0\n");
        assertEquals(Optional.of(new Host.Cpus(Set.of(0), Set.of(0))), new ThisHost(sys).get().cpus(), "looked at anew");
    }

    @Test
    void whatCannotBeReadIsNotKnown() throws IOException {
        assertEquals(Optional.empty(), new ThisHost(sys).get().cpus());
        cpus("", "0\n");
        assertEquals(Optional.empty(), new ThisHost(sys).get().cpus());
    }

    @Test
    void thisMachineHasACpu() {
        assertTrue(new ThisHost().get().cpus().orElseThrow().online().size() > 0);
    }

    /** The file of a host with another list of CPUs. */
    @Test
    void aFileIsCheckedAgainstTheHostAsItIsWhenItIsRead() throws IOException {
        cpus("0-3\n", "0-3\n");
        Path file = Files.writeString(sys.resolve("loom.yaml"), "ebpf: {interface: e, xdp: {cpu_affinity: [2, 3]}}\n");
        ConfigFile config = new ConfigFile(file, new ThisHost(sys));
        assertEquals(0, config.read().problems().size());
        cpus("0-3\n", "0-2\n");
        assertEquals("CPU 3 is offline", config.read().problems().get(0).why());
    }
}
