package io.loom.forward.ipip;

import io.loom.api.Family;
import io.loom.api.plugin.Description;
import io.loom.api.plugin.ForwardingMethod;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.osgi.service.component.annotations.Component;

/**
 * The packet travels to the backend inside another one (either IP version in either); the backend owns the vip address and
 * answers the client itself. The outer header of IPv6 is the larger one, so that is the overhead.
 */
@Component
public final class IpipForwarding implements ForwardingMethod {
    private static final String OBJECT = "/bpf/ipip.bpf.o";
    private static final Set<Family> ANY = Set.of(Family.values());
    private static final int OVERHEAD = 40;

    private final Description description = new Description(
            "ipip", true, false, OVERHEAD,
            Map.of(Family.IPV4, ANY, Family.IPV6, ANY),
            Map.of(), List.of(), IpipSelfTest.cases());

    @Override
    public Description describe() {
        return description;
    }

    @Override
    public byte[] object() {
        try (InputStream object = IpipForwarding.class.getResourceAsStream(OBJECT)) {
            return object.readAllBytes();
        } catch (IOException unreadable) {
            throw new UncheckedIOException("cannot read " + OBJECT + " of the bundle", unreadable);
        }
    }
}
