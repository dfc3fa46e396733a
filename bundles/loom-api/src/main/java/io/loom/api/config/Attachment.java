package io.loom.api.config;

import java.util.List;

/**
 * Where the XDP program goes.
 *
 * @param interfaces      names; empty = attach nowhere. A device that is absent is waited for
 * @param mode            how to attach; never changed silently
 * @param genericFallback true: where {@code mode} fails, {@code GENERIC} may be used, visibly
 */
public record Attachment(List<String> interfaces, Mode mode, boolean genericFallback) {

    public enum Mode { NATIVE, GENERIC, OFFLOAD }

    public Attachment {
        interfaces = List.copyOf(interfaces);
    }
}
