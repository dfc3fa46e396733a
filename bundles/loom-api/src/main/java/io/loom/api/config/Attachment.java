package io.loom.api.config;

import io.loom.api.MacAddress;
import java.util.List;

/**
 * Where the XDP program goes.
 *
 * @param interfaces      names; empty = attach nowhere. A device that is absent is waited for
 * @param mode            how to attach; never changed silently
 * @param genericFallback true: where {@code mode} fails, {@code GENERIC} may be used, visibly
 * @param cpus            those that run the program; none: whichever the host chooses
 * @param acceptMacs      destinations of frames that are for this host beside the interfaces' own
 */
public record Attachment(List<String> interfaces, Mode mode, boolean genericFallback, List<Integer> cpus, List<MacAddress> acceptMacs) {
    /** Room for MAC addresses that are accepted. */
    public static final int MOST_MACS = 16;

    public enum Mode { NATIVE, GENERIC, OFFLOAD }

    public Attachment {
        interfaces = List.copyOf(interfaces);
        cpus = List.copyOf(cpus);
        acceptMacs = List.copyOf(acceptMacs);
    }

    /** On whichever CPUs the host chooses, for frames to the interfaces' own MAC addresses. */
    public Attachment(List<String> interfaces, Mode mode, boolean genericFallback) {
        this(interfaces, mode, genericFallback, List.of(), List.of());
    }
}
