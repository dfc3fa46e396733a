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
import java.util.Optional;

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
        Targets targets = Targets.read();
        StringBuilder text = new StringBuilder();
        text.append(String.format(Locale.ROOT, "%-28s %6s %6s %7s %7s%n", "ns per packet", "total", "net", "ratio", "wanted"));
        text.append(String.format(Locale.ROOT, "%-28s %6d %6s%n", "floor", floor, "-"));
        int missed = 0;
        for (Line line : lines) {
            Optional<Targets.Target> target = targets.of(line.name);
            String held = target.map(one -> String.format(Locale.ROOT, "%7.2f %7.2f%s", one.ratioOf(line.total - floor, floor),
                    one.ratio(), isMissed(line, one) ? "  missed" : "")).orElse("");
            missed += target.filter(one -> isMissed(line, one)).isPresent() ? 1 : 0;
            text.append(String.format(Locale.ROOT, "%-28s %6d %6d %s%n", line.name, line.total, line.total - floor, held).stripTrailing());
            text.append(System.lineSeparator());
        }
        text.append("ratio: to Katran, scaled by the floor; targets missed: ").append(missed).append(System.lineSeparator());
        return text.append("program tag ").append(programTag).append(System.lineSeparator()).toString();
    }

    private boolean isMissed(Line line, Targets.Target target) {
        // As it is printed: two decimals.
        return Math.round(100 * target.ratioOf(line.total - floor, floor)) > Math.round(100 * target.ratio());
    }

    void write(Path file) throws IOException {
        Targets targets = Targets.read();
        List<Map<String, Object>> cases = lines.stream().map(line -> {
            Map<String, Object> entry = new LinkedHashMap<String, Object>();
            entry.put("name", line.name);
            entry.put("ns", line.total);
            entry.put("net_ns", line.total - floor);
            targets.of(line.name).ifPresent(target -> {
                entry.put("reference_ns", Math.round(target.reference() * floor / Targets.FLOOR));
                entry.put("ratio", Math.round(100 * target.ratioOf(line.total - floor, floor)) / 100.0);
                entry.put("wanted", target.ratio());
            });
            return entry;
        }).toList();
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("floor_ns", floor);
        report.put("program_tag", programTag);
        report.put("cases", cases);
        Files.write(file, new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsBytes(report));
    }
}
