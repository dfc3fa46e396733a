package io.loom.control.internal;

import static io.loom.control.internal.Fixtures.address;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Endpoint;
import io.loom.api.Protocol;
import io.loom.api.config.LoomConfig;
import io.loom.api.config.Upstream;
import io.loom.api.config.Vip;
import io.loom.control.dataplane.Change;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A whole appliance in one plan. Deadlines are far above what it takes, for a busy machine; what a change touches is counted.
 */
@Tag("size")
class SizeTest {
    private static final int BACKENDS = 10_000;
    private static final Duration DEADLINE = Duration.ofSeconds(120);
    private static final int CHANGES = 2;

    private final WideDataPlane plane = new WideDataPlane();
    @TempDir
    private Path data;

    /** Whatever the hashes of addresses and ports have in common. */
    @ParameterizedTest
    @CsvSource({"10.200.0.%d, 100, 100", "fd00:0:0:%x::%x, 100, 100", "10.200.0.%d, 1, 10000"})
    void tenThousandBackendsOfOneVipInAnyShape(String format, int hosts, int ports) {
        List<Upstream.Server> servers = new ArrayList<>();
        for (int host = 1; host <= hosts; host++) {
            for (int port = 1; port <= ports; port++) {
                // In the form of two places addresses are the grid, in which the sum of the words says little.
                boolean both = format.indexOf('%') != format.lastIndexOf('%');
                String text = both ? String.format(format, host, port) : String.format(format, host);
                servers.add(server(text, both ? 80 : 10_000 + port));
            }
        }
        Bench bench = assertTimeoutPreemptively(DEADLINE, () -> load(config(
                List.of(vip("web", "default", "10.9.0.1", "fd09::1")), List.of(upstream("default", servers)))));
        assertEquals(servers.size(), bench.seen.vips().get(0).usable());
        changesTouchOneTable(bench);
    }

    @Test
    void aThousandVipsOfOneUpstreamHaveItsTable() {
        List<Upstream.Server> servers = IntStream.range(0, BACKENDS)
                .mapToObj(i -> server("10.200." + i / 100 + ".1", 10_000 + i % 100)).toList();
        List<Vip> vips = IntStream.range(0, 1000).mapToObj(i -> vip("web" + i, "default", "10.9." + i / 250 + "." + i % 250)).toList();
        Bench bench = assertTimeoutPreemptively(DEADLINE, () -> load(config(vips, List.of(upstream("default", servers)))));
        assertEquals(1000, bench.seen.vips().stream().filter(vip -> vip.usable() == BACKENDS).count());
        assertEquals(1, plane.applied().tables().values().stream().map(System::identityHashCode).distinct().count());
        changesTouchOneTable(bench);
    }

    @Test
    void aThousandVipsOfBothFamiliesHaveAnUpstreamEach() {
        List<Vip> vips = new ArrayList<>();
        List<Upstream> upstreams = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            String low = i / 250 + "." + i % 250;
            vips.add(vip("web" + i, "pool" + i, "10.9." + low, "fd09::" + Integer.toHexString(i + 1)));
            List<Upstream.Server> servers = new ArrayList<>();
            for (int port = 1; port <= 5; port++) {
                servers.add(server("10.200." + low, port));
                servers.add(server("fd00::" + Integer.toHexString(i + 1), port));
            }
            upstreams.add(upstream("pool" + i, servers));
        }
        Bench bench = assertTimeoutPreemptively(DEADLINE, () -> load(config(vips, upstreams)));
        assertEquals(2000, plane.applied().tables().size());
        assertEquals(1000, bench.seen.vips().stream().filter(vip -> vip.usable() == 10).count());
        changesTouchOneTable(bench);
    }

    private Bench load(LoomConfig config) {
        Bench bench = new Bench(data, plane);
        bench.load(config);
        return bench;
    }

    private void changesTouchOneTable(Bench bench) {
        plane.takeChanges();
        assertTimeoutPreemptively(DEADLINE, () -> {
            for (int id = 1; id <= CHANGES; id++) {
                int weight = 50 + id;
                int changed = id;
                bench.change(edit -> edit.weight(changed, OptionalInt.of(weight)));
                List<Change> changes = plane.takeChanges();
                assertEquals(1, changes.size(), changes::toString);
                assertTrue(changes.get(0) instanceof Change.PutTable put && put.spec().weights().containsValue(weight));
            }
        });
    }

    private static LoomConfig config(List<Vip> vips, List<Upstream> upstreams) {
        return Fixtures.config(true, vips, upstreams);
    }

    private static Vip vip(String name, String upstream, String... addresses) {
        List<InetAddress> all = List.of(addresses).stream().map(Fixtures::address).toList();
        return new Vip(name, all, false, List.of(new Vip.Service(Protocol.TCP, 80)), "maglev", 1021, "nat", upstream, true,
                Vip.Connections.DEFAULT);
    }

    private static Upstream upstream(String name, List<Upstream.Server> servers) {
        return new Upstream(name, servers, Optional.of(Fixtures.CHECK));
    }

    private static Upstream.Server server(String address, int port) {
        return new Upstream.Server(OptionalInt.empty(), new Endpoint(address(address), port), 100, true);
    }
}
