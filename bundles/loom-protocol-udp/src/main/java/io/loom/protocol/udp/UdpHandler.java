package io.loom.protocol.udp;

import io.loom.api.Protocol;
import io.loom.api.plugin.ProtocolHandler;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import org.osgi.service.component.annotations.Component;

/** Brings the object that reads UDP headers; bpf-objects/protocol/udp says what it reads from them. */
@Component
public final class UdpHandler implements ProtocolHandler {
    private static final String OBJECT = "/bpf/udp.bpf.o";

    @Override
    public Protocol protocol() {
        return Protocol.UDP;
    }

    @Override
    public byte[] object() {
        try (InputStream object = UdpHandler.class.getResourceAsStream(OBJECT)) {
            return object.readAllBytes();
        } catch (IOException unreadable) {
            throw new UncheckedIOException("cannot read " + OBJECT + " of the bundle", unreadable);
        }
    }
}
