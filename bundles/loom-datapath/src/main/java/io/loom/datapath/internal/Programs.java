package io.loom.datapath.internal;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.Protocol;
import io.loom.api.plugin.SourcePorts;
import io.loom.control.dataplane.DataPlane.MethodView;
import io.loom.datapath.Composition;
import io.loom.datapath.Tuning;
import io.loom.libbpf.BpfObject;
import io.loom.libbpf.BpfProgram;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the running program in line with the deployed forwarding methods. A change is a transaction: choose, link, test on
 * scratch maps, load on the live ones, replace; any failure leaves the old program running and becomes a problem.
 * {@link #update} is called on one thread; what it decided is read by any.
 */
final class Programs implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Programs.class);

    private final Workshop workshop;
    private final ProgramStore store;
    private final Supplier<Map<String, MethodCode>> deployed;
    private final Supplier<SortedMap<Protocol, byte[]>> protocols;
    private volatile Running running;
    private volatile Workshop.Wanted wanted;
    private volatile Set<Integer> leaving = Set.of();
    private volatile List<Problem> problems = List.of();

    private Programs(
            Workshop workshop, ProgramStore store, Supplier<Map<String, MethodCode>> deployed,
            Supplier<SortedMap<Protocol, byte[]>> protocols, Workshop.Wanted wanted,
            Running running) {
        this.workshop = workshop;
        this.store = store;
        this.deployed = deployed;
        this.protocols = protocols;
        this.wanted = wanted;
        this.running = running;
    }

    /**
     * Loads the first program of a new instance.
     *
     * @param deployed  methods by name, at any moment
     * @param protocols objects of handlers, at any moment
     */
    static Programs begin(
            Workshop workshop, ProgramStore store, Supplier<Map<String, MethodCode>> deployed,
            Supplier<SortedMap<Protocol, byte[]>> protocols, Workshop.Wanted wanted) {
        SlotBook none = new SlotBook(Map.of());
        Workshop.Product product = workshop.make(deployed.get(), protocols.get(), none, Map.of(), slot -> false, wanted, "");
        Composition composition = product.composition().orElseThrow();
        BpfProgram program = store.load(composition);
        store.begin(program, product.slots(), composition);
        Programs programs = new Programs(
                workshop, store, deployed, protocols, wanted, new Running(program, product.composition(), product.slots()));
        programs.problems = product.problems();
        return programs;
    }

    /** Goes on with a program that is pinned; what it was made of shows with the next update. */
    static Programs adopt(
            Workshop workshop, ProgramStore store, Supplier<Map<String, MethodCode>> deployed,
            Supplier<SortedMap<Protocol, byte[]>> protocols, Workshop.Wanted wanted,
            BpfProgram pinned) {
        return new Programs(workshop, store, deployed, protocols, wanted, new Running(pinned, Optional.empty(), store.slots()));
    }

    /** True while methods or handlers of an adopted program have not been deployed again: their bundles may be about to start. */
    boolean isWaitingForMethods() {
        Running now = running;
        return now.composition().isEmpty()
                && (now.slots().slots().values().stream().anyMatch(facts -> !deployed.get().containsKey(facts.name()))
                || !protocols.get().keySet().containsAll(store.protocols()));
    }

    /** What the configuration says now; true if it says something else. */
    synchronized boolean tune(Workshop.Wanted configured) {
        Workshop.Wanted next = configured.withPorts(wanted.options().ports()).withSoftware(wanted.tuning().software());
        boolean others = !next.equals(wanted);
        wanted = next;
        return others;
    }

    /** What the host leaves. */
    synchronized void ports(SourcePorts ports) {
        wanted = wanted.withPorts(ports);
    }

    /** Whether an interface is one of software alone; true if that was otherwise before. */
    synchronized boolean software(boolean one) {
        boolean changed = wanted.tuning().software() != one;
        wanted = wanted.withSoftware(one);
        return changed;
    }

    /**
     * Replaces the program if what it should contain has changed.
     *
     * @param links puts another program where this one runs
     * @param used true for slots that backends refer to
     * @return false if that failed and another attempt may succeed
     */
    boolean update(Consumer<BpfProgram> links, IntPredicate used) {
        Running now = running;
        try {
            String present = store.fingerprint(now.program());
            Workshop.Product product =
                    workshop.make(deployed.get(), protocols.get(), now.slots(), now.code(), used, wanted, present);
            if (product.composition().isPresent()) {
                Composition composition = product.composition().get();
                if (composition.fingerprint().equals(present)) {
                    keep(now, composition, product.slots());
                } else {
                    swap(now, composition, product.slots(), links, used);
                }
            }
            report(product.problems());
            return running != now || product.composition().isEmpty();
        } catch (LoomException failure) {
            failure.problems().forEach(problem -> LOG.error("the new program was not taken, the old one runs on: {}", problem));
            problems = failure.problems();
            return false;
        }
    }

    /**
     * The program in force with tables as they are wanted, not as they are; empty if bundles that it needs are not there.
     *
     * @param used true for slots that backends refer to
     */
    Optional<Workshop.Product> anew(IntPredicate used) {
        Running now = running;
        Workshop.Product product = workshop.make(deployed.get(), protocols.get(), now.slots(), now.code(), used, wanted,
                store.fingerprint(now.program()), store.anew(wanted.tuning()));
        return product.composition().isPresent() ? Optional.of(product) : Optional.empty();
    }

    /** From now on that one runs; what was in force before is released. */
    void replaced(BpfProgram next, Workshop.Product product) {
        BpfProgram former = running.program();
        running = new Running(next, product.composition(), product.slots());
        former.close();
        report(product.problems());
    }

    private void keep(Running now, Composition composition, SlotBook slots) {
        store.writeSlots(slots);
        running = new Running(now.program(), Optional.of(composition), slots);
    }

    /**
     * The writer may give a backend to a method while that method is being taken out. Each side announces first and looks
     * then, so that at least one of them notices the other.
     */
    private void swap(
            Running now, Composition composition, SlotBook slots, Consumer<BpfProgram> links, IntPredicate used) {
        Set<Integer> gone = new HashSet<>();
        now.slots().slots().forEach((slot, method) -> {
            if (!slots.slot(method.name()).equals(OptionalInt.of(slot))) {
                gone.add(slot);
            }
        });
        leaving = gone;
        try {
            if (gone.stream().anyMatch(used::test)) {
                LOG.info("a method that was to leave the program is in use again");
                return;
            }
            replace(now, composition, slots, links);
        } finally {
            leaving = Set.of();
        }
    }

    /** True while the method is being taken out of its slot, or has been: no backend may use it there any more. */
    boolean isLeaving(String method, int slot) {
        return leaving.contains(slot) || !slot(method).equals(OptionalInt.of(slot));
    }

    private void replace(Running now, Composition composition, SlotBook slots, Consumer<BpfProgram> links) {
        BpfProgram next = store.load(composition);
        try {
            store.replace(next, slots, composition, links);
        } catch (RuntimeException failure) {
            store.writeSlots(now.slots());
            next.close();
            throw failure;
        }
        running = new Running(next, Optional.of(composition), slots);
        now.program().close();
        LOG.info("program {} (tag {}) replaces {}: methods {}", next.id(), next.tag(), now.program().id(),
                slots.slots().values().stream().map(MethodFacts::name).toList());
    }

    private void report(List<Problem> found) {
        if (!found.equals(problems)) {
            found.forEach(problem -> LOG.warn("{}", problem));
        }
        problems = found;
    }

    /** The program in force, with maps of its own; while it is not known what it was made of, core without methods. */
    BpfObject open() {
        return running.composition().map(made -> made.open(Map.of())).orElseGet(() -> workshop.core(wanted.tuning()).open(Map.of()));
    }

    Running running() {
        return running;
    }

    Workshop.Wanted wanted() {
        return wanted;
    }

    Tuning tuning() {
        return wanted.tuning();
    }

    /** The slot of a method in the running program. */
    OptionalInt slot(String method) {
        return running.slots().slot(method);
    }

    Map<String, MethodView> methods() {
        Map<String, MethodCode> present = deployed.get();
        Map<String, MethodView> views = new TreeMap<>();
        for (MethodFacts facts : running.slots().slots().values()) {
            views.put(facts.name(), new MethodView(
                    present.containsKey(facts.name()), facts.direct(), facts.stateful(), facts.pairs()));
        }
        return views;
    }

    /** Whether that method of the running program writes outer headers. */
    boolean encapsulates(String method) {
        return running.slots().slots().values().stream()
                .anyMatch(facts -> facts.name().equals(method) && facts.encapsulates());
    }

    /** Protocols with a handler in the running program. */
    Set<Protocol> handled() {
        return store.protocols();
    }

    List<Problem> problems() {
        return problems;
    }

    /** Releases the descriptor; the pinned program stays. */
    @Override
    public void close() {
        running.program().close();
    }
}
