package io.loom.itests.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What was measured, held against Katran where it was measured beside.
 *
 * @param programTag the kernel's hash of the program's instructions, to compare with the attached one
 * @param floor      nanoseconds of the wrapper around a program that does nothing
 * @param traffic    how flows were met
 * @param instances  how often everything was made anew and measured; medians of them count
 * @param katran     what Katran's figures are of; empty: it was not measured, and nothing is said of it
 */
record Report(
        String programTag, long floor, Traffic traffic, int instances, List<String> katran, List<Line> lines, List<MemoryUse> memory,
        List<LiveLine> live) {

    /**
     * @param total  nanoseconds per packet, floor included
     * @param katran what the same costs there
     */
    record Line(String name, long total, long net, Optional<Beside> katran) {
        boolean missed() {
            return katran.isPresent() && katran.get().missed();
        }

        boolean judged() {
            return katran.isPresent() && katran.get().limit.isPresent();
        }
    }

    /**
     * Katran in the same run.
     *
     * @param net   nanoseconds, without the floor
     * @param ratio what Loom costs of it: the median of instances
     * @param least of the instances
     * @param limit that the ratio must keep
     */
    record Beside(long net, double ratio, double least, double most, Optional<Double> limit) {
        boolean missed() {
            return limit.isPresent() && ratio > limit.get();
        }
    }

    /**
     * Frames over a veth.
     *
     * @param empty millions of frames a second that an empty program sends back
     * @param loom  the same with Loom
     */
    record LiveLine(String name, double empty, double loom) {
        static final double TARGET = 0.73;

        double ratio() {
            return loom / empty;
        }

        boolean missed() {
            return ratio() < TARGET;
        }
    }

    Report {
        katran = List.copyOf(katran);
        lines = List.copyOf(lines);
        memory = List.copyOf(memory);
        live = List.copyOf(live);
    }

    /** The middle one; of an even number the upper. */
    static <T extends Comparable<T>> T median(List<T> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }

    /** Names of all that missed its target. */
    List<String> missed() {
        List<String> names = new ArrayList<>();
        lines.stream().filter(Line::missed).map(Line::name).forEach(names::add);
        memory.stream().filter(use -> !use.met()).map(use -> "memory " + use.name()).forEach(names::add);
        live.stream().filter(LiveLine::missed).map(LiveLine::name).forEach(names::add);
        return names;
    }

    private long targets() {
        return lines.stream().filter(Line::judged).count() + memory.size() + live.size();
    }

    String text() {
        StringBuilder text = new StringBuilder();
        row(text, katran.isEmpty() ? "%-32s %7s %7s %7s%n" : "%-32s %7s %7s %7s %7s %7s %13s %6s%n",
                "ns per packet", "total", "net", "floors", "katran", "ratio", "of instances", "limit");
        row(text, "%-32s %7d%n", "floor", floor);
        for (Line line : lines) {
            row(text, "%-32s %7d %7d %7.1f", line.name, line.total, line.net, (double) line.net / floor);
            line.katran.ifPresent(beside -> row(text, " %7d %7.2f %6.2f-%6.2f %6s  %s", beside.net, beside.ratio, beside.least, beside.most,
                    beside.limit.map(limit -> String.format(Locale.ROOT, "%.2f", limit)).orElse(""),
                    beside.limit.isPresent() ? word(beside.missed()) : ""));
            row(text, "%n");
        }
        row(text, "%n%-32s %7s %7s%n", "bytes per connection", "", "target");
        memory.forEach(use -> row(text, "%-32s %7.1f %7d  %s%n", use.name(), use.bytes(), use.target(), word(!use.met())));
        if (!live.isEmpty()) {
            row(text, "%n%-32s %7s %7s %10s %7s%n", "million live frames a second", "empty", "loom", "ratio", "target");
            live.forEach(line -> row(text, "%-32s %7.2f %7.2f %10.2f %7.2f  %s%n",
                    line.name, line.empty, line.loom, line.ratio(), LiveLine.TARGET, word(line.missed())));
        }
        row(text, "%ntraffic: %s%ninstances: %d%nkatran: %s%nprogram tag %s%n%s%n",
                traffic.word(), instances, beside(), programTag, summary());
        return text.toString();
    }

    private String beside() {
        return katran.isEmpty() ? "not measured (--katran FILE), so nothing is said of it" : String.join(", ", katran);
    }

    private String summary() {
        List<String> missed = missed();
        return missed.isEmpty() ? "all " + targets() + " targets met"
                : missed.size() + " of " + targets() + " targets missed: " + String.join(", ", missed);
    }

    private static String word(boolean missed) {
        return missed ? "missed" : "met";
    }

    private static void row(StringBuilder text, String format, Object... values) {
        text.append(String.format(Locale.ROOT, format, values));
    }

    void write(Path file) throws IOException {
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("floor_ns", floor);
        report.put("program_tag", programTag);
        report.put("traffic", traffic.word());
        report.put("instances", instances);
        report.put("katran", katran);
        report.put("cases", lines.stream().map(Report::json).toList());
        report.put("bytes_per_connection", memory.stream().map(Report::json).toList());
        report.put("live_frames", live.stream().map(Report::json).toList());
        report.put("missed", missed());
        Files.write(file, new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsBytes(report));
    }

    private static Map<String, Object> json(Line line) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("name", line.name);
        entry.put("ns", line.total);
        entry.put("net_ns", line.net);
        line.katran.ifPresent(beside -> {
            entry.put("katran_net_ns", beside.net);
            entry.put("ratio", rounded(beside.ratio));
            entry.put("ratio_least", rounded(beside.least));
            entry.put("ratio_most", rounded(beside.most));
            beside.limit.ifPresent(limit -> {
                entry.put("limit", rounded(limit));
                entry.put("met", !beside.missed());
            });
        });
        return entry;
    }

    private static Map<String, Object> json(MemoryUse use) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("name", use.name());
        entry.put("bytes", rounded(use.bytes()));
        entry.put("target", use.target());
        entry.put("met", use.met());
        return entry;
    }

    private static Map<String, Object> json(LiveLine line) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("name", line.name);
        entry.put("empty_mpps", rounded(line.empty));
        entry.put("loom_mpps", rounded(line.loom));
        entry.put("ratio", rounded(line.ratio()));
        entry.put("target", LiveLine.TARGET);
        entry.put("met", !line.missed());
        return entry;
    }

    private static double rounded(double value) {
        return Math.round(value * 1000) / 1000.0;
    }
}
