package io.loom.control.internal;

import static io.loom.control.internal.Fixtures.config;
import static io.loom.control.internal.Fixtures.server;
import static io.loom.control.internal.Fixtures.upstream;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Problem;
import io.loom.api.Protocol;
import io.loom.api.config.LoomConfig;
import io.loom.api.config.Vip;
import io.loom.api.control.VipView;
import io.loom.control.dataplane.Change;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An algorithm that makes no table degrades the vips that use it, and holds up nothing else. */
class UnbuiltTablesTest {
    @TempDir
    Path data;

    private final FakeDataPlane plane = new FakeDataPlane();
    private Bench bench;

    @BeforeEach
    void start() {
        bench = new Bench(data, plane);
    }

    private static Vip vip(String name, String upstream, String... addresses) {
        return new Vip(name, Stream.of(addresses).map(Fixtures::address).toList(), false,
                List.of(new Vip.Service(Protocol.TCP, 80)), "maglev", 7, "nat", upstream, true, Vip.Connections.DEFAULT);
    }

    /** Of web's upstream the backends 1 and 2, of shop's 3 and 4. */
    private static LoomConfig both(String... addressesOfWeb) {
        return config(List.of(vip("web", "one", addressesOfWeb), vip("shop", "two", "10.9.0.2")),
                upstream("one", server("10.0.0.1"), server("10.0.0.2")),
                upstream("two", server("10.0.0.3"), server("10.0.0.4")));
    }

    private Set<String> tableOf(String vip) {
        return plane.applied().tables().entrySet().stream().filter(entry -> entry.getKey().vip().equals(vip))
                .flatMap(entry -> entry.getValue().weights().keySet().stream())
                .map(backend -> backend.endpoint().toString()).collect(java.util.stream.Collectors.toSet());
    }

    private VipView view(String vip) {
        return bench.seen.vips().stream().filter(one -> one.name().equals(vip)).findFirst().orElseThrow();
    }

    private List<String> codes() {
        return bench.seen.warnings().stream().map(Problem::code).toList();
    }

    @Test
    void changesOfOtherVipsAreMade() {
        bench.load(both("10.9.0.1"));
        plane.unbuilt.put("web", false);
        bench.change(edit -> edit.weight(1, OptionalInt.of(7)));
        bench.change(edit -> edit.weight(3, OptionalInt.of(0)));
        assertEquals(Set.of("10.0.0.4:80"), tableOf("shop"));
        assertEquals(List.of(), view("shop").degraded());
        assertTrue(view("web").degraded().get(0).contains("LOOM-4112 no table of vip web: the test's algorithm fails"));
        assertEquals(List.of("LOOM-4112", "LOOM-3510"), codes());
        plane.unbuilt.clear();
        bench.round();
        assertEquals(List.of(), codes());
        assertEquals(List.of(), view("web").degraded());
    }

    /** What comes before tables fails, so that none is tried. */
    @Test
    void whatIsSaidOfATableHoldsUntilItIsTriedAgain() {
        bench.load(both("10.9.0.1"));
        plane.unbuilt.put("web", false);
        bench.change(edit -> edit.weight(1, OptionalInt.of(7)));
        plane.refused = Change.PutBackend.class::isInstance;
        bench.load(config(List.of(vip("web", "one", "10.9.0.1"), vip("shop", "two", "10.9.0.2")),
                upstream("one", server("10.0.0.1"), server("10.0.0.2")),
                upstream("two", server("10.0.0.3"), server("10.0.0.4"), server("10.0.0.5"))));
        assertTrue(codes().contains("LOOM-4112"), codes()::toString);
        assertTrue(view("web").degraded().get(0).contains("LOOM-4112"), view("web")::toString);
        plane.refused = change -> false;
        plane.unbuilt.clear();
        bench.pass(Duration.ofSeconds(10));
        assertEquals(List.of(), codes());
    }

    @Test
    void aBackendOfTheVipItselfGoesAllTheSame() {
        bench.load(both("10.9.0.1"));
        plane.unbuilt.put("web", false);
        bench.change(edit -> edit.remove(1));
        assertEquals(Set.of("10.0.0.2:80"), tableOf("web"));
        assertEquals(1, view("web").usable());
        assertEquals(List.of("LOOM-4112", "LOOM-3510"), codes());
    }

    @Test
    void aVipThatNeverHadATablePassesAndTheOthersAreServed() {
        plane.unbuilt.put("web", false);
        bench.load(both("10.9.0.1"));
        assertEquals(List.of(), view("web").listeners());
        assertEquals(List.of("tcp 10.9.0.2:80"), view("shop").listeners());
        plane.unbuilt.clear();
        bench.round();
        assertEquals(List.of("tcp 10.9.0.1:80"), view("web").listeners());
    }

    @Test
    void aNewAddressGoesToTheTableThatIsThere() {
        bench.load(both("10.9.0.1"));
        plane.unbuilt.put("web", false);
        bench.change(edit -> edit.remove(1));
        bench.load(both("10.9.0.1", "10.9.0.7"));
        assertEquals(List.of("tcp 10.9.0.1:80", "tcp 10.9.0.7:80"), view("web").listeners());
    }

    /** As after a restart without it, at once. */
    @Test
    void aProtocolWhoseBundleIsGoneDegradesTheVipsThatHaveItsPorts() {
        plane.gone.add(Protocol.UDP);
        bench.load(both("10.9.0.1"));
        assertEquals(List.of(), view("web").degraded());
        plane.gone.clear();
        plane.gone.add(Protocol.TCP);
        bench.round();
        for (String vip : List.of("web", "shop")) {
            assertEquals(List.of("the protocol handler for TCP is no longer deployed; the running program keeps it"), view(vip).degraded());
            assertEquals(1, view(vip).listeners().size());
        }
        plane.gone.clear();
        bench.round();
        assertEquals(List.of(), view("web").degraded());
    }

    @Test
    void anAnswerWaitsForAnAlgorithmThatIsAtWorkOnItsOwnUpstreamOnly() {
        bench.load(both("10.9.0.1"));
        plane.unbuilt.put("web", true);
        bench.change(edit -> edit.weight(1, OptionalInt.of(7)));
        assertEquals(Set.of("one"), bench.seen.holding());
        assertEquals(List.of("LOOM-3510"), codes());
        plane.unbuilt.clear();
        bench.round();
        assertEquals(Set.of(), bench.seen.holding());
    }

    @Test
    void readinessWaitsForTablesThatAreBeingMadeAndNamesTheirVips() {
        plane.unbuilt.put("web", true);
        plane.unbuilt.put("shop", true);
        bench.load(both("10.9.0.1"));
        assertEquals("lookup tables of vip web, shop", bench.seen.waiting());
        plane.unbuilt.remove("web");
        bench.round();
        assertEquals("lookup tables of vip shop", bench.seen.waiting());
        plane.unbuilt.clear();
        bench.round();
        assertEquals("", bench.seen.waiting());
    }
}
