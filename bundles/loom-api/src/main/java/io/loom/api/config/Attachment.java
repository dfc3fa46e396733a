package io.loom.api.config;

import java.util.List;

/**
 * Where the XDP program goes.
 *
 * @param interfaces      names; empty = attach nowhere. A device that is absent is waited for
 * @param mode            how to attach; never changed silently
 * @param genericFallback true: where {@code mode} fails, {@code GENERIC} may be used, visibly
 * @param cpus            those that run the program; none: whichever the host chooses
 */
public record Attachment(List<String> interfaces, Mode mode, boolean genericFallback, List<Integer> cpus) {

    public enum Mode { NATIVE, GENERIC, OFFLOAD }

    public Attachment {
        interfaces = List.copyOf(interfaces);
        cpus = List.copyOf(cpus);
    }

    /** On whichever CPUs the host chooses. */
    public Attachment(List<String> interfaces, Mode mode, boolean genericFallback) {
        this(interfaces, mode, genericFallback, List.of());
    }
}
