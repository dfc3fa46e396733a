package io.loom.datapath.internal;

import io.loom.api.plugin.Description;
import io.loom.api.plugin.ForwardingMethod;

/** What is kept of a forwarding method: it outlives the bundle while the program contains it. */
record MethodCode(Description description, byte[] object) {
    static MethodCode of(ForwardingMethod method) {
        return new MethodCode(method.describe(), method.object());
    }
}
