package io.loom.datapath.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.plugin.ForwardingMethod;
import io.loom.api.plugin.MethodOptions;
import io.loom.datapath.Composer;
import io.loom.datapath.TestHandlers;
import io.loom.datapath.Tuning;
import io.loom.datapath.Tuning.Connections;
import io.loom.datapath.Tuning.Connections.Kind;
import io.loom.forward.ipip.IpipForwarding;
import io.loom.forward.nat.NatForwarding;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What becomes of the connection table on a kernel that does not take the program with the one that is wanted. */
class ReplacedTableTest {
    private static final String NAME = "table";
    private static final Path LOCK = Path.of("target/lock");
    private static final int ENTRIES = 4096;

    private Instance instance = Instance.open(TestHost.BPFFS, NAME, LOCK);
    private ProgramStore store = new ProgramStore(instance);

    @AfterEach
    void takeDown() {
        instance.close();
        Takedown.run(TestHost.BPFFS, NAME, LOCK);
    }

    private Programs begin(Composer composer, Kind table, ForwardingMethod... methods) {
        Tuning tuning = Tuning.small(250).withConnections(new Connections(ENTRIES, table));
        Map<String, MethodCode> deployed = new HashMap<>();
        for (ForwardingMethod method : methods) {
            deployed.put(method.describe().name(), MethodCode.of(method, () -> {}));
        }
        return Programs.begin(new Workshop(composer, store), store, () -> deployed, () -> TestHandlers.ALL,
                new Workshop.Wanted(tuning, MethodOptions.DEFAULT));
    }

    private Kind table() {
        return Connections.of(instance.map("loom_conns4")).kind();
    }

    /** Codes of what status says of the tables. */
    private List<String> told(Programs programs) {
        return MapSizes.differences(instance.maps(), programs.tuning(), instance.meta().get(MapSizes.REPLACED)).stream()
                .map(problem -> problem.code()).filter(code -> !code.equals("LOOM-1220")).toList();
    }

    private static Composer withRefusedCache() throws IOException {
        try (InputStream refused = ReplacedTableTest.class.getResourceAsStream("/bpf/refused.bpf.o")) {
            return new Composer(refused.readAllBytes(), Composer.object("core_hash"));
        }
    }

    @Test
    void theKernelsHashTakesThePlaceOfACacheThatTheVerifierRefuses() throws IOException {
        try (Programs programs = begin(withRefusedCache(), Kind.CACHE, new NatForwarding(), new IpipForwarding())) {
            assertEquals(Kind.LRU_HASH, table());
            assertEquals(ENTRIES, instance.map("loom_conns4").maxEntries());
            assertEquals(List.of("LOOM-1221"), told(programs));
            assertTrue(programs.methods().keySet().containsAll(List.of("nat", "ipip")), "no method is left out for it");
        }
    }

    @Test
    void theNextProcessStillTellsSo() throws IOException {
        begin(withRefusedCache(), Kind.CACHE, new NatForwarding()).close();
        instance.close();
        instance = Instance.open(TestHost.BPFFS, NAME, LOCK);
        store = new ProgramStore(instance);
        Tuning wanted = Tuning.small(250).withConnections(new Connections(ENTRIES, Kind.CACHE));
        try (Programs programs = Programs.adopt(
                new Workshop(withRefusedCache(), store), store, Map::of, () -> TestHandlers.ALL,
                new Workshop.Wanted(wanted, MethodOptions.DEFAULT), instance.pinnedProgram().orElseThrow())) {
            assertEquals(List.of("LOOM-1221"), told(programs));
        }
    }

    @Test
    void aMethodThatTheVerifierRefusesDoesNotCostTheCache() {
        try (Programs programs = begin(Composer.builtIn(), Kind.CACHE, new IpipForwarding(), BrokenMethods.garbage())) {
            assertEquals(Kind.CACHE, table());
            assertEquals(List.of(), told(programs));
            assertEquals(Optional.of("LOOM-4114"), programs.problems().stream().map(problem -> problem.code()).findFirst());
        }
    }

    @Test
    void theKernelsHashCanBeAskedFor() {
        try (Programs programs = begin(Composer.builtIn(), Kind.LRU_HASH, new NatForwarding(), new IpipForwarding())) {
            assertEquals(Kind.LRU_HASH, table());
            assertEquals(List.of(), told(programs));
        }
    }
}
