package io.loom.admin.internal;

import io.loom.api.BindFailure;
import io.loom.api.LoomException;
import io.loom.api.Problem;
import java.net.InetSocketAddress;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.GracefulHandler;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One bound HTTP listener. Small on purpose: it serves an operator and a scraper, not the balanced traffic. */
final class RestServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RestServer.class);
    private static final int MAX_THREADS = 24;
    /** Fewer than threads: some are always there to read requests. */
    private static final int MAX_LOOKS = 16;
    private static final int MAX_LOOKS_EACH = 8;
    private static final int MAX_CHANGES = 16;
    private static final int BACKLOG = 256;
    private static final int MAX_HEADER_BYTES = 8 * 1024;
    /**
     * Of an answer, on the way. The kernel would let it grow to megabytes, of which a slow client takes half a minute to make room for more: its
     * stream would be taken for one that nobody reads.
     */
    private static final int SEND_BYTES = 256 * 1024;
    private static final long IDLE_MILLIS = 30_000;
    private static final long STOP_MILLIS = 700;
    private static final long SWEEP_MILLIS = 500;

    private final Server server;
    private final GracefulHandler requests;
    private final ExecutorService changes;
    private final InetSocketAddress address;

    private RestServer(Server server, GracefulHandler requests, ExecutorService changes, InetSocketAddress address) {
        this.server = server;
        this.requests = requests;
        this.changes = changes;
        this.address = address;
    }

    /**
     * How it meets its clients.
     *
     * @param names       by which this host may be asked
     * @param bodySeconds how long a client may take to send a body
     */
    record Manners(Predicate<String> names, int bodySeconds, Visitors.Limits limits) {
        Manners(Predicate<String> names) {
            this(names, HttpBridge.MAX_BODY_SECONDS, Visitors.Limits.USUAL);
        }
    }

    /** @throws LoomException LOOM-3521 if the address cannot be bound */
    static RestServer start(InetSocketAddress wanted, Router router, Manners manners) {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        // Jetty looks services up through the context class loader, which in OSGi knows nothing of Jetty.
        thread.setContextClassLoader(Server.class.getClassLoader());
        try {
            return bind(wanted, router, manners);
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    private static RestServer bind(InetSocketAddress wanted, Router router, Manners manners) {
        QueuedThreadPool threads = new QueuedThreadPool(MAX_THREADS, 2);
        threads.setName("loom-rest");
        threads.setDaemon(true);
        Server server = new Server(threads);
        ServerConnector connector = connector(server, wanted);
        Visitors visitors = new Visitors(manners.limits(), System::nanoTime);
        connector.addBean(visitors);
        ExecutorService changes = changes();
        GracefulHandler requests = new GracefulHandler(
                new HttpBridge(router, new Guard(wanted, manners.names()), visitors, new Turns(threads, MAX_LOOKS, MAX_LOOKS_EACH),
                        changes, manners.bodySeconds()));
        server.setHandler(requests);
        server.setErrorHandler(RestServer::protocolError);
        try {
            server.start();
            sweep(server, visitors);
            InetSocketAddress bound = new InetSocketAddress(wanted.getAddress(), connector.getLocalPort());
            return new RestServer(server, requests, changes, bound);
        } catch (Exception failure) {
            stop(server);
            changes.shutdownNow();
            throw new LoomException(problem(wanted, failure), failure);
        }
    }

    private static ServerConnector connector(Server server, InetSocketAddress wanted) {
        ServerConnector connector = new ServerConnector(server, 1, 1, new HttpConnectionFactory(limits()));
        connector.setHost(wanted.getAddress().getHostAddress());
        connector.setPort(wanted.getPort());
        connector.setIdleTimeout(IDLE_MILLIS);
        connector.setAcceptQueueSize(BACKLOG);
        connector.setAcceptedSendBufferSize(SEND_BYTES);
        server.addConnector(connector);
        return connector;
    }

    /** A change waits for the kernel, up to seconds: on threads of its own, so that many of them never keep metrics waiting. */
    private static ExecutorService changes() {
        ThreadPoolExecutor changes = new ThreadPoolExecutor(MAX_CHANGES, MAX_CHANGES, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
            Thread thread = new Thread(task, "loom-rest-change");
            thread.setDaemon(true);
            return thread;
        });
        changes.allowCoreThreadTimeOut(true);
        return changes;
    }

    /** Jetty's own scheduler ends with the server. */
    private static void sweep(Server server, Visitors visitors) {
        server.getScheduler().schedule(() -> {
            visitors.sweep();
            if (server.isRunning()) {
                sweep(server, visitors);
            }
        }, SWEEP_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** Where it listens, with the real port if 0 was wanted. */
    InetSocketAddress address() {
        return address;
    }

    /**
     * Lets running requests end, for less than a second. Jetty's own stop timeout would wait as long for connections that
     * are merely kept alive.
     */
    @Override
    public void close() {
        try {
            requests.shutdown().get(STOP_MILLIS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException unfinished) {
            LOG.info("REST stops with requests unfinished");
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        }
        stop(server);
        changes.shutdownNow();
    }

    private static HttpConfiguration limits() {
        HttpConfiguration limits = new HttpConfiguration();
        limits.setSendServerVersion(false);
        limits.setRequestHeaderSize(MAX_HEADER_BYTES);
        limits.setHeaderCacheSize(MAX_HEADER_BYTES);
        return limits;
    }

    private static Problem problem(InetSocketAddress wanted, Exception failure) {
        BindFailure cause = BindFailure.of(wanted, failure, "admin.rest");
        return Problem.of(Refusal.BIND.code(), "cannot listen on " + HostPort.of(wanted) + " for REST", cause.why(), cause.fix());
    }

    /** What Jetty itself refuses, such as malformed requests, gets JSON too. The status is Jetty's, the code says whose fault it is. */
    private static boolean protocolError(Request request, Response response, Callback callback) {
        int status = response.getStatus() >= 400 ? response.getStatus() : 500;
        Answer body = switch (status) {
            case 500 -> Answer.refusal(Refusal.INTERNAL, "", "HTTP 500", "the request failed inside Loom", "please report it with the log");
            case 503 -> Answer.refusal(Refusal.NOT_RUNNING, "", "HTTP 503", "REST is about to stop", "try again in a moment");
            // Also 501 and 505: a coding or version of HTTP that Jetty does not have is the client's choice.
            default -> Answer.refusal(Refusal.BAD_REQUEST, "", "HTTP " + status, "the request is not what HTTP/1.1 allows, or too long",
                    "check the request line and the headers");
        };
        HttpBridge.write(request, response, new Answer(status, body.contentType(), body.headers(), body.body()), callback);
        return true;
    }

    private static void stop(Server server) {
        try {
            server.stop();
        } catch (Exception unclean) {
            LOG.warn("REST did not stop cleanly: {}", unclean.toString());
        }
    }
}
