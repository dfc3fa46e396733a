package io.loom.datapath.internal;

import io.loom.api.Problem;
import io.loom.api.Protocol;
import io.loom.api.config.LoomConfig;
import io.loom.datapath.Composer;
import io.loom.datapath.Tuning;
import io.loom.libbpf.BpfObject;
import io.loom.libbpf.BpfProgram;
import io.loom.libbpf.Kernel;
import io.loom.libbpf.Offload;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.function.Supplier;

/** Opens an instance: adopts what is pinned or begins anew, so that the rest need not know which it was. */
final class Opening {
    /** In loom_meta: hex digits. */
    private static final String SEED = "seed";
    private static final String LATE = "late";
    private static final Path SETTINGS = Path.of("/proc/sys/net/ipv4");

    private final Path bpffs;
    private final String name;
    private final Path data;
    private final Supplier<Map<String, MethodCode>> methods;
    private final Supplier<SortedMap<Protocol, byte[]>> protocols;
    private final TableBuilds builds;
    private final SelfTests selfTests;

    /**
     * @param data       directory for the lock where /run/loom cannot be written
     * @param methods    deployed ones by name, at any moment
     * @param protocols  objects of deployed handlers, at any moment
     */
    Opening(
            Path bpffs, String name, Path data, Supplier<Map<String, MethodCode>> methods,
            Supplier<SortedMap<Protocol, byte[]>> protocols, TableBuilds builds, SelfTests selfTests) {
        this.selfTests = selfTests;
        this.bpffs = bpffs;
        this.name = name;
        this.data = data;
        this.methods = methods;
        this.protocols = protocols;
        this.builds = builds;
    }

    LivePlane open(LoomConfig config) {
        Kernel.require(bpffs);
        try (BpfObject questions = BpfObject.open("loom_questions", Composer.object("nexthop"))) {
            questions.load();
            KernelClock clock = new KernelClock(questions.program("loom_clock"));
            HopLookup lookup = new HopLookup(questions.program("loom_nexthop"));
            try {
                return open(config, clock, lookup);
            } catch (RuntimeException failure) {
                clock.close();
                lookup.close();
                throw failure;
            }
        }
    }

    private LivePlane open(LoomConfig config, KernelClock clock, HopLookup lookup) {
        Instance instance = Instance.open(bpffs, name, data);
        try {
            lookup.allow();
            instance.batch(config.maps().batch());
            Readings readings = new Readings();
            Tuning tuning = remembering(
                    Tuning.of(config, clock.hz(), seed(instance.meta())), instance.meta())
                    .withSoftware(SoftwareLinks.any(LivePlane.NET, config.attachment().interfaces(), readings));
            LocalPorts ports = new LocalPorts(SETTINGS, readings, instance.meta(), instance.adopted());
            Workshop.Wanted wanted = new Workshop.Wanted(tuning, config.methodOptions()).withPorts(ports.ports());
            ProgramStore store = new ProgramStore(instance);
            Workshop workshop = new Workshop(Composer.builtIn(), store, selfTests);
            Programs programs = instance.adopted()
                    ? Programs.adopt(workshop, store, methods, protocols, wanted, instance.pinnedProgram().orElseThrow())
                    : Programs.begin(workshop, store, methods, protocols, wanted);
            OwnPrograms own = new OwnPrograms(instance, programs.running().program(), config.programs());
            Attachments attachments = attachments(instance, store, programs, own);
            own.update(programs.running().program(), attachments);
            List<Problem> noted = new ArrayList<>(Kernel.mitigations().stream().toList());
            if (instance.adopted()) {
                noted.addAll(new Migration(instance, store, programs, clock).run(next -> own.replaceLoom(next, attachments)));
            }
            return new LivePlane(instance, programs, own, attachments, lookup, clock, builds, readings, ports, noted);
        } catch (RuntimeException failure) {
            instance.close();
            throw failure;
        }
    }

    /** Of the hash of the connection table: drawn with it, kept beside it, told to nobody. */
    static long seed(Meta meta) {
        String seed = meta.get(SEED).orElseGet(() -> Long.toHexString(new SecureRandom().nextLong()));
        meta.put(SEED, seed);
        return Long.parseUnsignedLong(seed, 16);
    }

    /** Shorter timeouts must not take a clock that an earlier program left late for idleness, also not after a restart. */
    private static Tuning remembering(Tuning tuning, Meta meta) {
        Tuning late = tuning.withLate(meta.get(LATE).map(Integer::parseInt).orElse(1));
        meta.put(LATE, "" + late.late());
        return late;
    }

    private static Attachments attachments(Instance instance, ProgramStore store, Programs programs, OwnPrograms own) {
        BpfProgram loom = programs.running().program();
        Attachments attachments = new Attachments(
                instance.pins(), own.entry(loom), ifindex -> Offload.ask(ifindex, programs::open));
        List<BpfProgram> half = new ArrayList<>(own.strays());
        half.addAll(store.halves());
        half.add(loom);
        attachments.adopt(half);
        half.remove(loom);
        half.forEach(BpfProgram::close);
        store.discardHalves();
        own.discardStrays();
        return attachments;
    }

    /** Sets what a new configuration changes in the program; true if it has to be loaded anew. */
    boolean tune(LivePlane plane, LoomConfig config) {
        Workshop.Wanted before = plane.programs().wanted();
        Tuning tuning = remembering(
                Tuning.of(config, before.tuning().hz(), before.tuning().seed()), plane.meta());
        boolean tuned = plane.programs().tune(new Workshop.Wanted(tuning, config.methodOptions()));
        plane.batch(config.maps().batch());
        plane.chooseOuterSources();
        boolean others = plane.ownPrograms().want(config.programs());
        return others || tuned;
    }
}
