package io.loom.itests.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.loom.api.Family;
import io.loom.itests.bench.Reference.Figure;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportTest {
    private static final Goal HALF = new Goal(Figure.ESTABLISHED_1, Family.IPV4, 0.5);

    private final Report report = new Report("00ff", 68, Traffic.IN_ORDER,
            List.of(Report.Line.of("good", 102, 68, Optional.of(HALF), Traffic.IN_ORDER),
                    Report.Line.of("bad", 103, 68, Optional.of(HALF), Traffic.IN_ORDER),
                    Report.Line.of("unjudged", 931, 68, Optional.empty(), Traffic.IN_ORDER)),
            List.of(new MemoryUse("lean", 40, 40), new MemoryUse("fat", 40.1, 40)),
            List.of(new Report.LiveLine("swift", 4, 3), new Report.LiveLine("slow", 4, 2)));

    @Test
    void theReferenceIsScaledByTheFloor() {
        assertEquals(Optional.of(204.0), HALF.reference(Traffic.IN_ORDER, 68));
        assertEquals(Optional.of(206.0), HALF.reference(Traffic.RESTED, 68));
        assertEquals(535, new Goal(Figure.ESTABLISHED_1M, Family.IPV6, 0.5).reference(Traffic.IN_ORDER, 34 * 535 / 362.0).orElseThrow(), 1e-9);
    }

    /** Memory does not become quicker where calls do. */
    @Test
    void whereTheFloorIsLowTheReferenceIsOfAnotherMachine() {
        assertEquals(1.5 * HALF.reference(Traffic.STEADY, 9).orElseThrow(), HALF.reference(Traffic.STEADY, 13.5).orElseThrow());
        assertTrue(HALF.reference(Traffic.STEADY, 17.6).orElseThrow() < HALF.reference(Traffic.STEADY, 17.4).orElseThrow());
        assertEquals(Optional.empty(), HALF.reference(Traffic.RESTED, 9));
        assertTrue(Reference.source(9).contains("floor of 9 ns"));
    }

    @Test
    void ipv6IsGrantedATenthMore() {
        assertEquals(0.5, HALF.target());
        assertEquals(0.6, new Goal(Figure.ESTABLISHED_1, Family.IPV6, 0.5).target(), 1e-9);
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
        assertEquals(Reference.source(68), json.get("reference").asText());
        assertEquals(new ObjectMapper().readTree("[{'name':'good','ns':170,'net_ns':102,'reference_ns':204.0,'ratio':0.5,'target':0.5,'met':true},"
                .replace('\'', '"') + "{'name':'bad','ns':171,'net_ns':103,'reference_ns':204.0,'ratio':0.505,'target':0.5,'met':false},"
                .replace('\'', '"') + "{'name':'unjudged','ns':999,'net_ns':931}]".replace('\'', '"')), json.get("cases"));
        assertFalse(json.get("bytes_per_connection").get(1).get("met").asBoolean());
        assertEquals(0.75, json.get("live_frames").get(0).get("ratio").asDouble());
    }

    @Test
    void theTableHasALineForEachCase() {
        assertTrue(report.text().lines().anyMatch(line -> line.matches("bad +171 +103 +204 +0.50 +0.50  missed")), report.text());
        assertTrue(report.text().lines().anyMatch(line -> line.matches("unjudged +999 +931")), report.text());
    }

    @Test
    void theMedianIgnoresOutliers() {
        assertEquals(3, Report.median(List.of(9000L, 3L, 1L, 4L, 2L)));
    }
}
