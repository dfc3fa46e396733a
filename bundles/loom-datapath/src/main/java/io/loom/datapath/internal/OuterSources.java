package io.loom.datapath.internal;

import io.loom.api.Family;
import io.loom.api.Prefix;
import io.loom.api.plugin.MethodOptions;
import io.loom.control.dataplane.BackendKey;
import io.loom.datapath.internal.layout.OuterSource;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Which backends get packets whose outer source is one of the operator's, and which. Health probes and questions for next hops
 * have nothing to do with it: they use Loom's own address.
 *
 * @param encapsulates whether the method of that name writes outer headers
 */
record OuterSources(MethodOptions options, Predicate<String> encapsulates) {
    static final OuterSources NONE = new OuterSources(MethodOptions.DEFAULT, method -> false);

    /** Empty: Loom's own address. */
    Optional<OuterSource> of(BackendKey backend) {
        Optional<Prefix> network =
                backend.endpoint().family() == Family.IPV4 ? options.sourcePrefix4() : options.sourcePrefix6();
        return network.filter(any -> encapsulates.test(backend.method())).map(OuterSource::within);
    }
}
