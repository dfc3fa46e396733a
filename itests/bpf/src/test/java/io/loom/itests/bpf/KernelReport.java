package io.loom.itests.bpf;

import io.loom.datapath.Tuning.Connections.Kind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * What the kernel that runs makes of the objects: a program of its own, so that it can run in a virtual machine (lab/kernels.sh)
 * as well as here. Prints a line for each object between two marks, then what is not as expected; ends with status 0 if nothing is.
 */
final class KernelReport {
    private static final List<String> OBJECTS = List.of(
            "core_cache", "core_hash", "nat", "ipip", "gue", "l2", "tcp", "udp", "nexthop", "before", "decap");

    private final String release = System.getProperty("os.version");
    private final List<KernelCases> cases = new ArrayList<>();
    private final List<String> surprises = new ArrayList<>();

    public static void main(String[] none) throws IOException {
        System.exit(new KernelReport().run() ? 0 : 1);
    }

    private boolean run() throws IOException {
        KernelLoads kernel = new KernelLoads();
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
        if (!load.works()) {
            surprises.add(load.name() + " does not load: " + load.refusal());
        }
    }

    private void print(String object, List<KernelLoads.Load> all) {
        List<KernelLoads.Load> loads = all.stream().filter(load -> load.objects().contains(object)).toList();
        long working = loads.stream().filter(KernelLoads.Load::works).count();
        long largest = loads.stream().mapToLong(KernelLoads.Load::verified).max().orElse(0);
        KernelCases.Count count = cases.stream().map(run -> run.count(object))
                .reduce(KernelCases.NONE, (a, b) -> new KernelCases.Count(a.passed() + b.passed(), a.all() + b.all()));
        System.out.printf("%-26s %-10s %7s %11s %9d%n", release, object, working + "/" + loads.size(), count, largest);
    }
}
