package io.loom.itests.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What cases are held against: figures of Katran and the ratio to them that is wanted, from targets.csv. Another machine is
 * faster or slower, so they are scaled by this run's floor: the same wrapper around a program that does nothing.
 */
final class Targets {
    /** Nanoseconds of the floor when the figures were measured. */
    static final double FLOOR = 34;

    private final Map<String, Target> targets = new HashMap<>();

    /**
     * @param reference nanoseconds of Katran, net of the floor
     * @param ratio     wanted, at most
     */
    record Target(double reference, double ratio) {
        /** What this run's figure is to the reference on a machine with that floor. */
        double ratioOf(long net, long floor) {
            return net / (reference * floor / FLOOR);
        }
    }

    private Targets() {}

    static Targets read() {
        Targets all = new Targets();
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(
                Targets.class.getResourceAsStream("targets.csv"), StandardCharsets.UTF_8))) {
            lines.lines().filter(line -> !line.startsWith("#")).map(line -> line.split(",")).forEach(fields -> all.targets.put(
                    fields[0], new Target(Double.parseDouble(fields[1]), Double.parseDouble(fields[2]))));
            return all;
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    Optional<Target> of(String name) {
        return Optional.ofNullable(targets.get(name));
    }
}
