package io.loom.datapath.internal;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.Protocol;
import io.loom.api.plugin.MethodOptions;
import io.loom.api.plugin.SourcePorts;
import io.loom.datapath.Composer;
import io.loom.datapath.Composition;
import io.loom.datapath.SlottedMethod;
import io.loom.datapath.Tuning;
import io.loom.libbpf.BpfException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.IntPredicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the next program out of what is deployed: a method that cannot be linked or fails its self test is left out, or stays
 * in the version that runs, and the rest goes on.
 */
final class Workshop {
    private static final Logger LOG = LoggerFactory.getLogger(Workshop.class);

    private final Composer composer;
    private final ProgramStore store;
    private final SelfTests selfTests;
    /** Objects of handlers that were in a program that works. */
    private final Map<Protocol, byte[]> proven = new TreeMap<>();

    Workshop(Composer composer, ProgramStore store) {
        this(composer, store, new SelfTests());
    }

    /** @param selfTests which know what has passed before */
    Workshop(Composer composer, ProgramStore store, SelfTests selfTests) {
        this.selfTests = selfTests;
        this.composer = composer;
        this.store = store;
    }

    /** What the configuration says of the program. */
    record Wanted(Tuning tuning, MethodOptions options) {
        Wanted withPorts(SourcePorts ports) {
            return new Wanted(tuning, options.withPorts(ports));
        }

        Wanted withSoftware(boolean one) {
            return new Wanted(tuning.withSoftware(one), options);
        }
    }

    /**
     * @param composition empty if methods that are in use are missing, so that nothing can be made
     * @param slots       of its methods
     * @param problems    what was left out and why
     */
    record Product(Optional<Composition> composition, SlotBook slots, List<Problem> problems) {}

    /**
     * @param offered objects of the handlers
     * @param before  slots of the program in force
     * @param known   its methods as far as their objects are known
     * @param used    true for slots that backends refer to
     * @param present fingerprint of the program in force: the same one is not tested again
     * @throws io.loom.api.LoomException if the program cannot be linked or loaded at all
     */
    Product make(
            Map<String, MethodCode> deployed, SortedMap<Protocol, byte[]> offered, SlotBook before,
            Map<String, MethodCode> known, IntPredicate used, Wanted wanted, String present) {
        return make(deployed, offered, before, known, used, wanted, present, store.fit(wanted.tuning()));
    }

    /** @param sized the wanted tuning with the tables that it is for */
    Product make(
            Map<String, MethodCode> deployed, SortedMap<Protocol, byte[]> offered, SlotBook before,
            Map<String, MethodCode> known, IntPredicate used, Wanted wanted, String present, Tuning sized) {
        Tuning tuning = sized;
        boolean replaceable = tuning.connections().isCache() && store.isEmpty();
        Set<String> refused = new HashSet<>();
        List<Problem> problems = new ArrayList<>();
        SortedMap<Protocol, byte[]> protocols = new TreeMap<>(offered);
        while (true) {
            Selection selection;
            try {
                selection = Selection.of(deployed, refused, before, known, used, wanted.options());
            } catch (MethodRefused silent) {
                if (!refused.add(silent.method())) {
                    throw silent;
                }
                problems.addAll(silent.problems());
                continue;
            }
            List<Problem> all = new ArrayList<>(problems);
            all.addAll(selection.problems());
            Set<Protocol> handlers = new TreeSet<>(store.protocols());
            handlers.removeAll(protocols.keySet());
            if (!selection.missing().isEmpty() || !handlers.isEmpty()) {
                selection.missing().forEach(method -> all.add(frozen("forwarding method " + method + ", which is in use and")));
                handlers.forEach(protocol -> all.add(frozen("a protocol handler for " + protocol)));
                return new Product(Optional.empty(), before, all);
            }
            try {
                selection.methods().forEach(method -> store.requireFit(method, used.test(method.slot())));
                Composition composition = composer.compose(selection.methods(), protocols, tuning);
                if (!composition.fingerprint().equals(present)) {
                    selfTests.run(composition);
                }
                proven.putAll(protocols);
                return new Product(Optional.of(composition), selection.slots(), all);
            } catch (RuntimeException failure) {
                if (failure instanceof BpfException lacking && lacking.isOfPrivilege()) {
                    throw failure; // whatever is left out: the process may not load it
                }
                if (replaceable && isTooMuch(failure) && fits(selection, protocols, withKernelTable(tuning))) {
                    store.replaceTable(failure);
                    tuning = withKernelTable(tuning);
                    replaceable = false;
                    continue;
                }
                if (!(failure instanceof MethodRefused) && leaveOut(protocols, tuning, problems)) {
                    continue;
                }
                MethodRefused culprit = failure instanceof MethodRefused one
                        ? one : culprit(selection, refused, protocols, tuning).orElseThrow(() -> failure);
                if (!refused.add(culprit.method())) {
                    throw failure;
                }
                problems.addAll(culprit.problems());
            }
        }
    }

