package io.loom.shell.ssh;

import io.loom.api.Problem;
import io.loom.api.config.ConfigSource;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.karaf.shell.api.console.SessionFactory;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the SSH server where the configuration wants it, and says in {@code DATA/ssh/address} where that is. Nothing listens
 * before there is a configuration. All state is confined to one thread; a busy address is tried again until it is free or
 * another one is configured.
 */
@Component(immediate = true, service = {})
public final class SshAccess {
    private static final Logger LOG = LoggerFactory.getLogger(SshAccess.class);
    private static final long RETRY_MILLIS = 1000;

    private final SessionFactory sessions;
    private final Path directory;
    private final ScheduledExecutorService thread =
            Executors.newSingleThreadScheduledExecutor(task -> new Thread(task, "loom-ssh"));
    private final AutoCloseable subscription;
    private Optional<InetSocketAddress> wanted = Optional.empty();
    private Optional<InetSocketAddress> served = Optional.empty();
    private Optional<SshEndpoint> endpoint = Optional.empty();

    @Activate
    public SshAccess(BundleContext context, @Reference ConfigSource configuration, @Reference SessionFactory sessions) {
        this.sessions = sessions;
        this.directory = Path.of(context.getProperty("loom.data"), "ssh");
        this.subscription = configuration.subscribe(config -> thread.execute(() -> want(config.admin().ssh())));
    }

    @Deactivate
    void stop() throws Exception {
        subscription.close();
        thread.execute(this::close);
        thread.shutdown();
        if (!thread.awaitTermination(2, TimeUnit.SECONDS)) {
            LOG.warn("the SSH server takes long to close; not waiting for it");
        }
    }

    private void want(InetSocketAddress address) {
        if (!Optional.of(address).equals(wanted)) {
            wanted = Optional.of(address);
            listen(address, true);
        }
    }

    /** The old server goes only when the new one listens: who typed a wrong address keeps the old way in. */
    private void listen(InetSocketAddress address, boolean first) {
        if (!Optional.of(address).equals(wanted) || Optional.of(address).equals(served)) {
            return;
        }
        try {
            SshKeys keys = SshKeys.in(directory);
            SshEndpoint opened = SshEndpoint.open(address, keys, sessions);
            close();
            endpoint = Optional.of(opened);
            served = Optional.of(address);
            SshKeys.write(keys.address(), address.getAddress().getHostAddress() + " " + address.getPort() + "\n");
            LOG.info("SSH listens on {}", address);
        } catch (IOException | RuntimeException | LinkageError failure) {
            if (first) {
                LOG.error("{}", Problem.of("LOOM-5202", "SSH cannot listen on " + address, failure.toString(),
                        "free the port or set admin.ssh.port; trying again each second"));
            }
            thread.schedule(() -> listen(address, false), RETRY_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    private void close() {
        try {
            Files.deleteIfExists(new SshKeys(directory).address());
            if (endpoint.isPresent()) {
                endpoint.get().close();
            }
        } catch (IOException failure) {
            LOG.warn("closing the SSH server: {}", failure.toString());
        }
        endpoint = Optional.empty();
        served = Optional.empty();
    }
}
