package io.loom.itests.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportTest {
    private final Report report = new Report("00ff", 68, Traffic.IN_ORDER, 2, List.of("some.o"),
            List.of(new Report.Line("good", 170, 102, beside(0.5, Optional.of(0.5))), new Report.Line("bad", 171, 103, beside(0.505, Optional.of(0.5))),
                    new Report.Line("unjudged", 999, 931, beside(4.5, Optional.empty())), new Report.Line("alone", 78, 10, Optional.empty())),
            List.of(new MemoryUse("lean", 40, 40), new MemoryUse("fat", 40.1, 40)),
            List.of(new Report.LiveLine("swift", 4, 3), new Report.LiveLine("slow", 4, 2)));

    private static Optional<Report.Beside> beside(double ratio, Optional<Double> limit) {
        return Optional.of(new Report.Beside(204, ratio, ratio - 0.1, ratio + 0.1, limit));
    }

    /** Ratios of instances, not of their medians: each instance has both on memory of the same kind. */
    @Test
    void anOutcomeIsTheMedianOfInstancesAndOfRoundsWithoutTheFirst() {
        Outcome outcome = new Outcome(Optional.of(0.5));
        for (double[] costs : new double[][] {{1, 2}, {4, 4}, {2, 8}}) {
            outcome.add(pair(costs[0], costs[1]));
        }
        assertEquals(new Report.Line("one", 204, 136, Optional.of(new Report.Beside(272, 0.5, 0.25, 1, Optional.of(0.5)))), outcome.line("one", 68));
    }

    /** @return one that has cost so many floors, but for the first round */
    private static Pair pair(double loom, double katran) {
        Rounds rounds = new Rounds(() -> 100, Traffic.RESTED);
        Pair pair = new Pair(costing(99, loom), Optional.of(costing(0.1, katran)));
        rounds.over(List.of(pair));
        rounds.over(List.of(pair));
        return pair;
    }

    private static Sample costing(double... floors) {
        Iterator<Double> costs = Arrays.stream(floors).iterator();
        return new Sample() {
            @Override
            public long measure() {
                return Math.round(100 + 100 * costs.next());
            }

            @Override
            public boolean recurs() {
                return true;
            }

            @Override
            public void turn() {
                throw new AssertionError("rested traffic");
            }
        };
    }

    @Test
    void everySecondRoundGoesTheOtherWayRound() {
        List<String> order = new ArrayList<>();
        Rounds rounds = new Rounds(() -> 1, Traffic.STEADY);
        List<Pair> pairs = List.of(new Pair(named("a", order), Optional.of(named("A", order))), new Pair(named("b", order), Optional.empty()));
        rounds.over(pairs);
        rounds.over(pairs);
        assertEquals(List.of("a", "A", "b", "b", "A", "a"), order);
    }

    private static Sample named(String name, List<String> order) {
        return new Sample() {
            @Override
            public long measure() {
                order.add(name);
                return 2;
            }

            @Override
            public boolean recurs() {
                return false;
            }

            @Override
            public void turn() {
                throw new AssertionError("its flows come once");
            }
        };
    }

    @Test
    void whatIsAtItsTargetMeetsItAndWhatIsBeyondMissesIt() {
        assertEquals(List.of("bad", "memory fat", "slow"), report.missed());
        assertTrue(report.text().endsWith("3 of 6 targets missed: bad, memory fat, slow" + System.lineSeparator()), report.text());
    }

    @Test
    void theFileHasEveryFigureAndWhatItIsHeldAgainst(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("bench.json");
        report.write(file);
        JsonNode json = new ObjectMapper().readTree(file.toFile());
        assertEquals(68, json.get("floor_ns").asLong());
        assertEquals("some.o", json.get("katran").get(0).asText());
        assertEquals(2, json.get("instances").asInt());
        assertEquals(new ObjectMapper().readTree(("[{'name':'good','ns':170,'net_ns':102,'katran_net_ns':204,'ratio':0.5,'ratio_least':0.4,"
                + "'ratio_most':0.6,'limit':0.5,'met':true},{'name':'bad','ns':171,'net_ns':103,'katran_net_ns':204,'ratio':0.505,"
                + "'ratio_least':0.405,'ratio_most':0.605,'limit':0.5,'met':false},{'name':'unjudged','ns':999,'net_ns':931,'katran_net_ns':204,"
                + "'ratio':4.5,'ratio_least':4.4,'ratio_most':4.6},{'name':'alone','ns':78,'net_ns':10}]").replace('\'', '"')), json.get("cases"));
        assertFalse(json.get("bytes_per_connection").get(1).get("met").asBoolean());
        assertEquals(0.75, json.get("live_frames").get(0).get("ratio").asDouble());
    }

    @Test
    void theTableHasALineForEachCase() {
        assertTrue(report.text().lines().anyMatch(line -> line.matches("bad +171 +103 +1.5 +204 +0.5[01] +0.4[01]- +0.6[01] +0.50  missed")), report.text());
        assertTrue(report.text().lines().anyMatch(line -> line.matches("alone +78 +10 +0.1")), report.text());
    }

    @Test
    void withoutKatranNothingIsSaidOfIt() {
        Report alone = new Report("00ff", 68, Traffic.STEADY, 1, List.of(), List.of(new Report.Line("alone", 78, 10, Optional.empty())), List.of(), List.of());
        assertTrue(alone.text().contains("katran: not measured"), alone.text());
        assertTrue(alone.text().endsWith("all 0 targets met" + System.lineSeparator()), alone.text());
    }

    @Test
    void theMedianIgnoresOutliers() {
        assertEquals(3, Report.median(List.of(9000L, 3L, 1L, 4L, 2L)));
    }
}
