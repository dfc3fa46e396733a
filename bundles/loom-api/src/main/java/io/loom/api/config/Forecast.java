package io.loom.api.config;

import java.nio.file.Path;
import java.util.List;

/**
 * What a configuration will take of the host, and what the host has, said before anything is loaded. {@code loomd --check} finds implementations by
 * {@link java.util.ServiceLoader}, as it runs without a framework.
 */
public interface Forecast {
    /**
     * Lines for people.
     *
     * @param deployed folder of bundles, whose forwarding methods count
     * @throws RuntimeException saying why it cannot be told; the configuration may be good all the same
     */
    List<String> lines(LoomConfig config, Path deployed);

    /**
     * What there is of what a file may name.
     *
     * @param deployed folder of bundles
     * @throws RuntimeException saying why it cannot be told
     */
    Present present(Path deployed);
}
