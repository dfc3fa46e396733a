package io.loom.api.control;

import java.util.List;
import org.osgi.annotation.versioning.ProviderType;

/** How health probing itself fares, by loom-health. Any thread; answers at once. */
@ProviderType
public interface Probing {

    Use use();

    /**
     * @param places    connections that may be being opened at a time
     * @param upstreams those with probed servers, by name
     */
    record Use(int places, List<UpstreamUse> upstreams) {
        public Use {
            upstreams = List.copyOf(upstreams);
        }
    }

    /**
     * @param servers   that are probed
     * @param open      connections that are being opened to them: places taken
     * @param waiting   probes that are due, and wait for a place
     * @param lateNanos by how much the latest probe of the last seconds began too late, in nanoseconds
     */
    record UpstreamUse(String upstream, int servers, int open, int waiting, long lateNanos) {}
}