    /** Core, with neither methods nor handlers. */
    Composition core(Tuning tuning) {
        return composer.compose(List.of(), new TreeMap<>(), tuning);
    }

    /**
     * Takes handlers out that core alone does not work with, or puts those in their place that worked before.
     *
     * @return true if there was one
     */
    private boolean leaveOut(SortedMap<Protocol, byte[]> protocols, Tuning tuning, List<Problem> problems) {
        if (trouble(new TreeMap<>(), tuning).isPresent()) {
            return false;
        }
        boolean changed = false;
        for (Protocol protocol : List.copyOf(protocols.keySet())) {
            Optional<String> why = trouble(new TreeMap<>(Map.of(protocol, protocols.get(protocol))), tuning);
            if (why.isPresent()) {
                byte[] before = proven.get(protocol);
                boolean worked = before != null && !Arrays.equals(before, protocols.get(protocol));
                if (worked) {
                    protocols.put(protocol, before);
                } else {
                    protocols.remove(protocol);
                }
                problems.add(Problem.of("LOOM-4114", "the protocol handler for " + protocol + " cannot be in the program", why.get(),
                        "install another version of its bundle" + (worked ? "; the version before stays in the program" : "")));
                changed = true;
            }
        }
        return changed;
    }

    private Optional<String> trouble(SortedMap<Protocol, byte[]> protocols, Tuning tuning) {
        try {
            selfTests.run(composer.compose(List.of(), protocols, tuning));
            return Optional.empty();
        } catch (RuntimeException failure) {
            LOG.debug("core with the handlers {}", protocols.keySet(), failure);
            return Optional.of(failure instanceof LoomException known
                    ? known.problems().get(0).code() + " " + known.problems().get(0).text() : failure.toString());
        }
    }

    /** The verifier refused the program, as that of older kernels does with one that it cannot follow to its end. */
    private static boolean isTooMuch(RuntimeException failure) {
        return failure instanceof BpfException refused && refused.verifierLog().isPresent();
    }

    private static Tuning withKernelTable(Tuning tuning) {
        return tuning.withConnections(
                new Tuning.Connections(tuning.connections().maxEntries(), Tuning.Connections.Kind.LRU_HASH));
    }

    private boolean fits(Selection selection, SortedMap<Protocol, byte[]> protocols, Tuning tuning) {
        try {
            selfTests.run(composer.compose(selection.methods(), protocols, tuning));
            return true;
        } catch (RuntimeException failure) {
            LOG.debug("the program does not fit with the kernel's hash either", failure);
            return false;
        }
    }

    /** The linker and the verifier see one program: the method that they do not take without the others either is to blame. */
    private Optional<MethodRefused> culprit(
            Selection selection, Set<String> refused, SortedMap<Protocol, byte[]> protocols, Tuning tuning) {
        for (SlottedMethod method : selection.methods()) {
            if (!refused.contains(method.name())) {
                try {
                    selfTests.run(composer.compose(List.of(method), protocols, tuning));
                } catch (MethodRefused failure) {
                    return Optional.of(failure);
                } catch (RuntimeException failure) {
                    LOG.error("forwarding method {} is left out", method.name(), failure);
                    return Optional.of(unfit(method.name(), failure));
                }
            }
        }
        return Optional.empty();
    }

    private static MethodRefused unfit(String method, RuntimeException failure) {
        String why = failure instanceof LoomException known
                ? known.problems().get(0).code() + " " + known.problems().get(0).why() : failure.toString();
        return new MethodRefused(method, Problem.of(
                "LOOM-4114", "forwarding method " + method + " cannot be in the program", why,
                "install another version of its bundle; the verifier's whole log is in Loom's"));
    }

    private static Problem frozen(String part) {
        return Problem.of(
                "LOOM-4108", "the program cannot be changed",
                "it contains " + part + " whose bundle is missing since the restart",
                "put the bundle back");
    }
}
