package io.loom.datapath.internal;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.BpfProgram;
import io.loom.libbpf.Kernel;
import io.loom.libbpf.XdpLink;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts pins back that somebody removed or replaced while this process holds what they pin: without them the next start would
 * find nothing to adopt, and traffic would stop. What cannot be put back, as on a bpffs that is no more mounted, is a problem
 * until it can. Called each second, and never while the program is being replaced.
 */
final class PinKeeper {
    private static final Logger LOG = LoggerFactory.getLogger(PinKeeper.class);

    private final PinTree pins;
    private volatile Optional<Problem> problem = Optional.empty();

    PinKeeper(PinTree pins) {
        this.pins = pins;
    }

    /**
     * Something that this process holds and that must be pinned.
     *
     * @param inPlace whether the pin is there, and of this very thing
     * @param pin     pins it where nothing is
     */
    record Held(Path path, BooleanSupplier inPlace, Runnable pin) {
        static Held map(Path path, BpfMap map) {
            return new Held(path, () -> is(path, () -> mapAt(path) == map.id()), () -> map.pin(path));
        }

        static Held program(Path path, BpfProgram program) {
            return new Held(path, () -> is(path, () -> programAt(path) == program.id()), () -> program.pin(path));
        }

        static Held link(Path path, XdpLink link) {
            return new Held(path, () -> is(path, () -> linkAt(path) == link.info().id()), () -> link.pin(path));
        }
    }

    /** False also for what cannot be opened, such as a directory, or is of another kind. */
    private static boolean is(Path path, BooleanSupplier same) {
        try {
            return Files.exists(path, LinkOption.NOFOLLOW_LINKS) && same.getAsBoolean();
        } catch (RuntimeException another) {
            return false;
        }
    }

    /** The kernel's number of the map that is pinned there. */
    static int mapAt(Path pin) {
        try (BpfMap map = BpfMap.open(pin)) {
            return map.id();
        }
    }

    private static int programAt(Path pin) {
        try (BpfProgram program = BpfProgram.open(pin)) {
            return program.id();
        }
    }

    private static int linkAt(Path pin) {
        try (XdpLink link = XdpLink.open(pin)) {
            return link.info().id();
        }
    }

    /** Looks at all of them. */
    void keep(List<Held> all) {
        List<Held> missing = all.stream().filter(held -> !held.inPlace().getAsBoolean()).toList();
        if (missing.isEmpty()) {
            problem = Optional.empty();
            return;
        }
        try {
            Kernel.requireBpffs(pins.bpffs()).ifPresent(why -> {
                throw new LoomException(why);
            });
            pins.createDirectories();
            missing.forEach(PinKeeper::putBack);
            problem = Optional.empty();
            LOG.warn("{}", Problem.of("LOOM-1290", missing.size() + " pins below " + pins.root() + " were gone and are back", names(missing),
                    "whoever removes them takes the data plane from the next start; loomd --detach is the way to remove an instance"));
        } catch (LoomException | UncheckedIOException failure) {
            report(missing, failure);
        }
    }

    private static void putBack(Held held) {
        PinTree.remove(held.path());
        held.pin().run();
    }

    private void report(List<Held> missing, RuntimeException failure) {
        Problem why = failure instanceof LoomException known ? known.problems().get(0) : Problem.of("LOOM-5104", failure.toString(), "", "");
        Problem found = Problem.of("LOOM-1291", missing.size() + " pins below " + pins.root() + " are gone and cannot be put back",
                why.what() + (why.why().isEmpty() ? "" : ": " + why.why()),
                (why.fix().isEmpty() ? "clear the place" : why.fix()) + "; until then a restart of loomd interrupts traffic");
        if (!problem.equals(Optional.of(found))) {
            LOG.error("{}", found);
        }
        problem = Optional.of(found);
    }

    private static String names(List<Held> some) {
        List<String> names = new ArrayList<>(some.stream().limit(5).map(held -> held.path().getFileName().toString()).toList());
        return String.join(", ", names) + (some.size() > names.size() ? ", ..." : "");
    }

    List<Problem> problems() {
        return problem.stream().toList();
    }
}
