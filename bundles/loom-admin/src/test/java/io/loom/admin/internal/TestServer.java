package io.loom.admin.internal;

import io.loom.api.Verdict;
import io.loom.api.control.PluginView;
import io.loom.api.control.Telemetry;
import io.loom.observe.MetricsText;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** The real Jetty with all routes on an ephemeral loopback port, over {@link FakeControl}. As an extension it ends with its test. */
final class TestServer implements AutoCloseable, AfterEachCallback {
    private static final Set<String> NAMES = Set.of("lb1.example.com", "named.example");

    final Appliance appliance = new Appliance();
    final FakeControl control = new FakeControl();
    final FakeTracing tracing = new FakeTracing();
    final FakeConnections connections = new FakeConnections();
    final Router router;
    private final RestServer server;
    private final HttpClient client = HttpClient.newHttpClient();

    TestServer(int bodySeconds) {
        this(bodySeconds, Visitors.Limits.USUAL);
    }

    TestServer(int bodySeconds, Visitors.Limits limits) {
        appliance.control = control;
        appliance.tracing = tracing;
        appliance.connections = connections;
        appliance.plugins = () -> List.of(
                new PluginView("a.jar", "one", "1.0.0", "active", 1,
                        List.of(new PluginView.Provided("algorithm", "maglev", 1, List.of("web"))), ""),
                new PluginView("b.jar", "", "", "broken", 0, List.of(), "empty"));
        appliance.telemetry = () -> new Telemetry.Counters(
                List.of(new Telemetry.VerdictCount(1, "forward", Verdict.Action.FORWARD, 5, 500, 500)), 1, 1, 0, 0,
                List.of(), List.of(), List.of());
        appliance.metrics = accept -> new MetricsText.Page("text/plain; version=0.0.4; charset=utf-8",
                "loom_ebpf_ready 1\n".getBytes(StandardCharsets.UTF_8));
        router = new Router(Stream.of(
                new BackendRoutes(appliance).routes(), new ConnectionRoute(appliance).routes(), new ViewRoutes(appliance).routes(), new TraceRoute(appliance).routes())
                .flatMap(List::stream).toList());
        server = RestServer.start(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), router,
                new RestServer.Manners(NAMES::contains, bodySeconds, limits));
    }

    int port() {
        return server.address().getPort();
    }

    HttpResponse<String> send(String method, String path, String body, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + path))
                .method(method, body.isEmpty() ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    /** Sends these bytes and returns all that comes back until the server closes or 15 s are over. */
    String raw(String request) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port())) {
            socket.setSoTimeout(15_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    @Override
    public void afterEach(ExtensionContext test) {
        close();
    }

    @Override
    public void close() {
        server.close();
    }
}
