package io.loom.api.control;

import java.util.List;

/**
 * A file in deploy/, or a bundle from elsewhere that provides a plugin, as people see it.
 *
 * @param file     name of the file; empty if the bundle came another way
 * @param state    {@link DeployedFile.State} in lower case
 * @param rank     the best of {@code provides}: 1 serves, 2 would follow, and so on; 0 if it provides nothing
 * @param provides plugins of it that have said what they are
 * @param reason   why it is not in use, or not as it should be, in one line; empty if it is
 */
public record PluginView(
        String file, String symbolicName, String version, String state, int rank, List<Provided> provides, String reason) {

    /**
     * @param kind {@code algorithm}, {@code method} or {@code protocol}
     * @param name what the configuration calls it
     * @param rank among those of this kind and name: 1 serves
     * @param vips that name it
     */
    public record Provided(String kind, String name, int rank, List<String> vips) {
        public Provided {
            vips = List.copyOf(vips);
        }
    }

    public PluginView {
        provides = List.copyOf(provides);
    }
}
