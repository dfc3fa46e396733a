package io.loom.itests.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Questions by dig, each from a port of its own, answered with the backend's name. */
final class Dig {
    private Dig() {}

    /** Questions for an answer of 3.9 kB over UDP, which a datagram holds in fragments. @return who answered */
    static List<String> large(Lab lab, String address, int questions) {
        List<String> line = new ArrayList<>(
                List.of("dig", "@" + address, "+short", "+notcp", "+ignore", "+bufsize=8192", "+tries=1", "+time=3"));
        line.addAll(IntStream.range(0, questions).boxed().flatMap(i -> Stream.of("large.lab", "TXT")).toList());
        String answers = lab.on("client", line.toArray(String[]::new)).succeeded();
        List<String> names = answers.lines().filter(text -> text.startsWith("\"backend") && text.length() > 3800)
                .map(text -> text.substring(1, text.indexOf('"', 1))).toList();
        assertEquals(questions, names.size(), () -> address + ": " + answers);
        return names;
    }

    /** @return who answered, one for each question @throws AssertionError if one was not answered at once */
    static List<String> names(Lab lab, String address, int questions, String... options) {
        List<String> line = new ArrayList<>(List.of("dig", "@" + address, "+short", "+tries=1", "+time=3"));
        line.addAll(List.of(options));
        line.addAll(IntStream.range(0, questions).boxed().flatMap(i -> Stream.of("whoami.lab", "TXT")).toList());
        String answers = lab.on("client", line.toArray(String[]::new)).succeeded();
        List<String> names = answers.lines().filter(text -> text.startsWith("\"backend"))
                .map(text -> text.replace("\"", "")).toList();
        assertEquals(questions, names.size(), () -> address + ": " + answers);
        return names;
    }
}
