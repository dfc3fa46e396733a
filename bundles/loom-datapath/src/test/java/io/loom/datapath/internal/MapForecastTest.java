package io.loom.datapath.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.config.Forecast;
import io.loom.api.config.Present;
import io.loom.api.plugin.ForwardingMethod;
import io.loom.datapath.MapForecast;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.ServiceLoader;
import java.util.jar.JarOutputStream;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What loomd --check says of memory. */
class MapForecastTest {
    @TempDir
    Path folder;

    private void bundle(String name, String service, String implementation) throws IOException {
        try (JarOutputStream jar = new JarOutputStream(Files.newOutputStream(folder.resolve(name + ".jar")))) {
            jar.putNextEntry(new ZipEntry("OSGI-INF/" + implementation + ".xml"));
            jar.write(("<c><service><provide interface=\"" + service + "\"/></service><implementation class=\"" + implementation + "\"/></c>")
                    .getBytes(StandardCharsets.UTF_8));
        }
    }

    private List<String> lines() {
        return new MapForecast().lines(TestHost.config(), folder);
    }

    @Test
    void mapsOfMethodsCountIfTheirBundlesAreThere() throws IOException {
        assertFalse(lines().stream().anyMatch(line -> line.contains("nat_pairs")), () -> "" + lines());
        bundle("algorithm", "io.loom.api.plugin.Algorithm", "io.loom.algorithm.maglev.Maglev");
        bundle("nat", "io.loom.api.plugin.ForwardingMethod", "io.loom.forward.nat.NatForwarding");
        assertEquals(1, BundleFolder.plugins(folder, ForwardingMethod.class).size());
        List<String> all = lines();
        assertTrue(all.get(all.size() - 1).startsWith("all maps together: "), all::toString);
    }

    @Test
    void whatIsDeployedAndWhichInterfacesThereAreIsToldByName() throws IOException {
        bundle("algorithm", "io.loom.api.plugin.Algorithm", "io.loom.algorithm.maglev.Maglev");
        bundle("nat", "io.loom.api.plugin.ForwardingMethod", "io.loom.forward.nat.NatForwarding");
        bundle("tcp", "io.loom.api.plugin.ProtocolHandler", "io.loom.protocol.tcp.TcpHandler");
        Present present = new MapForecast().present(folder);
        assertEquals(List.of("nat"), present.methods());
        assertEquals(List.of("maglev"), present.algorithms());
        assertTrue(present.interfaces().contains("lo"), present::toString);
    }

    @Test
    void aBundleThatCannotBeReadIsNamed() throws IOException {
        bundle("broken", "io.loom.api.plugin.ForwardingMethod", "nowhere.Method");
        assertTrue(assertThrows(IllegalStateException.class, this::lines).getMessage().contains("broken.jar"));
        assertThrows(IllegalStateException.class, () -> new MapForecast().present(folder));
        assertThrows(RuntimeException.class, () -> new MapForecast().lines(TestHost.config(), folder.resolve("none")));
    }

    @Test
    void theCheckFindsIt() {
        assertInstanceOf(MapForecast.class, ServiceLoader.load(Forecast.class).findFirst().orElseThrow());
    }
}
