package io.loom.itests.bpf;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a series of kernels lacks, from the file of its name in the resources' folder kernels; of one without such a file
 * nothing is expected to lack. Lines: {@code refused CORE METHOD}, the verifier refuses a program of these two.
 */
final class KernelExpectation {
    private static final Pattern SERIES = Pattern.compile("(\\d+\\.\\d+).*");

    private final Set<List<String>> refused = new HashSet<>();

    /** @param release as {@code uname -r} prints it */
    static KernelExpectation of(String release) throws IOException {
        KernelExpectation expectation = new KernelExpectation();
        Matcher series = SERIES.matcher(release);
        if (!series.matches()) {
            throw new IllegalArgumentException("no kernel's release: " + release);
        }
        try (InputStream file = KernelExpectation.class.getResourceAsStream("/kernels/" + series.group(1))) {
            if (file != null) {
                new String(file.readAllBytes(), StandardCharsets.UTF_8).lines().forEach(expectation::read);
            }
        }
        return expectation;
    }

    private void read(String line) {
        if (line.isBlank() || line.startsWith("#")) {
            return;
        }
        String[] words = line.split(" +");
        if (words.length != 3 || !words[0].equals("refused")) {
            throw new IllegalArgumentException("not understood: " + line);
        }
        refused.add(List.of(words[1], words[2]));
    }

    boolean refuses(String core, String method) {
        return refused.contains(List.of(core, method));
    }

    /** Whether a program that consists of these objects is expected to be refused. */
    boolean refuses(Set<String> objects) {
        return refused.stream().anyMatch(objects::containsAll);
    }
}
