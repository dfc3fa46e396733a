package io.loom.forward.l2;

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
 * The packet goes to the backend's MAC address as it is, one hop older; the backend is on the same segment, owns the vip
 * address and answers the client itself.
 */
@Component
public final class L2Forwarding implements ForwardingMethod {
    private static final String OBJECT = "/bpf/l2.bpf.o";
    private static final int OVERHEAD = 0;

    private final Description description = new Description(
            "l2", true, false, OVERHEAD,
            Map.of(Family.IPV4, Set.of(Family.IPV4), Family.IPV6, Set.of(Family.IPV6)),
            Map.of(), List.of(), L2SelfTest.cases());

    @Override
    public Description describe() {
        return description;
    }

    @Override
    public byte[] object() {
        try (InputStream object = L2Forwarding.class.getResourceAsStream(OBJECT)) {
            return object.readAllBytes();
        } catch (IOException unreadable) {
            throw new UncheckedIOException("cannot read " + OBJECT + " of the bundle", unreadable);
        }
    }
}
