package io.loom.admin.internal;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
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
    private static final int MAX_CONNECTIONS = 256;
    private static final int MAX_HEADER_BYTES = 8 * 1024;
    private static final long IDLE_MILLIS = 30_000;
    private static final long STOP_MILLIS = 700;

    private final Server server;
    private final GracefulHandler requests;
    private final InetSocketAddress address;

    private RestServer(Server server, GracefulHandler requests, InetSocketAddress address) {
        this.server = server;
        this.requests = requests;
        this.address = address;
    }

    static RestServer start(InetSocketAddress wanted, Router router) {
        return start(wanted, router, HttpBridge.MAX_BODY_SECONDS);
    }

    /**
     * @param bodySeconds how long a client may take to send a body
     * @throws LoomException LOOM-3521 if the address cannot be bound
     */
    static RestServer start(InetSocketAddress wanted, Router router, int bodySeconds) {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        // Jetty looks services up through the context class loader, which in OSGi knows nothing of Jetty.
        thread.setContextClassLoader(Server.class.getClassLoader());
        try {
            return bind(wanted, router, bodySeconds);
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    private static RestServer bind(InetSocketAddress wanted, Router router, int bodySeconds) {
        QueuedThreadPool threads = new QueuedThreadPool(MAX_THREADS, 2);
        threads.setName("loom-rest");
        threads.setDaemon(true);
        Server server = new Server(threads);
        ServerConnector connector = new ServerConnector(server, 1, 1, new HttpConnectionFactory(limits()));
        connector.setHost(wanted.getAddress().getHostAddress());
        connector.setPort(wanted.getPort());
        connector.setIdleTimeout(IDLE_MILLIS);
        server.addConnector(connector);
        server.addBean(new NetworkConnectionLimit(MAX_CONNECTIONS, connector));
        GracefulHandler requests = new GracefulHandler(new HttpBridge(router, new Guard(wanted), bodySeconds));
        server.setHandler(requests);
        server.setErrorHandler(RestServer::protocolError);
        try {
            server.start();
            InetSocketAddress bound = new InetSocketAddress(wanted.getAddress(), connector.getLocalPort());
            return new RestServer(server, requests, bound);
        } catch (Exception failure) {
            stop(server);
            throw new LoomException(problem(wanted, failure), failure);
        }
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
    }

    private static HttpConfiguration limits() {
        HttpConfiguration limits = new HttpConfiguration();
        limits.setSendServerVersion(false);
        limits.setRequestHeaderSize(MAX_HEADER_BYTES);
        limits.setHeaderCacheSize(MAX_HEADER_BYTES);
        return limits;
    }

    private static Problem problem(InetSocketAddress wanted, Exception failure) {
        Throwable cause = failure;
        while (cause.getCause() != null && !(cause instanceof java.net.BindException)) {
            cause = cause.getCause();
        }
        String why = cause instanceof IOException || cause.getMessage() != null ? cause.getMessage() : cause.toString();
        return Problem.of(Refusal.BIND.code(), "cannot listen on " + HostPort.of(wanted) + " for REST", why,
                "stop what uses it (ss -ltnp) or set admin.rest in the configuration file");
    }

    /** Requests that Jetty itself refuses, such as malformed ones, get JSON too. */
    private static boolean protocolError(Request request, Response response, Callback callback) {
        int status = response.getStatus() >= 400 ? response.getStatus() : 500;
        Refusal kind = status < 500 ? Refusal.BAD_REQUEST : Refusal.INTERNAL;
        Answer body = Answer.refusal(kind, "", "HTTP " + status, "the request is not what HTTP/1.1 allows, or too long",
                "check the request line and the headers");
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
