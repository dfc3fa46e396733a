package io.loom.itests.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportTest {
    private final Report report = new Report("00ff", 50, List.of(new Report.Line("nat_v4_new", 180)));

    @Test
    void theFileHasTheFloorAndEveryCaseWithItsNetFigure(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("bench.json");
        report.write(file);
        JsonNode json = new ObjectMapper().readTree(file.toFile());
        assertEquals(50, json.get("floor_ns").asLong());
        assertEquals(new ObjectMapper().readTree("[{\"name\":\"nat_v4_new\",\"ns\":180,\"net_ns\":130}]"), json.get("cases"));
    }

    @Test
    void theTableHasALineForEachCase() {
        assertTrue(report.table().contains("nat_v4_new"), report.table());
        assertTrue(report.table().contains("130"), report.table());
    }

    @Test
    void theMedianIgnoresOutliers() {
        assertEquals(3, Report.median(List.of(9000L, 3L, 1L, 4L, 2L)));
    }
}
