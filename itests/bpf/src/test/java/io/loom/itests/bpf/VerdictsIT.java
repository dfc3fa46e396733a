package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Family;
import io.loom.api.Verdict;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.World;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** No verdict without a test: each has rows in the packet tables, or a test that is named here because rows cannot bring it about. */
class VerdictsIT {
    private static final Path TABLES = Path.of(System.getProperty("loom.bpf"), "test", "packets");

    @RegisterExtension
    private static final Planes PLANES = new Planes();

    /** Where maps must be full, wrong or empty, or another program is there. */
    private static final Map<Verdict, String> ELSEWHERE = new EnumMap<>(Map.of(
            Verdict.SENT_BEFORE, "BeforeIT.whatItEndsIsCountedByWhatItDid",
            Verdict.DROP_BEFORE, "BeforeIT.whatItEndsIsCountedByWhatItDid",
            Verdict.DROP_BEFORE_ABORTED, "BeforeIT.whatItEndsIsCountedByWhatItDid",
            Verdict.DROP_NO_BACKEND, "ConnectionIT.aVipWithoutUsableBackendDrops",
            Verdict.DROP_NO_METHOD, "VerdictsIT.aBackendWhoseMethodIsNotLinkedGetsNothing",
            Verdict.DROP_CONNECTIONS_FULL, "ConnectionIT.aFullTableRefusesATranslatedConnectionAndLetsADirectOneGoUntracked",
            Verdict.DROP_ECHO_LIMITED, "EchoIT.noMoreThanTheRateAreAnsweredAndOthersAreForwardedAllTheSame",
            Verdict.DROP_INTERNAL, "ConnectionIT.anInterfaceThatLoomWasNotGivenGetsNothing",
            Verdict.DROP_OTHER_VLAN, "VlanIT.aPacketNeedsTheTagOfTheWay"));

    /** Events are counted beside verdicts, in the same map. */
    private static final Map<Integer, String> EVENTS = Map.of(
            96, "ConnectionIT.aFullTableRefusesATranslatedConnectionAndLetsADirectOneGoUntracked",
            97, "EvictionIT.theOldestThatIsNotAssuredGivesWay", 98, "TraceIT.whatFindsNoRoomIsCountedAndForwardedAllTheSame");

    private static Set<String> inTables() throws IOException {
        Set<String> verdicts = new HashSet<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(TABLES, "*.json")) {
            for (Path file : files) {
                // The frames have no verdicts, and those of the program on backends are its own.
                if (!Set.of("frames.json", "decap.json").contains(file.getFileName().toString())) {
                    PacketRow.read(file).forEach(row -> row.steps().forEach(step -> verdicts.add(step.verdict())));
                }
            }
        }
        return verdicts;
    }

    @Test
    void everyVerdictHasARowOrATest() throws IOException {
        Set<String> tested = inTables();
        ELSEWHERE.keySet().forEach(verdict -> tested.add(verdict.name()));
        Set<String> missing = Arrays.stream(Verdict.values()).map(Verdict::name).collect(Collectors.toCollection(TreeSet::new));
        missing.removeAll(tested);
        assertEquals(Set.of(), missing, "verdicts without a row or test");
    }

    @Test
    void everyEventHasATest() throws IOException {
        Path abi = Path.of(System.getProperty("loom.bpf"), "include", "loom", "abi.h");
        Set<Integer> events = Files.readAllLines(abi).stream().filter(line -> line.strip().startsWith("LOOM_EVENT_"))
                .map(line -> Integer.parseInt(line.replaceAll(".*= (\\d+),.*", "$1"))).collect(Collectors.toSet());
        assertEquals(EVENTS.keySet(), events);
    }

    @Test
    void theTestsThatAreNamedHereExist() throws ClassNotFoundException {
        Set<String> named = new HashSet<>(ELSEWHERE.values());
        named.addAll(EVENTS.values());
        for (String test : named) {
            String[] parts = test.split("\\.");
            Class<?> type = Class.forName(VerdictsIT.class.getPackageName() + "." + parts[0]);
            assertTrue(Arrays.stream(type.getDeclaredMethods()).map(Method::getName).anyMatch(parts[1]::equals), test);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aBackendWhoseMethodIsNotLinkedGetsNothing(Family family) {
        try (Balancer balancer = new Balancer(PLANES, Linked.shipped(), family, "ipip", Map.of())) {
            for (int slot : new int[] {7, 8}) {
                balancer.backendInSlot(1, slot);
                assertEquals("DROP_NO_METHOD", balancer.request("S"), "in slot " + slot);
            }
        }
    }

    /** The control plane never writes that; a program that is asked all the same sends nothing astray. */
    @ParameterizedTest
    @ValueSource(strings = {"nat", "l2"})
    void aMethodThatDoesNotReachTheOtherFamilyDropsWhatIsToGoThere(String method) {
        Frames frames = new Frames();
        try (ScratchPlane plane = ScratchPlane.open(Linked.shipped(), Linked.ONE_PORT)) {
            plane.addWorld(method);
            plane.run(frames.request(Family.IPV4, "S", 40000));
            for (int number = 1; number <= 2; number++) {
                Family other = number == 1 ? Family.IPV6 : Family.IPV4;
                plane.putBackend(number, new ScratchPlane.Backend(World.vip(other), method));
            }
            assertEquals("DROP_INTERNAL", plane.run(frames.request(Family.IPV4, "A", 40000)).verdict(), "of a connection");
            for (Family family : Family.values()) {
                assertEquals("DROP_INTERNAL", plane.run(frames.request(family, "S", 40001)).verdict(), "to begin one");
            }
        }
    }
}
