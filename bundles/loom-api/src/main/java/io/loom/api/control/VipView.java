package io.loom.api.control;

import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A vip as people see it.
 *
 * @param listeners {@code tcp 10.0.0.1:80} and so on, those in the kernel
 * @param protocols {@code tcp}, {@code udp}: those that it has ports of
 * @param handling  how its connections are treated
 * @param usable    backends that get new connections
 * @param total     backends of its upstream
 * @param degraded  why it does not work as configured; empty if it does
 */
public record VipView(
        String name, List<String> listeners, List<String> protocols, String algorithm, String forwarding, Handling handling,
        String upstream, int usable, int total, List<String> degraded) {

    /**
     * @param tracking      {@code full}, {@code minimal}, {@code none}
     * @param affinity      a client's new connections go where its last one went
     * @param clientAddress what backends see: {@code replace}d by Loom's, or {@code keep} as it is, as under every direct method
     * @param maxConnections open at a time; 0: no limit
     * @param perSecond     new connections of one source; 0: any
     * @param courses       services that are not balanced, such as {@code tcp 443}, and where their connections go: {@code pass},
     *                      {@code local} or {@code refuse}, see {@link io.loom.api.config.Admission.Course}
     */
    public record Handling(
            String tracking, boolean affinity, String clientAddress, int maxConnections, int perSecond,
            SortedMap<String, String> courses) {
        /** Of a vip that takes every connection. */
        public Handling(String tracking, boolean affinity, String clientAddress) {
            this(tracking, affinity, clientAddress, 0, 0, Collections.emptySortedMap());
        }

        public Handling {
            courses = Collections.unmodifiableSortedMap(new TreeMap<>(courses));
        }
    }

    public VipView {
        listeners = List.copyOf(listeners);
        protocols = List.copyOf(protocols);
        degraded = List.copyOf(degraded);
    }
}
