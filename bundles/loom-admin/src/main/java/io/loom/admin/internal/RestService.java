package io.loom.admin.internal;

import io.loom.api.LoomException;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps REST on the configured address. A new address is bound before the old one is given up, unless they have the same
 * port: a wildcard and a loopback address exclude each other, so then the old one goes first and comes back if need be.
 */
final class RestService implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RestService.class);

    private final Router router;
    private final Consumer<LoomException> firstFailure;
    private InetSocketAddress wanted;
    private RestServer server;

    /** @param firstFailure told when REST cannot be bound and nothing was bound before */
    RestService(Router router, Consumer<LoomException> firstFailure) {
        this.router = router;
        this.firstFailure = firstFailure;
    }

    synchronized void listen(InetSocketAddress address) {
        if (server != null && address.equals(wanted)) {
            return;
        }
        if (server == null) {
            first(address);
        } else {
            move(address);
        }
    }

    /** Where REST listens now; empty before the first success. */
    synchronized Optional<InetSocketAddress> address() {
        return Optional.ofNullable(server).map(RestServer::address);
    }

    @Override
    public synchronized void close() {
        if (server != null) {
            server.close();
            server = null;
        }
    }

    private void first(InetSocketAddress address) {
        try {
            use(RestServer.start(address, router), address);
        } catch (LoomException failure) {
            firstFailure.accept(failure);
        }
    }

    private void move(InetSocketAddress address) {
        RestServer old = server;
        InetSocketAddress oldWanted = wanted;
        boolean exclusive = address.getPort() == oldWanted.getPort();
        if (exclusive) {
            old.close();
            server = null;
        }
        try {
            use(RestServer.start(address, router), address);
        } catch (LoomException failure) {
            LOG.error("{}; REST stays on {}", failure.getMessage(), HostPort.of(oldWanted));
            if (exclusive) {
                restore(oldWanted);
            }
            return;
        }
        if (!exclusive) {
            old.close();
        }
    }

    private void restore(InetSocketAddress address) {
        try {
            use(RestServer.start(address, router), address);
        } catch (LoomException taken) {
            LOG.error("{}; REST is off until the configuration names another address", taken.getMessage());
        }
    }

    private void use(RestServer next, InetSocketAddress address) {
        server = next;
        wanted = address;
        LOG.info("REST listens on {}", HostPort.of(next.address()));
    }
}
