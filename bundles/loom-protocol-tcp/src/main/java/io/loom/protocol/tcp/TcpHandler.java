package io.loom.protocol.tcp;

import io.loom.api.Protocol;
import io.loom.api.plugin.ProtocolHandler;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import org.osgi.service.component.annotations.Component;

/** Brings the object that reads TCP headers; bpf-objects/protocol/tcp says what it reads from them. */
@Component
public final class TcpHandler implements ProtocolHandler {
    private static final String OBJECT = "/bpf/tcp.bpf.o";

    @Override
    public Protocol protocol() {
        return Protocol.TCP;
    }

    @Override
    public byte[] object() {
        try (InputStream object = TcpHandler.class.getResourceAsStream(OBJECT)) {
            return object.readAllBytes();
        } catch (IOException unreadable) {
            throw new UncheckedIOException("cannot read " + OBJECT + " of the bundle", unreadable);
        }
    }
}
