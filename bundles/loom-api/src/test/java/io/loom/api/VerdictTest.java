package io.loom.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class VerdictTest {
    private static final Path ABI = Path.of("../../bpf-objects/include/loom/abi.h");
    private static final Pattern LINE = Pattern.compile("^\\s+LOOM_((?:FORWARD|REPLY|ECHO|ICMP_ERROR|REFUSED|RESET|SENT_\\w+|PASS_\\w+|DROP_\\w+)) = (\\d+),", Pattern.MULTILINE);

    @Test
    void theListIsTheOneOfTheKernelHeader() throws IOException {
        Map<String, Integer> inKernel = new TreeMap<>();
        Matcher matcher = LINE.matcher(Files.readString(ABI));
        while (matcher.find()) {
            inKernel.put(matcher.group(1), Integer.valueOf(matcher.group(2)));
        }
        Map<String, Integer> inJava = new TreeMap<>();
        for (Verdict verdict : Verdict.values()) {
            inJava.put(verdict.name(), verdict.number());
        }
        assertFalse(inKernel.isEmpty());
        assertEquals(inKernel, inJava);
    }

    @Test
    void everyNumberLeadsBackToItsVerdict() {
        for (Verdict verdict : Verdict.values()) {
            assertEquals(verdict, Verdict.of(verdict.number()).orElseThrow());
        }
    }
}
