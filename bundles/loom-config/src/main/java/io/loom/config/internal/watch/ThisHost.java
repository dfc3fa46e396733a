package io.loom.config.internal.watch;

import io.loom.api.config.OwnAddresses;
import io.loom.config.internal.model.Host;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The host on which this process runs, as the kernel tells of it at the moment. */
final class ThisHost implements Supplier<Host> {
    private static final Logger LOG = LoggerFactory.getLogger(ThisHost.class);

    private final Path sys;

    ThisHost() {
        this(Path.of("/sys"));
    }

    ThisHost(Path sys) {
        this.sys = sys;
    }

    @Override
    public Host get() {
        return new Host(cpus(), new OwnAddresses().get());
    }

    private Optional<Host.Cpus> cpus() {
        Path folder = sys.resolve("devices/system/cpu");
        try {
            return Optional.of(new Host.Cpus(list(folder.resolve("possible")), list(folder.resolve("online"))));
        } catch (IOException | NumberFormatException unreadable) {
            LOG.debug("the CPUs of this host cannot be told", unreadable);
            return Optional.empty();
        }
    }

    /** Such as {@code 0-2,5}. */
    private static Set<Integer> list(Path file) throws IOException {
        Set<Integer> found = new TreeSet<>();
        for (String range : Files.readString(file).strip().split(",")) {
            String[] ends = range.split("-");
            for (int cpu = Integer.parseInt(ends[0]); cpu <= Integer.parseInt(ends[ends.length - 1]); cpu++) {
                found.add(cpu);
            }
        }
        return found;
    }
}
