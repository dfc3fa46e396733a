package io.loom.datapath.internal;

import io.loom.api.plugin.Description;
import io.loom.api.plugin.ForwardingMethod;
import java.util.Objects;

/** What is kept of a forwarding method: it outlives the bundle while the program contains it. */
record MethodCode(Description description, byte[] object) {
    MethodCode {
        Objects.requireNonNull(description, "it has no description");
        Objects.requireNonNull(object, "it has no object");
    }

    static MethodCode of(ForwardingMethod method) {
        return new MethodCode(method.describe(), method.object());
    }
}
