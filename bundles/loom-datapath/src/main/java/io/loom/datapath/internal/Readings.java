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
        return take(file.toString(), file, meanwhile, reading);
    }

    private <T> Optional<T> take(String look, Path file, String meanwhile, Reading<T> reading) {
        try {
            T value = reading.take();
            problems.remove(look);
            return Optional.of(value);
        } catch (IOException | RuntimeException failure) {
            Problem problem = Problem.of(
                    "LOOM-1270", "cannot read " + file, failure + "; meanwhile " + meanwhile,
                    "mount /proc and /sys where loomd runs, and let it read them");
            if (!problem.equals(problems.put(look, problem))) {
                LOG.warn("{}", problem);
            }
            return Optional.empty();
        }
    }

    /**
     * After a look at many files of a directory.
     *
     * @param meanwhile what holds as long as there are failures; tells one such look from others at the same directory
     * @param failures  of this look; the first one is told
     */
    synchronized void looked(Path directory, String meanwhile, List<IOException> failures) {
        take(directory + ": " + meanwhile, directory, meanwhile, () -> {
            if (!failures.isEmpty()) {
                throw failures.get(0);
            }
            return directory;
        });
    }

    synchronized List<Problem> problems() {
        return List.copyOf(problems.values());
    }
}
