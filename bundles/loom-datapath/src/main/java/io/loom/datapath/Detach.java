package io.loom.datapath;

import io.loom.api.LoomException;
import io.loom.datapath.internal.PinTree;
import io.loom.datapath.internal.Takedown;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * {@code loomd --detach}: removes everything that an instance attached, pinned or assigned, without a running Loom. Plain
 * {@code java -cp}. Exit status 0 if nothing is left, also when there was nothing, which it says; 1 if something could not be
 * removed, a loomd runs or there is no bpffs; 2 for wrong arguments.
 */
public final class Detach {
    private static final Map<String, String> DEFAULTS =
            Map.of("--bpffs", "/sys/fs/bpf", "--instance", "default", "--data", "data");

    private Detach() {}

    /** @param arguments {@code [--bpffs DIR] [--instance NAME] [--data DIR]} */
    public static void main(String[] arguments) {
        System.exit(run(List.of(arguments)));
    }

    static int run(List<String> arguments) {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i < arguments.size(); i += 2) {
            if (!DEFAULTS.containsKey(arguments.get(i)) || i + 1 == arguments.size()) {
                System.err.println("usage: loomd --detach [--bpffs DIR] [--instance NAME] [--data DIR]");
                return 2;
            }
            options.put(arguments.get(i), arguments.get(i + 1));
        }
        String instance = option(options, "--instance");
        Path bpffs = Path.of(option(options, "--bpffs"));
        try {
            List<String> done = Takedown.run(bpffs, instance, Path.of(option(options, "--data")));
            done.forEach(System.out::println);
            if (done.isEmpty()) {
                System.out.println("nothing of instance " + instance + " is below " + bpffs + "; " + there(PinTree.instances(bpffs)));
            }
            return 0;
        } catch (LoomException failure) {
            System.err.println(failure.getMessage());
            return 1;
        }
    }

    private static String there(List<String> instances) {
        return instances.isEmpty() ? "nor is any other instance" : "instances there: " + String.join(", ", instances);
    }

    /** What is not given as an argument may be a system property, as for the running process ({@code loom.bpffs}). */
    private static String option(Map<String, String> options, String name) {
        String property = System.getProperty("loom." + name.substring(2), DEFAULTS.get(name));
        return options.getOrDefault(name, property);
    }
}
