package io.loom.api.plugin;

import io.loom.api.Prefix;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;

/**
 * What an operator chose for forwarding methods, whichever of them uses it.
 *
 * @param guePort       UDP destination port of GUE, 1 to 65535
 * @param sourcePrefix4 the network of outer IPv4 sources, whose host bits come from the flow's hash; empty: Loom's own address
 * @param sourcePrefix6 the same for IPv6
 * @param natSources    addresses that nat puts in the client's place, in this order within a family; a family without one:
 *                      Loom's own address towards the backend
 * @param ports         that nat puts in the place of the client's; not the operator's choice, but what the host's settings leave
 */
public record MethodOptions(
        int guePort, Optional<Prefix> sourcePrefix4, Optional<Prefix> sourcePrefix6, List<InetAddress> natSources, SourcePorts ports) {

    /** What counts when the configuration file says nothing. */
    public static final MethodOptions DEFAULT = new MethodOptions(6080, Optional.empty(), Optional.empty(), List.of());

    public MethodOptions {
        natSources = List.copyOf(natSources);
    }

    /** Of a host with Linux's default of local ports. */
    public MethodOptions(
            int guePort, Optional<Prefix> sourcePrefix4, Optional<Prefix> sourcePrefix6, List<InetAddress> natSources) {
        this(guePort, sourcePrefix4, sourcePrefix6, natSources, SourcePorts.DEFAULT);
    }

    public MethodOptions withPorts(SourcePorts others) {
        return new MethodOptions(guePort, sourcePrefix4, sourcePrefix6, natSources, others);
    }
}
