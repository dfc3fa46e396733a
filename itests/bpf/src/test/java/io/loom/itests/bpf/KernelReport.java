package io.loom.itests.bpf;

import io.loom.datapath.Tuning.Connections.Kind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What the kernel that runs makes of the objects: a program of its own, so that it can run in a virtual machine (lab/kernels.sh)
 * as well as here. Prints a line for each object between two marks, then what is not as expected; ends with status 0 if nothing is.
 */
final class KernelReport {
    private static final List<String> OBJECTS = List.of(
            "core_cache", "core_hash", "nat", "ipip", "gue", "l2", "tcp", "udp", "nexthop", "decap");

    private final String release = System.getProperty("os.version");
    private final KernelExpectation expectation = KernelExpectation.of(release);
    private final List<KernelCases> cases = new ArrayList<>();
    private final List<String> surprises = new ArrayList<>();

    private KernelReport() throws IOException {}

    public static void main(String[] none) throws IOException {
        System.exit(new KernelReport().run() ? 0 : 1);
    }

    private boolean run() throws IOException {
        KernelLoads kernel = new KernelLoads(expectation);
        List<KernelLoads.Load> loads = kernel.all();
        for (Kind table : List.of(Kind.CACHE, Kind.LRU_HASH)) {
            if (kernel.works(table)) {
                System.setProperty("loom.connections", table.name());
                cases.add(KernelCases.run(KernelLoads.object(table), PacketTableIT.class));
            }
        }
        cases.add(KernelCases.run("decap", DecapIT.class));
        loads.forEach(this::judge);
        cases.forEach(run -> surprises.addAll(run.failures()));
        if (cases.size() < 2) {
            surprises.add("no connection table has a program with all methods: nothing could be tried");
        }
        System.out.println("kernel report begins");
        OBJECTS.forEach(object -> print(object, loads));
        surprises.forEach(surprise -> System.out.println("not as expected: Linux " + release + ": " + surprise));
        System.out.println("kernel report ends with " + (surprises.isEmpty() ? 0 : 1));
        return surprises.isEmpty();
    }

    private void judge(KernelLoads.Load load) {
        boolean refused = expectation.refuses(load.objects());
        if (refused && load.works()) {
            surprises.add(load.name() + " loads, although its file in kernels/ says that it is refused");
        } else if (!refused && !load.works()) {
            surprises.add(load.name() + " does not load: " + load.refusal());
        }
    }

    private void print(String object, List<KernelLoads.Load> all) {
        List<KernelLoads.Load> loads = all.stream().filter(load -> load.objects().contains(object)).toList();
        long working = loads.stream().filter(KernelLoads.Load::works).count();
        long largest = loads.stream().mapToLong(KernelLoads.Load::verified).max().orElse(0);
        KernelCases.Count count = cases.stream().map(run -> run.count(object))
                .reduce(KernelCases.NONE, (a, b) -> new KernelCases.Count(a.passed() + b.passed(), a.all() + b.all()));
        String lacks = Stream.of("core_cache", "core_hash")
                .filter(core -> OBJECTS.stream().anyMatch(method -> expectation.refuses(core, method)
                        && (core.equals(object) || method.equals(object))))
                .reduce((a, b) -> a + " and " + b).map(core -> "refused: " + core + " with " + refusedBy(core)).orElse("");
        System.out.printf("%-26s %-10s %7s %11s %9d  %s%n", release, object, working + "/" + loads.size(), count, largest, lacks);
    }

    private String refusedBy(String core) {
        return String.join(", ", OBJECTS.stream().filter(method -> expectation.refuses(core, method)).toList());
    }
}
