package io.loom.datapath;

import io.loom.api.config.Forecast;
import io.loom.api.config.LoomConfig;
import io.loom.datapath.internal.BundleFolder;
import io.loom.datapath.internal.MapMemory;
import io.loom.datapath.internal.TableMemory;
import io.loom.libbpf.BpfObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The memory of the program's maps. Links and opens the program as a start would, and loads nothing: needs no privilege. */
public final class MapForecast implements Forecast {
    /** Sizes do not depend on the clock. */
    private static final int ANY_HZ = 250;

    @Override
    public List<String> lines(LoomConfig config, Path deployed) {
        List<SlottedMethod> methods = new ArrayList<>();
        BundleFolder.methods(deployed).forEach(method -> methods.add(SlottedMethod.of(methods.size(), method)));
        Composition composition = Composer.builtIn().compose(methods, new TreeMap<>(), Tuning.of(config, ANY_HZ, 0));
        try (BpfObject object = composition.open(Map.of())) {
            List<String> lines = new ArrayList<>(MapMemory.lines(object));
            lines.add(0, TableMemory.of(config).line());
            return lines;
        }
    }
}
