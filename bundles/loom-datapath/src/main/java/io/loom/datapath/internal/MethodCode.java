package io.loom.datapath.internal;

import io.loom.api.plugin.Description;
import io.loom.api.plugin.ForwardingMethod;
import io.loom.api.plugin.MethodOptions;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/**
 * What is kept of a forwarding method: it outlives the bundle while the program contains it.
 *
 * @param constants that follow from the operator's options
 */
record MethodCode(Description description, byte[] object, Function<MethodOptions, Map<String, Long>> constants) {
    MethodCode {
        Objects.requireNonNull(description, "it has no description");
        Objects.requireNonNull(object, "it has no object");
    }

    static MethodCode of(ForwardingMethod method) {
        return new MethodCode(method.describe(), method.object(), method::constants);
    }

    /** With the constants of these options. */
    Description description(MethodOptions options) {
        Map<String, Long> all = new HashMap<>(description.constants());
        all.putAll(constants.apply(options));
        return description.withConstants(all);
    }
}
