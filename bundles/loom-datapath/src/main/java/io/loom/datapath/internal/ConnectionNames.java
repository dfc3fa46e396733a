package io.loom.datapath.internal;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.ListenerKey;
import io.loom.control.dataplane.ListenerSpec;
import io.loom.control.dataplane.TrackedConnections.Owner;
import io.loom.control.dataplane.TrackedConnections.Tracked;
import io.loom.datapath.SlottedMethod;
import io.loom.datapath.internal.layout.ConnectionWord;
import io.loom.datapath.internal.layout.TableEntry;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.stream.Collectors;

/**
 * What the numbers in connections stand for, as of one moment. A number is given anew only seconds after its last connection has gone, so
 * within a page it means one thing.
 */
final class ConnectionNames {
    private static final int PORT_BITS = 16;

    private final Map<Integer, ListenerKey> listeners;
    private final Map<ListenerKey, ListenerSpec> specs;
    private final Map<Integer, BackendKey> backends;
    private final Translations translations;

    /**
     * Addresses that a method puts in the client's place.
     *
     * @param methods of the running program
     * @param named   by the operator
     * @param own     Loom's towards a backend, by its number
     */
    record Translations(Map<String, SlottedMethod> methods, List<InetAddress> named, IntFunction<Optional<InetAddress>> own) {

        /** What the word's cookie says: 16 bits of port below the index of an address (forward/nat/source.h). */
        private Optional<Endpoint> of(BackendKey backend, long word) {
            Family family = backend.endpoint().family();
            int port = ConnectionWord.cookie(word) & (1 << PORT_BITS) - 1;
            SlottedMethod method = methods.get(backend.method());
            if (port == 0 || method == null || method.description().capacity(family) == 0) {
                return Optional.empty();
            }
            int index = ConnectionWord.cookie(word) >>> PORT_BITS;
            Optional<InetAddress> address = index == 0 ? own.apply(ConnectionWord.backend(word))
                    : named.stream().filter(one -> Family.of(one) == family).skip(index - 1L).findFirst();
            return address.map(known -> new Endpoint(known, port));
        }
    }

    /** @param listeners by number, those that rest included; so are the backends */
    ConnectionNames(
            Map<Integer, ListenerKey> listeners, Map<ListenerKey, ListenerSpec> specs, Map<Integer, BackendKey> backends,
            Translations translations) {
        this.listeners = listeners;
        this.specs = specs;
        this.backends = backends;
        this.translations = translations;
    }

    /** As of now. */
    static ConnectionNames of(Listeners listeners, Backends backends, Programs programs) {
        Map<String, SlottedMethod> methods = programs.running().methods().stream().collect(Collectors.toMap(SlottedMethod::name, method -> method));
        return new ConnectionNames(listeners.byNumber(), listeners.specs(), backends.byNumber(),
                new Translations(methods, programs.wanted().options().natSources(), backends::source));
    }

    /** Empty: the listener has been removed. */
    String vip(int listener) {
        return Optional.ofNullable(listeners.get(listener)).map(specs::get).map(spec -> spec.table().vip()).orElse("");
    }

    /** Without source. */
    Owner owner(int backend) {
        return new Owner(backend == TableEntry.LOCAL, Optional.ofNullable(backends.get(backend)), Optional.empty());
    }

    /** As {@link ConnectionScan.Visitor} has it. */
    Tracked connection(int listener, int[] client, int rawPort, long word, ConnectionAges ages) {
        Owner owner = owner(ConnectionWord.backend(word));
        Owner whole = new Owner(owner.local(), owner.backend(), owner.backend().flatMap(backend -> translations.of(backend, word)));
        return new Tracked(
                Optional.ofNullable(listeners.get(listener)), vip(listener), address(client), port(rawPort), whole,
                ConnectionAges.state(word), ConnectionWord.assured(word), ages.idle(word), ages.left(word));
    }

    /** A port of two bytes of a packet that were read little endian. */
    static int port(int rawPort) {
        return Short.toUnsignedInt(Short.reverseBytes((short) rawPort));
    }

    private static InetAddress address(int[] words) {
        ByteBuffer bytes = ByteBuffer.allocate(words.length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asIntBuffer().put(words);
        try {
            return InetAddress.getByAddress(bytes.array());
        } catch (UnknownHostException wrongLength) {
            throw new IllegalStateException(wrongLength);
        }
    }
}
