package io.loom.datapath.internal;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.libbpf.BpfException;
import io.loom.libbpf.Kernel;
import io.loom.libbpf.XdpLink;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Removes an instance from kernel and host. Needs to understand no more of it than pins and loom_meta, so that it works for
 * instances of another version, and for half-made ones. What is left if it dies can be taken down by the next run.
 */
public final class Takedown {
    /** What the kernel answers to who takes another object for a link. */
    private static final int EINVAL = 22;

    private final PinTree pins;

    private Takedown(PinTree pins) {
        this.pins = pins;
    }

    /**
     * @param fallback directory for the lock where /run/loom cannot be written
     * @return a sentence for each thing that was removed; empty if there was nothing
     * @throws LoomException LOOM-5101 while a loomd runs on it; LOOM-1003 if there is no bpffs, so that nobody takes a wrong path for done
     */
    public static List<String> run(Path bpffs, String instance, Path fallback) {
        PinTree pins = PinTree.of(bpffs, instance);
        if (!pins.exists()) {
            Kernel.requireBpffs(bpffs).ifPresent(Takedown::wrongPlace);
            return List.of();
        }
        InstanceLock lock = InstanceLock.take(bpffs, instance, fallback);
        try {
            List<String> done = new Takedown(pins).run();
            lock.discard();
            return done;
        } finally {
            lock.close();
        }
    }

    private static void wrongPlace(Problem why) {
        throw new LoomException(Problem.of(why.code(), why.what(), why.why(), "give the --bpffs that loomd was started with"));
    }

    private List<String> run() {
        List<String> done = new ArrayList<>();
        markIncomplete();
        pinned(pins.links()).forEach(pin -> done.add(detach(pin)));
        restoreCpus();
        done.addAll(addresses());
        for (Path program : List.of(pins.program(), pins.nextProgram(), pins.formerProgram())) {
            if (PinTree.remove(program)) {
                done.add("removed program " + program.getFileName());
            }
        }
        pinned(pins.tables()).forEach(PinTree::remove);
        pinned(pins.chains()).forEach(PinTree::remove);
        pinned(pins.nextMaps()).forEach(PinTree::remove);
        List<Path> maps = new ArrayList<>(pinned(pins.maps()));
        // Last, because it says what else there is.
        maps.sort(Comparator.comparing(pins.meta()::equals));
        maps.forEach(PinTree::remove);
        if (!maps.isEmpty()) {
            done.add("removed " + maps.size() + " maps");
        }
        done.addAll(removeDirectories());
        return done;
    }

    /** Loom makes no directories among its pins. */
    private static List<Path> pinned(Path directory) {
        return PinTree.pins(directory).stream().filter(Files::isRegularFile).toList();
    }

    /** If this process dies now, the next start does not adopt what is left. */
    private void markIncomplete() {
        if (Files.isRegularFile(pins.meta())) {
            try (Meta meta = Meta.open(pins.meta())) {
                Instance.markIncomplete(meta);
            }
        }
    }

    private String detach(Path pin) {
        String device = PinTree.device(pin);
        boolean present;
        try (XdpLink link = XdpLink.open(pin)) {
            present = link.info().ifindex() != 0;
            if (present) {
                link.detach();
            }
        } catch (BpfException failure) {
            if (failure.errno() != EINVAL) {
                throw failure; // it may be a link that holds the program: whoever goes on takes away what tells of it
            }
            return "left " + pin + ", which is no link";
        }
        PinTree.remove(pin);
        return present ? "detached from " + device : "removed the link of " + device + ", which is gone";
    }

    private void restoreCpus() {
        if (Files.isRegularFile(pins.meta())) {
            try (Meta meta = Meta.open(pins.meta())) {
                new CpuAffinity(meta, Path.of("/sys"), Path.of("/proc")).want(List.of());
            }
        }
    }

    private List<String> addresses() {
        if (!Files.isRegularFile(pins.meta())) {
            return List.of();
        }
        try (Meta meta = Meta.open(pins.meta())) {
            AssignedAddresses addresses = new AssignedAddresses(meta);
            Optional<String> home = meta.get(Instance.NETNS);
            if (!addresses.all().isEmpty() && !home.equals(Optional.of(Instance.networkNamespace()))) {
                return List.of("left addresses " + addresses.all() + ": they are in another network namespace, "
                        + home.orElse("unknown"));
            }
            AssignedAddresses.Taken taken = addresses.takeOff(addresses.all());
            List<String> said = new ArrayList<>(taken.done());
            taken.left().forEach((address, why) -> said.add("left address " + address + ": " + why));
            return said;
        }
    }

    /** What somebody else has put there is not Loom's to remove. */
    private List<String> removeDirectories() {
        List<String> done = new ArrayList<>();
        for (Path directory : List.of(pins.maps(), pins.nextMaps(), pins.tables(), pins.chains(), pins.links(), pins.root())) {
            List<Path> foreign = PinTree.pins(directory);
            if (foreign.isEmpty()) {
                PinTree.remove(directory);
            } else {
                done.add("left " + directory + ": " + foreign.stream().map(Path::getFileName).toList() + " is not Loom's");
            }
        }
        if (done.isEmpty()) {
            done.add("removed " + pins.root());
        }
        Path loom = pins.root().getParent();
        if (PinTree.pins(loom).isEmpty()) {
            PinTree.remove(loom);
        }
        return done;
    }
}
