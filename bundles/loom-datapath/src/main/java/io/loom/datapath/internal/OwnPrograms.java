package io.loom.datapath.internal;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.config.ObjectFile;
import io.loom.api.config.OwnProgram;
import io.loom.api.config.OwnProgram.Position;
import io.loom.api.control.Status;
import io.loom.datapath.Composer;
import io.loom.libbpf.BpfProgram;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the chain in line with ebpf.xdp.programs. A change is a transaction: load all, pin, replace on the interfaces, note in
 * loom_meta; any failure leaves the former chain running and becomes a problem. {@link #update} and {@link #replaceLoom} are
 * called on one thread; the rest on any.
 */
final class OwnPrograms implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(OwnPrograms.class);
    /** In loom_meta: number and fingerprint of the chain in force; beside it, its stages. */
    private static final String CHAIN = "chain";
    private static final String STAGE = "stage.";
    /** Packets that have met the former entry are through by then. */
    private static final long REST_NANOS = Duration.ofSeconds(1).toNanos();

    private final Instance instance;
    private volatile Optional<Chain> chain;
    private volatile List<OwnProgram> wanted;
    private volatile List<Problem> problems = List.of();
    /** What cannot be loaded is not tried again before something else is wanted. */
    private Optional<String> refused = Optional.empty();
    private final Deque<Resting> resting = new ArrayDeque<>();

    private record Resting(Chain chain, long since) {}

    /** Takes over the chain that is pinned, if loom_meta names one. */
    OwnPrograms(Instance instance, BpfProgram loom, List<OwnProgram> wanted) {
        this.instance = instance;
        this.wanted = wanted;
        this.chain = noted().flatMap(words -> {
            int number = Integer.parseInt(words[0]);
            return Chain.open(instance, number, stages(number));
        });
        chain.ifPresent(adopted -> adopted.lead(loom));
    }

    private Optional<String[]> noted() {
        return instance.meta().get(CHAIN).map(text -> text.split(" "));
    }

    private List<Stage> stages(int number) {
        return instance.meta().withPrefix(STAGE + number + ".").values().stream().map(Stage::parse).toList();
    }

    /** What interfaces are to have. */
    BpfProgram entry(BpfProgram loom) {
        return chain.map(Chain::entry).orElse(loom);
    }

    /** Entries of chains that were not or are no longer in force when a process died. The caller closes them. */
    List<BpfProgram> strays() {
        return others().stream().map(number -> instance.pins().chainEntry(number)).filter(Files::exists)
                .map(BpfProgram::open).toList();
    }

    void discardStrays() {
        others().forEach(number -> Chain.remove(instance.pins(), number));
    }

    private Set<Integer> others() {
        Set<Integer> numbers = new HashSet<>();
        for (Path pin : PinTree.pins(instance.pins().chains())) {
            numbers.add(PinTree.chainNumber(pin));
        }
        chain.ifPresent(present -> numbers.remove(present.number()));
        return numbers;
    }

    /** True if that is something else. */
    boolean want(List<OwnProgram> programs) {
        boolean other = !programs.equals(wanted);
        wanted = programs;
        return other;
    }

    /**
     * Replaces the chain if what it should consist of has changed.
     *
     * @return false if that failed and another attempt may succeed
     */
    synchronized boolean update(BpfProgram loom, Attachments attachments) {
        List<OwnProgram> programs = wanted;
        String fingerprint = fingerprint(programs);
        if (refused.equals(Optional.of(fingerprint))) {
            return true;
        }
        refused = Optional.empty();
        if (fingerprint.equals(chain.flatMap(present -> noted()).map(words -> words[1]).orElse(""))) {
            problems = List.of();
            return true;
        }
        try {
            int number = 1 - chain.map(Chain::number).orElse(1);
            Optional<Chain> next = programs.isEmpty() ? Optional.empty() : Optional.of(Chain.make(instance, number, programs, loom));
            return swap(next, fingerprint, loom, attachments);
        } catch (LoomException failure) {
            report(failure);
            refused = Optional.of(fingerprint);
            return true;
        }
    }

    private boolean swap(Optional<Chain> next, String fingerprint, BpfProgram loom, Attachments attachments) {
        try {
            attachments.replace(next.map(Chain::entry).orElse(loom));
        } catch (LoomException failure) {
            next.ifPresent(unused -> {
                Chain.remove(instance.pins(), unused.number());
                unused.close();
            });
            report(failure);
            return false;
        }
        Optional<Chain> former = chain;
        note(next, fingerprint);
        chain = next;
        problems = List.of();
        LOG.info("programs of the operator: {}", next.map(made -> made.stages().toString()).orElse("none"));
        former.ifPresent(gone -> {
            Chain.remove(instance.pins(), gone.number());
            resting.add(new Resting(gone, System.nanoTime()));
        });
        return true;
    }

    private void note(Optional<Chain> next, String fingerprint) {
        next.ifPresent(made -> {
            String prefix = STAGE + made.number() + ".";
            instance.meta().withPrefix(prefix).keySet().forEach(old -> instance.meta().remove(prefix + old));
            for (int i = 0; i < made.stages().size(); i++) {
                instance.meta().put(prefix + i, made.stages().get(i).text());
            }
            instance.meta().put(CHAIN, made.number() + " " + fingerprint);
        });
        if (next.isEmpty()) {
            instance.meta().remove(CHAIN);
        }
    }

    private void report(LoomException failure) {
        failure.problems().forEach(problem -> LOG.error("{}", problem));
        problems = failure.problems();
    }

    /** Of the wanted programs and the code around them; empty without any. */
    private static String fingerprint(List<OwnProgram> programs) {
        if (programs.isEmpty()) {
            return "";
        }
        StringBuilder text = new StringBuilder(new ObjectFile(Composer.object("before")).sha256());
        programs.forEach(program -> text.append('\n').append(String.join(" ", program.name(), program.section(),
                program.position().name(), program.object().sha256())));
        return new ObjectFile(text.toString().getBytes(StandardCharsets.UTF_8)).sha256();
    }

    /** Puts another program of Loom's in the place of the present one, where that is. */
    void replaceLoom(BpfProgram next, Attachments attachments) {
        chain.ifPresentOrElse(present -> present.lead(next), () -> attachments.replace(next));
    }

    /** Lets go of chains that no packet is in any more. */
    synchronized void rest() {
        while (!resting.isEmpty() && System.nanoTime() - resting.peek().since() > REST_NANOS) {
            resting.remove().chain().close();
        }
    }

    private List<Stage> stages() {
        return chain.map(Chain::stages).orElse(List.of());
    }

    /** Those in force, in the order in which a frame meets them. */
    List<Status.OwnProgramView> views() {
        return stages().stream()
                .map(stage -> new Status.OwnProgramView(stage.name(), stage.position().name().toLowerCase(Locale.ROOT), stage.id())).toList();
    }

    List<Problem> problems() {
        List<Problem> all = new ArrayList<>(problems);
        stages().stream().filter(stage -> stage.position() == Position.REPLACE).forEach(stage -> all.add(Problem.of(
                "LOOM-1241", "Loom's program does not run: the program " + stage.name() + " of the operator is in its place",
                "ebpf.xdp.programs says so", "remove it there, and Loom balances again")));
        return all;
    }

    /** What must be pinned of them. */
    synchronized List<PinKeeper.Held> held() {
        return chain.map(present -> present.held(instance.pins())).orElse(List.of());
    }

    /** Releases descriptors; what is pinned runs on. */
    @Override
    public synchronized void close() {
        chain.ifPresent(Chain::close);
        resting.forEach(gone -> gone.chain().close());
        resting.clear();
    }
}
