package io.loom.config;

import io.loom.api.Problem;
import io.loom.api.config.Forecast;
import io.loom.api.config.LoomConfig;
import io.loom.api.config.Present;
import io.loom.config.internal.model.Reading;
import io.loom.config.internal.watch.ConfigFile;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * {@code loomd --check --config FILE}: reads a file as the running appliance would, without a framework, and ends with status 0
 * if it is good (warnings allowed) or 2 if it is refused. Of a good file it also says what it will take of the host.
 */
public final class Check {
    /** Folder of bundles. */
    static final String DEPLOYED = "loom.deploy";
    static final int GOOD = 0;
    static final int REFUSED = 2;

    private Check() {}

    public static void main(String[] arguments) {
        System.exit(run(List.of(arguments), System.out, System.err));
    }

    /** @return the exit status; problems go to {@code err}, one a line; warnings only of a good file, because mistakes cause more */
    static int run(List<String> arguments, PrintStream out, PrintStream err) {
        if (arguments.size() != 1) {
            err.println("usage: Check FILE");
            return REFUSED;
        }
        String file = arguments.get(0);
        Optional<Path> deployed = Optional.ofNullable(System.getProperty(DEPLOYED)).map(Path::of);
        Reading reading = new ConfigFile(Path.of(file), deployed.flatMap(folder -> present(folder, err))).read();
        for (Problem problem : reading.problems()) {
            err.println(problem);
        }
        int problems = reading.problems().size();
        if (problems > 0) {
            err.println(file + ": refused, " + problems + (problems == 1 ? " problem" : " problems"));
            return REFUSED;
        }
        reading.warnings().forEach(warning -> err.println("warning: " + warning));
        out.println(file + ": good, " + reading.config().orElseThrow().vips().size() + " vip(s), "
                + reading.warnings().size() + " warning(s)");
        deployed.ifPresent(folder -> forecast(reading.config().orElseThrow(), folder, out, err));
        return GOOD;
    }

    private static Optional<Present> present(Path deployed, PrintStream err) {
        try {
            return ServiceLoader.load(Forecast.class).findFirst().map(forecast -> forecast.present(deployed));
        } catch (RuntimeException | LinkageError unknown) {
            err.println("what is deployed on this host cannot be told: " + unknown.getMessage());
            return Optional.empty();
        }
    }

    /** That it cannot be told, as on a host without libbpf, makes no file worse. */
    private static void forecast(LoomConfig config, Path deployed, PrintStream out, PrintStream err) {
        for (Forecast forecast : ServiceLoader.load(Forecast.class)) {
            try {
                forecast.lines(config, deployed).forEach(out::println);
            } catch (RuntimeException | LinkageError unknown) {
                err.println("what it will take of this host cannot be told: " + unknown.getMessage());
            }
        }
    }
}
