package io.loom.datapath.internal;

import io.loom.api.Problem;
import io.loom.control.dataplane.PluginFact;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Function;
import java.util.function.Supplier;
import org.osgi.framework.Bundle;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;

/**
 * Asks plugins what they are, each on a thread of its own: its constructor, its activation and its answers may be anybody's
 * code, and the thread that reports it is the one that starts bundles. Who answers late is taken late. Thread-safe.
 */
final class Introductions {
    /** After so long people are told, and the thread is interrupted. */
    private static final Duration DEADLINE = Duration.ofSeconds(5);

    private final Duration deadline;
    private final Map<Long, Visitor> visitors = new ConcurrentSkipListMap<>();

    Introductions() {
        this(DEADLINE);
    }

    Introductions(Duration deadline) {
        this.deadline = deadline;
    }

    /** One that has been asked and is not in yet. */
    private static final class Visitor {
        final ServiceReference<?> reference;
        final String kind;
        final long since = System.nanoTime();
        PluginCall<Runnable> call;
        String failure = "";

        Visitor(ServiceReference<?> reference, String kind) {
            this.reference = reference;
            this.kind = kind;
        }

        Duration age() {
            return Duration.ofNanos(System.nanoTime() - since);
        }
    }

    /**
     * @param kind    what it is, for people
     * @param service has it made
     * @param ask     takes down what it says; what comes out puts it among the others, unless it has gone by then
     * @param changed called when it is in, or has failed
     */
    <T> void come(ServiceReference<T> reference, String kind, Supplier<T> service, Function<T, Runnable> ask, Runnable changed) {
        Visitor visitor = new Visitor(reference, kind);
        visitors.put(number(reference), visitor);
        synchronized (visitor) {
            visitor.call = PluginCall.start("of bundle " + reference.getBundle().getSymbolicName() + " says what it is", () -> {
                T made = service.get();
                if (made == null) {
                    throw new Unfit("its component cannot be made; the log says why");
                }
                return ask.apply(made);
            }, () -> {
                ended(visitor);
                changed.run();
            });
        }
    }

    private void ended(Visitor visitor) {
        synchronized (visitor) {
            PluginCall.Outcome<Runnable> outcome = visitor.call.await(Duration.ZERO).orElseThrow();
            visitor.failure = outcome.failure();
            outcome.value().ifPresent(enter -> {
                // What has gone meanwhile is not let in.
                if (visitors.remove(number(visitor.reference), visitor)) {
                    enter.run();
                }
            });
        }
    }

    /** It goes. @param leave takes it out, if it is in */
    void go(ServiceReference<?> reference, Runnable leave) {
        Visitor visitor = visitors.remove(number(reference));
        if (visitor != null) {
            visitor.call.interrupt();
        }
        leave.run();
    }

    private static Long number(ServiceReference<?> reference) {
        return (Long) reference.getProperty(Constants.SERVICE_ID);
    }

    /** Whether somebody who came less than so long ago has not answered yet. */
    boolean isWaiting(Duration patience) {
        return visitors.values().stream()
                .anyMatch(visitor -> visitor.failure.isEmpty() && visitor.age().compareTo(patience) < 0);
    }

    List<Problem> problems() {
        List<Problem> problems = new ArrayList<>();
        for (Visitor visitor : visitors.values()) {
            String bundle = visitor.reference.getBundle() == null ? "" : visitor.reference.getBundle().getSymbolicName();
            if (!visitor.failure.isEmpty()) {
                problems.add(UnusablePlugins.problem(visitor.kind, bundle, visitor.failure));
            } else if (visitor.age().compareTo(deadline) > 0) {
                visitor.call.interrupt();
                problems.add(Problem.of("LOOM-4116", "the " + visitor.kind + " of bundle " + bundle + " hangs",
                        "it is made, or asked what it is, for more than " + deadline.toSeconds() + " s",
                        "install another version of the bundle, or remove it; nothing waits for it"));
            }
        }
        return problems;
    }

    /** Those that are not in, with the reason. */
    List<PluginFact> facts() {
        List<PluginFact> facts = new ArrayList<>();
        for (Visitor visitor : visitors.values()) {
            Bundle bundle = visitor.reference.getBundle();
            if (bundle != null && (!visitor.failure.isEmpty() || visitor.age().compareTo(deadline) > 0)) {
                facts.add(new PluginFact(bundle.getBundleId(), bundle.getSymbolicName(), bundle.getVersion().toString(), visitor.kind,
                        "", 0, "its " + visitor.kind + (visitor.failure.isEmpty() ? " hangs" : " fails: " + visitor.failure)));
            }
        }
        return facts;
    }
}
