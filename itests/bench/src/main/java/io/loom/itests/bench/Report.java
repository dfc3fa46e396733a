package io.loom.itests.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What was measured.
 *
 * @param programTag the kernel's hash of the program's instructions, to compare with the attached one
 * @param floor      nanoseconds of the wrapper around a program that does nothing
 */
record Report(String programTag, long floor, List<Line> lines) {

    /** @param total nanoseconds per packet, floor included */
    record Line(String name, long total) {
    }

    Report {
        lines = List.copyOf(lines);
    }

    /** The middle one; of an even number the upper. */
    static long median(List<Long> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }

    String table() {
        StringBuilder text = new StringBuilder();
        text.append(String.format(Locale.ROOT, "%-30s %8s %8s%n", "ns per packet", "total", "net"));
        text.append(String.format(Locale.ROOT, "%-30s %8d %8s%n", "floor", floor, "-"));
        for (Line line : lines) {
            text.append(String.format(Locale.ROOT, "%-30s %8d %8d%n", line.name, line.total, line.total - floor));
        }
        return text.append("program tag ").append(programTag).append(System.lineSeparator()).toString();
    }

    void write(Path file) throws IOException {
        List<Map<String, Object>> cases = lines.stream().map(line -> {
            Map<String, Object> entry = new LinkedHashMap<String, Object>();
            entry.put("name", line.name);
            entry.put("ns", line.total);
            entry.put("net_ns", line.total - floor);
            return entry;
        }).toList();
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("floor_ns", floor);
        report.put("program_tag", programTag);
        report.put("cases", cases);
        Files.write(file, new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsBytes(report));
    }
}
