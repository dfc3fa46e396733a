package io.loom.datapath.internal;

import io.loom.api.Problem;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;

/** Plugins that are deployed but could not even say what they are, and why: people should see it. Thread-safe. */
final class UnusablePlugins {
    private final Map<Long, Problem> problems = new ConcurrentSkipListMap<>();

    /**
     * Takes a plugin in, or notes why that failed: in its own code, in which anything may be wrong.
     *
     * @param kind what it is, for people
     */
    void guard(ServiceReference<?> reference, String kind, Runnable take) {
        try {
            take.run();
        } catch (RuntimeException | LinkageError failure) {
            problems.put(number(reference), problem(kind, reference.getBundle().getSymbolicName(), failure.toString()));
        }
    }

    static Problem problem(String kind, String bundle, String failure) {
        return Problem.of("LOOM-4113", "cannot use the " + kind + " of bundle " + bundle,
                "it fails when it is asked what it is: " + failure, "install another version of the bundle, or remove it");
    }

    void remove(ServiceReference<?> reference) {
        problems.remove(number(reference));
    }

    private static Long number(ServiceReference<?> reference) {
        return (Long) reference.getProperty(Constants.SERVICE_ID);
    }

    List<Problem> problems() {
        return List.copyOf(problems.values());
    }
}
