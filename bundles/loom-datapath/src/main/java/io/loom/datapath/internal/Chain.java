package io.loom.datapath.internal;

import io.loom.api.config.OwnProgram;
import io.loom.api.config.OwnProgram.Position;
import io.loom.datapath.Composer;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.BpfObject;
import io.loom.libbpf.BpfProgram;
import io.loom.libbpf.MapType;
import io.loom.libbpf.OwnObject;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Programs that a frame meets one after the other: those of the operator, and Loom's or the one that replaces it
 * (docs/adr/0019). Interfaces have the first of them; the rest is in an array, from which each one takes its successor. Both
 * are pinned: the kernel empties such an array when the last pin or descriptor is gone.
 */
final class Chain implements AutoCloseable {
    private static final String ARRAY = "loom_chain";
    /** LOOM_CHAIN of abi.h. */
    private static final int ROOM = 9;

    private final int number;
    private final BpfMap array;
    private final BpfProgram entry;
    private final List<Stage> stages;

    private Chain(int number, BpfMap array, BpfProgram entry, List<Stage> stages) {
        this.number = number;
        this.array = array;
        this.entry = entry;
        this.stages = List.copyOf(stages);
    }

    /**
     * Loads programs and pins the chain.
     *
     * @param programs not empty
     * @param loom     Loom's own
     * @throws OwnProgramRefused if the kernel does not take one of them
     */
    static Chain make(Instance instance, int number, List<OwnProgram> programs, BpfProgram loom) {
        List<BpfProgram> loaded = new ArrayList<>();
        List<Stage> stages = new ArrayList<>();
        BpfMap array = BpfMap.create(MapType.PROG_ARRAY, ARRAY, Integer.BYTES, Integer.BYTES, ROOM, 0);
        try {
            for (OwnProgram program : ordered(programs)) {
                int place = loaded.size();
                OwnProgramRefused.unless(program, () -> {
                    loaded.add(load(instance, program, array, place + 1));
                    if (place > 0) {
                        array.updateFd(Keys.of(place), loaded.get(place));
                    }
                });
                stages.add(Stage.of(program, loaded.get(place)));
            }
            Chain chain = new Chain(number, array, loaded.get(0), stages);
            chain.lead(loom);
            chain.pin(instance.pins());
            loaded.stream().skip(1).forEach(BpfProgram::close);
            return chain;
        } catch (RuntimeException failure) {
            loaded.forEach(BpfProgram::close);
            array.close();
            remove(instance.pins(), number);
            throw failure;
        }
    }

    /** In the order in which a frame meets them. */
    private static List<OwnProgram> ordered(List<OwnProgram> programs) {
        return programs.stream().sorted(Comparator.comparing(OwnProgram::position)).toList();
    }

    /** One that runs before gets Loom's code around it, which counts and goes on. */
    private static BpfProgram load(Instance instance, OwnProgram program, BpfMap array, int next) {
        String name = kernelName(program);
        try (OwnObject own = OwnObject.load(name, program.object().bytes(), program.section(), instance.pins().bpffs())) {
            return program.position() == Position.REPLACE ? own.program() : around(instance, own, name, array, next);
        }
    }

    private static BpfProgram around(Instance instance, OwnObject own, String name, BpfMap array, int next) {
        try (BpfObject before = BpfObject.open("loom_before", Composer.object("before"))) {
            instance.lendMaps(before);
            before.reuse(ARRAY, array);
            before.setConstant("loom_next", Keys.of(next));
            before.load();
            return own.within(name, before, "loom_before");
        }
    }

    /** What the kernel takes as a name: up to 15 letters, digits, underscores and dots. */
    private static String kernelName(OwnProgram program) {
        String name = program.name().replace('-', '_');
        return name.substring(0, Math.min(15, name.length()));
    }

    private void pin(PinTree pins) {
        remove(pins, number);
        array.pin(pins.chainArray(number));
        entry.pin(pins.chainEntry(number));
    }

    /** Both must be pinned. */
    List<PinKeeper.Held> held(PinTree pins) {
        return List.of(PinKeeper.Held.map(pins.chainArray(number), array), PinKeeper.Held.program(pins.chainEntry(number), entry));
    }

    /** What is pinned under that number; empty if it is not all there. */
    static Optional<Chain> open(Instance instance, int number, List<Stage> stages) {
        PinTree pins = instance.pins();
        if (!Files.exists(pins.chainArray(number)) || !Files.exists(pins.chainEntry(number))) {
            return Optional.empty();
        }
        return Optional.of(new Chain(number, BpfMap.open(pins.chainArray(number)), BpfProgram.open(pins.chainEntry(number)), stages));
    }

    static void remove(PinTree pins, int number) {
        PinTree.remove(pins.chainArray(number));
        PinTree.remove(pins.chainEntry(number));
    }

    /** From now on the last program leads to this one of Loom's; each frame meets the former or this one. */
    void lead(BpfProgram loom) {
        if (!replaced()) {
            array.updateFd(Keys.of(stages.size()), loom);
        }
    }

    /** Whether Loom's program does not run. */
    boolean replaced() {
        return stages.stream().anyMatch(stage -> stage.position() == Position.REPLACE);
    }

    int number() {
        return number;
    }

    /** What interfaces have. */
    BpfProgram entry() {
        return entry;
    }

    List<Stage> stages() {
        return stages;
    }

    /** Releases descriptors. Without pins the array is empty from then on: no interface may have the entry any more. */
    @Override
    public void close() {
        entry.close();
        array.close();
    }
}
