package io.loom.forward.gue;

import io.loom.api.Family;
import io.loom.api.plugin.Description;
import io.loom.api.plugin.ForwardingMethod;
import io.loom.api.plugin.MethodOptions;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.osgi.service.component.annotations.Component;

/**
 * The packet travels to the backend inside a UDP datagram (GUE variant 1; either IP version over either); the backend owns the
 * vip address and answers the client itself. IPv6 with UDP is the larger one, so that is the overhead.
 */
@Component
public final class GueForwarding implements ForwardingMethod {
    private static final String OBJECT = "/bpf/gue.bpf.o";
    private static final Set<Family> ANY = Set.of(Family.values());
    private static final int OVERHEAD = 48;

    private final Description description = new Description(
            "gue", true, false, OVERHEAD,
            Map.of(Family.IPV4, ANY, Family.IPV6, ANY),
            Map.of(), List.of(), GueSelfTest.cases());

    @Override
    public Description describe() {
        return description;
    }

    @Override
    public Map<String, Long> constants(MethodOptions options) {
        return Map.of("gue_port", (long) options.guePort());
    }

    @Override
    public byte[] object() {
        try (InputStream object = GueForwarding.class.getResourceAsStream(OBJECT)) {
            return object.readAllBytes();
        } catch (IOException unreadable) {
            throw new UncheckedIOException("cannot read " + OBJECT + " of the bundle", unreadable);
        }
    }
}
