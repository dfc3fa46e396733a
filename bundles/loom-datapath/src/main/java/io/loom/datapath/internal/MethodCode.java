package io.loom.datapath.internal;

import io.loom.api.Family;
import io.loom.api.Problem;
import io.loom.api.plugin.Description;
import io.loom.api.plugin.ForwardingMethod;
import io.loom.api.plugin.MethodOptions;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Function;

/**
 * What is kept of a forwarding method: it outlives the bundle while the program contains it.
 *
 * @param constants that follow from the operator's options
 */
record MethodCode(Description description, byte[] object, Function<MethodOptions, Map<String, Long>> constants) {
    private static final int LARGEST_OBJECT = 16 << 20;
    /** How long the program waits for constants. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    /** Threads of one method that do not end. */
    private static final int MOST_STUCK = 2;

    private static final String LATE = "it is taken in when it does; ";

    MethodCode {
        Objects.requireNonNull(description, "it has no description");
        Objects.requireNonNull(object, "it has no object");
    }

    /**
     * What the method says of itself, in copies that it has no hold of. Runs the plugin's code.
     *
     * @param late called, on any thread, when it has told constants that were not waited for any more
     */
    static MethodCode of(ForwardingMethod method, Runnable late) {
        Description said = Objects.requireNonNull(method.describe(), "it has no description");
        Objects.requireNonNull(said.selfTest(), "its description has no self test");
        said.verdicts().forEach(reason -> {
            if (reason.name() == null || !reason.name().matches("[A-Z][A-Z0-9_]*") || reason.meaning() == null) {
                throw new Unfit("a verdict of its description has no usable name or meaning: " + reason.name());
            }
        });
        Map<Family, Set<Family>> pairs = new EnumMap<>(Family.class);
        said.pairs().forEach((vip, backends) -> pairs.put(vip, Set.copyOf(backends)));
        Description copy = new Description(said.name(), said.direct(), said.stateful(), said.overhead(), pairs, said.constants(),
                said.verdicts(), said.selfTest());
        return new MethodCode(copy, object(method.object()), constants(said.name(), method, late));
    }

    /** A copy of a plugin's object, if that is of a reasonable size. */
    static byte[] object(byte[] theirs) {
        Objects.requireNonNull(theirs, "it has no object");
        if (theirs.length > LARGEST_OBJECT) {
            throw new Unfit("its object is larger than " + (LARGEST_OBJECT >> 20) + " MiB");
        }
        return theirs.clone();
    }

    /** Those of the object, and how many connections can lead to a backend. */
    private static Map<String, Long> all(String name, ForwardingMethod method, MethodOptions options) {
        Map<String, Long> all = new HashMap<>(method.constants(options));
        for (Family family : Family.values()) {
            long capacity = method.capacity(options, family);
            if (capacity > 0) {
                all.put(name + "_capacity" + family.version(), capacity);
            }
        }
        return Map.copyOf(all);
    }

    private static Function<MethodOptions, Map<String, Long>> constants(String name, ForwardingMethod method, Runnable late) {
        Questions questions = new Questions(name, method, late);
        return options -> questions.about(options).answer(name);
    }

    /**
     * The plugin's answer for each set of options is asked for once, and waited for once: the programs of other methods are not held up again.
     * One that does not come in time is not interrupted: on a host that is busy for seconds it comes later. After {@link #MOST_STUCK} of these
     * there is no other until one of them has come, which is told.
     */
    private static final class Questions {
        private final String name;
        private final ForwardingMethod method;
        private final Runnable late;
        private final Map<MethodOptions, Asked> asked = new HashMap<>();

        Questions(String name, ForwardingMethod method, Runnable late) {
            this.name = name;
            this.method = method;
            this.late = late;
        }

        synchronized Asked about(MethodOptions options) {
            if (!asked.containsKey(options) && asked.values().stream().filter(Asked::hangs).count() >= MOST_STUCK) {
                throw refused(name, "it does not come back from being asked for its constants, " + MOST_STUCK
                        + " times with other options, and is not asked any more until it does", LATE);
            }
            return asked.computeIfAbsent(options, once -> new Asked(name, () -> all(name, method, once), late));
        }
    }

    private static MethodRefused refused(String name, String why, String meanwhile) {
        return new MethodRefused(name, Problem.of("LOOM-4113", "cannot use forwarding method " + name, why,
                meanwhile + "install another version of the bundle, or remove it"));
    }

    /** Constants that a plugin was asked for. */
    private static final class Asked {
        private final PluginCall<Map<String, Long>> call;
        private volatile boolean missed;

        Asked(String name, Callable<Map<String, Long>> question, Runnable late) {
            call = PluginCall.start(name + " says its constants", question, () -> {
                if (missed) {
                    late.run();
                }
            });
        }

        Map<String, Long> answer(String name) {
            Optional<PluginCall.Outcome<Map<String, Long>>> outcome = call.await(missed ? Duration.ZERO : PATIENCE);
            if (outcome.isEmpty()) {
                missed = true;
                outcome = call.await(Duration.ZERO); // or it has ended just before, and tells nobody
            }
            Optional<String> failure = outcome.map(PluginCall.Outcome::failure);
            return outcome.flatMap(PluginCall.Outcome::value).orElseThrow(() -> failure
                    .map(why -> refused(name, "it fails when it is asked for its constants: " + why, ""))
                    .orElseGet(() -> refused(name, "it does not come back from being asked for its constants", LATE)));
        }

        boolean hangs() {
            return missed && call.isRunning();
        }
    }

    /**
     * With the constants of these options.
     *
     * @throws MethodRefused LOOM-4113 if the plugin does not tell them
     */
    Description description(MethodOptions options) {
        Map<String, Long> all = new HashMap<>(description.constants());
        all.putAll(constants.apply(options));
        return description.withConstants(all);
    }
}
