package io.loom.datapath.internal;

import static io.loom.datapath.internal.TestHost.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.libbpf.KernelFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Forwarding on {@code lo}, without which no route can be asked for, and which goes when somebody switches off the whole host's. */
class ForwardingOffTest extends DataPlaneFixture {

    @ParameterizedTest
    @ValueSource(strings = {"ipv4/conf/lo", "ipv4/conf/all"})
    void nextHopsAreKnownAgainWhenSomebodySwitchesForwardingOff(String place) throws Exception {
        balance(plane);
        Path everywhere = Path.of("/proc/sys/net", place, "forwarding");
        String before = KernelFile.read(everywhere);
        try {
            Files.writeString(everywhere, before.equals("0") ? "1" : "0");
            Files.writeString(everywhere, "0");
            await("forwarding on lo", () -> KernelFile.read(Path.of("/proc/sys/net/ipv4/conf/lo/forwarding")).equals("1"));
            assertEquals(Map.of(), plane.unresolved());
            assertEquals(List.of(), plane.problems());
        } finally {
            Files.writeString(everywhere, before);
        }
    }
}
