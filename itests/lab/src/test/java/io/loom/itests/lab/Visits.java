package io.loom.itests.lab;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the {@link Visitor} or the {@link Asker} reported.
 *
 * @param answers       by backend
 * @param firstFailure  {@code none}, or the exception of the first failure
 * @param largestMillis latency of the slowest request, connecting included; of the Asker 0
 * @param moved         the Asker's flows that had answers from more than one backend
 */
record Visits(Map<String, Long> answers, long failures, String firstFailure, long largestMillis, long moved) {
    private static final Duration LIMIT = Duration.ofMinutes(3);

    /** New connections, one request each, as fast as the client can. */
    static Visits burst(Lab lab, String address, int port, int requests) {
        List<String> line = visitor(lab, "burst", address, "" + port, "" + requests);
        return parse(Command.run(LIMIT, Map.of(), line).succeeded());
    }

    /** One connection, a request every 10 ms, until its input is closed. */
    static Background steady(Lab lab, String address, int port) {
        return Background.start(visitor(lab, "steady", address, "" + port));
    }

    /** New connections, so many a second, until its input is closed. */
    static Background paced(Lab lab, String address, int port, int perSecond) {
        return Background.start(visitor(lab, "paced", address, "" + port, "" + perSecond));
    }

    static Visits of(Background visitor) {
        return parse(visitor.closeInput());
    }

    long total() {
        return answers.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Questions by DNS over UDP, so many a second, over so many sockets by turns, until its input is closed. */
    static Background asking(Lab lab, String address, int sockets, int perSecond) {
        return Background.start(line(lab, Asker.class, address, "53", "" + sockets, "" + perSecond));
    }

    private static List<String> visitor(Lab lab, String... arguments) {
        return line(lab, Visitor.class, arguments);
    }

    private static List<String> line(Lab lab, Class<?> program, String... arguments) {
        List<String> line = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(), "-XX:TieredStopAtLevel=1", "-Xmx64m", "-cp",
                Lab.ROOT.resolve("itests/lab/target/test-classes").toString(), program.getName()));
        line.addAll(List.of(arguments));
        return lab.lineOn("client", line);
    }

    private static Visits parse(String output) {
        Map<String, Long> answers = new TreeMap<>();
        Map<String, String> rest = new TreeMap<>();
        for (String field : output.trim().split(" ")) {
            String[] pair = field.split("=", 2);
            if (pair[0].startsWith("backend")) {
                answers.put(pair[0], Long.valueOf(pair[1]));
            } else {
                rest.put(pair[0], pair[1]);
            }
        }
        return new Visits(answers, Long.parseLong(rest.get("failures")), rest.get("first"),
                Long.parseLong(rest.getOrDefault("millis", "0")), Long.parseLong(rest.getOrDefault("moved", "0")));
    }
}
