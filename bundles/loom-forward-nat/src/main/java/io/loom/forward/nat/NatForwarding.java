package io.loom.forward.nat;

import io.loom.api.Family;
import io.loom.api.plugin.Description;
import io.loom.api.plugin.ForwardingMethod;
import io.loom.api.plugin.MethodOptions;
import io.loom.api.plugin.SourcePorts;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.osgi.service.component.annotations.Component;

/**
 * The backend sees Loom as the client (DNAT + SNAT), so that replies come back without any change on the backend. Each
 * connection takes one of Loom's ports towards its backend, of as many addresses as the operator names. Where the client keeps
 * its address, backends route their replies through Loom.
 */
@Component
public final class NatForwarding implements ForwardingMethod {
    private static final String OBJECT = "/bpf/nat.bpf.o";

    private final Description description = new Description(
            "nat", false, true, 0,
            Map.of(Family.IPV4, Set.of(Family.IPV4), Family.IPV6, Set.of(Family.IPV6)),
            ports(SourcePorts.DEFAULT),
            List.of(new Description.Reason(
                    "DROP_PORTS_EXHAUSTED", "no free source port towards the backend: its connections use them all"),
                    new Description.Reason(
                            "DROP_CLIENT_TAKEN",
                            "the client's address and port reach this backend through another vip, and both keep them")),
            NatSelfTest.cases());

    @Override
    public Description describe() {
        return description;
    }

    @Override
    public Map<String, Long> constants(MethodOptions options) {
        Map<String, Long> constants = new HashMap<>(SourceAddresses.constants(options.natSources()));
        constants.putAll(ports(options.ports()));
        return constants;
    }

    private static Map<String, Long> ports(SourcePorts ports) {
        long former = ports.ever().equals(ports.now()) ? 0 : ports.ever().count();
        return Map.of(
                "nat_port_first", (long) ports.now().first(), "nat_port_count", (long) ports.now().count(),
                "nat_former_first", (long) ports.ever().first(), "nat_former_count", former);
    }

    /** Every address has each port once towards a backend. */
    @Override
    public long capacity(MethodOptions options, Family backend) {
        long sources = options.natSources().stream().filter(source -> Family.of(source) == backend).count();
        return Math.max(1, sources) * options.ports().now().count();
    }

    @Override
    public byte[] object() {
        try (InputStream object = NatForwarding.class.getResourceAsStream(OBJECT)) {
            return object.readAllBytes();
        } catch (IOException unreadable) {
            throw new UncheckedIOException("cannot read " + OBJECT + " of the bundle", unreadable);
        }
    }
}
