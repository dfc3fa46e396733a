package io.loom.datapath.internal;

import io.loom.api.Problem;
import io.loom.api.Protocol;
import io.loom.api.plugin.ProtocolHandler;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.osgi.framework.ServiceReference;

/** Objects of protocol handlers. One whose bundle has gone is kept: listeners may need it until a successor comes. Thread-safe. */
final class Handlers {
    /** What a handler says of itself, in copies that it has no hold of. */
    record Code(Protocol protocol, byte[] object) {
        /** Runs the plugin's code. */
        static Code of(ProtocolHandler handler) {
            return new Code(Objects.requireNonNull(handler.protocol(), "it names no protocol"), MethodCode.object(handler.object()));
        }
    }

    private final Plugins<Code> deployed = new Plugins<>();
    private final SortedMap<Protocol, byte[]> known = new TreeMap<>();

    synchronized void add(ServiceReference<ProtocolHandler> reference, Code code) {
        deployed.add(reference, code.protocol().name(), code);
        refresh();
    }

    synchronized void remove(ServiceReference<ProtocolHandler> reference) {
        deployed.remove(reference);
        refresh();
    }

    private void refresh() {
        deployed.byName().values().forEach(code -> known.put(code.protocol(), code.object()));
    }

    /** Protocols whose bundle is there. */
    Set<Protocol> deployed() {
        return deployed.byName().values().stream().map(Code::protocol).collect(Collectors.toSet());
    }

    Plugins<Code> plugins() {
        return deployed;
    }

    /** Those that are kept. */
    synchronized List<Problem> problems() {
        return known.keySet().stream().filter(protocol -> deployed.get(protocol.name()).isEmpty())
                .map(protocol -> Problem.of("LOOM-4107", "the protocol handler for " + protocol + " is no longer deployed",
                        "the running program keeps it, also through changes", "deploy its bundle again"))
                .toList();
    }

    synchronized SortedMap<Protocol, byte[]> objects() {
        return new TreeMap<>(known);
    }
}
