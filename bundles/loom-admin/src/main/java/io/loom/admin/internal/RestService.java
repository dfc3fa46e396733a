package io.loom.admin.internal;

import io.loom.api.BindFailure;
import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.Vital;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps REST on the configured address. A new address is bound before the old one is given up, unless they exclude
 * each other, as a wildcard and a loopback address of one port do: then the old one goes first and comes back if need be. What
 * cannot be bound is tried again, after a second at first and at least every half minute, and is a problem until it is.
 */
final class RestService implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RestService.class);
    private static final long FIRST_PAUSE_MILLIS = 1_000;
    private static final long LONGEST_PAUSE_MILLIS = 30_000;

    private final Router router;
    private final RestServer.Manners manners;
    private final Consumer<LoomException> firstFailure;
    private final ScheduledExecutorService retry = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "loom-rest-retry");
        thread.setDaemon(true);
        return thread;
    });
    private Optional<InetSocketAddress> wanted = Optional.empty();
    /** What {@link #server} was started for; differs from where it is if that was port 0. */
    private Optional<InetSocketAddress> served = Optional.empty();
    /** The last that could be bound. */
    private Optional<InetSocketAddress> last = Optional.empty();
    private Optional<RestServer> server = Optional.empty();
    private volatile Optional<Problem> problem = Optional.empty();

    /** @param firstFailure told when REST cannot be bound and nothing was bound before */
    RestService(Router router, RestServer.Manners manners, Consumer<LoomException> firstFailure) {
        this.router = router;
        this.manners = manners;
        this.firstFailure = firstFailure;
    }

    synchronized void listen(InetSocketAddress address) {
        if (!wanted.equals(Optional.of(address))) {
            wanted = Optional.of(address);
            reach(address, FIRST_PAUSE_MILLIS);
        }
    }

    /** Where REST listens now; empty while it does not. */
    synchronized Optional<InetSocketAddress> address() {
        return server.map(RestServer::address);
    }

    /** That REST is not where the configuration wants it. */
    List<Problem> problems() {
        return problem.stream().toList();
    }

    @Override
    public synchronized void close() {
        retry.shutdownNow();
        wanted = Optional.empty();
        end();
    }

    private void end() {
        server.ifPresent(RestServer::close);
        server = Optional.empty();
        served = Optional.empty();
    }

    private void reach(InetSocketAddress address, long pause) {
        if (served.equals(Optional.of(address))) {
            problem = Optional.empty();
            return;
        }
        if (served.filter(old -> BindFailure.excludes(old, address)).isPresent()) {
            end();
        }
        try {
            RestServer next = RestServer.start(address, router, manners);
            end();
            use(next, address);
            problem = Optional.empty();
        } catch (LoomException failure) {
            if (server.isEmpty()) {
                last.ifPresent(this::restore);
            }
            failed(failure, address, pause);
        }
    }

    private void failed(LoomException failure, InetSocketAddress address, long pause) {
        if (last.isEmpty()) {
            firstFailure.accept(failure);
            return;
        }
        Problem cause = failure.problems().get(0);
        String where = server.map(still -> "REST stays on " + HostPort.of(still.address())).orElse("REST is off");
        Problem told = Problem.of(cause.code(), cause.what() + "; " + where, cause.why(), cause.fix() + "; Loom tries again until then");
        if (!problem.equals(Optional.of(told))) {
            LOG.error("{}", told);
        }
        problem = Optional.of(told);
        retry.schedule(Vital.work(() -> again(address, Math.min(2 * pause, LONGEST_PAUSE_MILLIS))), pause, TimeUnit.MILLISECONDS);
    }

    private synchronized void again(InetSocketAddress address, long pause) {
        if (wanted.equals(Optional.of(address))) {
            reach(address, pause);
        }
    }

    private void restore(InetSocketAddress address) {
        try {
            use(RestServer.start(address, router, manners), address);
        } catch (LoomException taken) {
            LOG.error("{}", taken.getMessage());
        }
    }

    private void use(RestServer next, InetSocketAddress address) {
        server = Optional.of(next);
        served = Optional.of(address);
        last = served;
        LOG.info("REST listens on {}", HostPort.of(next.address()));
    }
}
