package io.loom.shell.ssh;

import io.loom.api.BindFailure;
import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.Vital;
import io.loom.api.config.ConfigSource;
import io.loom.api.control.ProblemSource;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
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
 * before there is a configuration. All state is confined to one thread; a busy address, or keys that cannot be read, are tried
 * again each second until they are good or something else is configured, and are a problem until then.
 */
@Component(immediate = true, service = ProblemSource.class)
public final class SshAccess implements ProblemSource {
    private static final Logger LOG = LoggerFactory.getLogger(SshAccess.class);
    private static final long RETRY_MILLIS = 1000;
    /** Every so many looks. */
    private static final int KEYS_EACH = 5;

    private final SessionFactory sessions;
    private final Path directory;
    private final AuthorizedKeys operators;
    private final ScheduledExecutorService thread =
            Executors.newSingleThreadScheduledExecutor(task -> new Thread(task, "loom-ssh"));
    private final AutoCloseable subscription;
    private Optional<InetSocketAddress> wanted = Optional.empty();
    private Optional<InetSocketAddress> served = Optional.empty();
    private Optional<SshEndpoint> endpoint = Optional.empty();
    private volatile List<Problem> problems = List.of();
    private List<Problem> ofKeys = List.of();
    private int looks;

    @Activate
    public SshAccess(BundleContext context, @Reference ConfigSource configuration, @Reference SessionFactory sessions) {
        this(Path.of(context.getProperty("loom.data"), "ssh"), configuration, sessions);
    }

    SshAccess(Path directory, ConfigSource configuration, SessionFactory sessions) {
        this.sessions = sessions;
        this.directory = directory;
        this.operators = new AuthorizedKeys(new SshKeys(directory).authorizedKeys());
        this.subscription = configuration.subscribe(config -> thread.execute(Vital.work(() -> want(config.admin().ssh()))));
        thread.scheduleWithFixedDelay(Vital.work(this::look), RETRY_MILLIS, RETRY_MILLIS, TimeUnit.MILLISECONDS);
    }

    @Deactivate
    void stop() throws Exception {
        subscription.close();
        thread.execute(() -> {
            wanted = Optional.empty();
            close();
        });
        thread.shutdown();
        if (!thread.awaitTermination(2, TimeUnit.SECONDS)) {
            LOG.warn("the SSH server takes long to close; not waiting for it");
        }
    }

    /** What keeps people out, or will after a restart. */
    @Override
    public List<Problem> problems() {
        return problems;
    }

    private void want(InetSocketAddress address) {
        if (!Optional.of(address).equals(wanted)) {
            wanted = Optional.of(address);
            look();
        }
    }

    /** Never throws: an exception would end the schedule. */
    private void look() {
        List<Problem> found = new ArrayList<>();
        wanted.flatMap(this::listen).ifPresent(found::add);
        if (wanted.isPresent() && found.isEmpty()) {
            found.addAll(keyProblems());
        }
        found.stream().filter(problem -> !problems.contains(problem)).forEach(problem -> LOG.error("{}", problem));
        problems = List.copyOf(found);
    }

    /** Private keys are looked at now and then: reading one takes a millisecond. */
    private List<Problem> keyProblems() {
        if (looks++ % KEYS_EACH == 0) {
            SshKeys keys = new SshKeys(directory);
            ofKeys = Stream.<Runnable>of(keys::hostKeyPair, keys::requireClientKey).map(SshAccess::refusal).flatMap(Optional::stream).toList();
        }
        return Stream.concat(ofKeys.stream(), operators.problem().stream()).toList();
    }

    private static Optional<Problem> refusal(Runnable check) {
        try {
            check.run();
            return Optional.empty();
        } catch (LoomException refused) {
            return Optional.of(refused.problems().get(0));
        }
    }

    /** The old server goes only when the new one listens: who typed a wrong address keeps the old way in. What keeps it from that. */
    private Optional<Problem> listen(InetSocketAddress address) {
        if (Optional.of(address).equals(served)) {
            return Optional.empty();
        }
        Optional<InetSocketAddress> before = served;
        try {
            // Then the old one goes first, and comes back if need be, without whoever was in.
            if (before.filter(old -> BindFailure.excludes(old, address)).isPresent()) {
                close();
            }
            open(address);
            return Optional.empty();
        } catch (IOException | RuntimeException | LinkageError failure) {
            Problem problem = failure instanceof LoomException refused ? refused.problems().get(0) : cannotListen(address, failure);
            before.filter(old -> served.isEmpty()).ifPresent(this::restore);
            return Optional.of(problem);
        }
    }

    static Problem cannotListen(InetSocketAddress address, Throwable failure) {
        BindFailure cause = BindFailure.of(address, failure, "admin.ssh");
        return Problem.of("LOOM-5202", "SSH cannot listen on " + address, cause.why(), cause.fix() + "; Loom tries again each second");
    }

    private void restore(InetSocketAddress before) {
        try {
            open(before);
        } catch (IOException | RuntimeException | LinkageError alsoRefused) {
            LOG.error("SSH cannot go back to {}: {}", before, alsoRefused.toString());
        }
    }

    private void open(InetSocketAddress address) throws IOException {
        SshKeys keys = SshKeys.in(directory);
        SshEndpoint opened = SshEndpoint.open(address, keys.hostKeyPair(), operators, sessions);
        close();
        endpoint = Optional.of(opened);
        served = Optional.of(address);
        SshKeys.write(keys.address(), address.getAddress().getHostAddress() + " " + address.getPort() + "\n");
        LOG.info("SSH listens on {}", address);
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
