package io.loom.config;

import io.loom.api.config.Forecast;
import io.loom.api.config.LoomConfig;
import io.loom.api.config.Present;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** That of a host on which only nat and maglev are deployed. Nothing can be told of a folder that is not there. */
public final class SampleForecast implements Forecast {
    @Override
    public List<String> lines(LoomConfig config, Path deployed) {
        return List.of("takes nothing");
    }

    @Override
    public Present present(Path deployed) {
        if (!Files.isDirectory(deployed)) {
            throw new IllegalStateException("no folder " + deployed);
        }
        return new Present(List.of("nat"), List.of("maglev"), List.of("e"));
    }
}
