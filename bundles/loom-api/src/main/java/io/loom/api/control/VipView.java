package io.loom.api.control;

import java.util.List;

/**
 * A vip as people see it.
 *
 * @param listeners {@code tcp 10.0.0.1:80} and so on, those in the kernel
 * @param usable    backends that get new connections
 * @param total     backends of its upstream
 * @param degraded  why it does not work as configured; empty if it does
 */
public record VipView(
        String name, List<String> listeners, String algorithm, String forwarding, String upstream, int usable, int total,
        List<String> degraded) {
    public VipView {
        listeners = List.copyOf(listeners);
        degraded = List.copyOf(degraded);
    }
}
