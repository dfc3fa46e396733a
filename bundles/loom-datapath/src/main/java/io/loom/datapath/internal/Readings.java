package io.loom.datapath.internal;

import io.loom.api.Problem;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Readings of /proc and /sys that are taken again and again: one that fails is a problem in status until it succeeds, and never a
 * default in silence. Thread-safe.
 */
final class Readings {
    private static final Logger LOG = LoggerFactory.getLogger(Readings.class);

    private final SortedMap<String, Problem> problems = new TreeMap<>();

    interface Reading<T> {
        /** @throws IllegalArgumentException if it is not what the kernel writes there */
        T take() throws IOException;
    }

    /**
     * @param meanwhile what holds as long as it fails
     * @return empty if it fails
     */
    synchronized <T> Optional<T> take(Path file, String meanwhile, Reading<T> reading) {
        try {
            T value = reading.take();
            problems.remove(file.toString());
            return Optional.of(value);
        } catch (IOException | RuntimeException failure) {
            Problem problem = Problem.of(
                    "LOOM-1270", "cannot read " + file, failure + "; meanwhile " + meanwhile,
                    "mount /proc and /sys where loomd runs, and let it read them");
            if (!problem.equals(problems.put(file.toString(), problem))) {
                LOG.warn("{}", problem);
            }
            return Optional.empty();
        }
    }

    synchronized List<Problem> problems() {
        return List.copyOf(problems.values());
    }
}
