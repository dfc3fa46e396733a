package io.loom.itests.bench;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** How the flows of a case are met. */
enum Traffic {
    /** In random order, each of them in the second before: established connections at work. */
    STEADY,
    /** In random order, each after a pause of seconds. */
    RESTED,
    /** In the order in which they were opened, after a pause: those that lie side by side in an LRU list follow each other. */
    IN_ORDER;

    /** @throws IllegalArgumentException with the sentence to print */
    static Traffic parse(String word) {
        return Arrays.stream(values()).filter(traffic -> traffic.word().equals(word)).findFirst().orElseThrow(
                () -> new IllegalArgumentException("--traffic is " + words() + ", not " + word));
    }

    static String words() {
        return Arrays.stream(values()).map(Traffic::word).collect(Collectors.joining("|"));
    }

    String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
