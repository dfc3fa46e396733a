package io.loom.datapath;

import io.loom.api.config.Forecast;
import io.loom.api.config.LoomConfig;
import io.loom.api.config.Present;
import io.loom.api.plugin.Algorithm;
import io.loom.api.plugin.ForwardingMethod;
import io.loom.datapath.internal.BundleFolder;
import io.loom.datapath.internal.MapMemory;
import io.loom.datapath.internal.TableMemory;
import io.loom.libbpf.BpfObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The memory of the program's maps, and what is deployed. Links and opens the program as a start would, and loads nothing: needs no privilege. */
public final class MapForecast implements Forecast {
    /** Sizes do not depend on the clock. */
    private static final int ANY_HZ = 250;
    private static final Path NET = Path.of("/sys/class/net");

    @Override
    public List<String> lines(LoomConfig config, Path deployed) {
        List<SlottedMethod> methods = new ArrayList<>();
        BundleFolder.plugins(deployed, ForwardingMethod.class).forEach(method -> methods.add(SlottedMethod.of(methods.size(), method)));
        Composition composition = Composer.builtIn().compose(methods, new TreeMap<>(), Tuning.of(config, ANY_HZ, 0));
        try (BpfObject object = composition.open(Map.of())) {
            List<String> lines = new ArrayList<>(MapMemory.lines(object));
            lines.add(0, TableMemory.of(config).line());
            return lines;
        }
    }

    @Override
    public Present present(Path deployed) {
        return new Present(
                BundleFolder.plugins(deployed, ForwardingMethod.class).stream().map(method -> method.describe().name()).toList(),
                BundleFolder.plugins(deployed, Algorithm.class).stream().map(Algorithm::name).toList(),
                interfaces());
    }

    /** The folder has plain files beside them, such as of bonds. */
    private static List<String> interfaces() {
        try (Stream<Path> entries = Files.list(NET)) {
            return entries.filter(Files::isDirectory).map(entry -> entry.getFileName().toString()).toList();
        } catch (IOException unreadable) {
            throw new UncheckedIOException("cannot read " + NET, unreadable);
        }
    }
}
