package io.loom.observe;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.loom.api.Endpoint;
import io.loom.api.IpAddress;
import io.loom.api.control.Connections;
import io.loom.api.control.Connections.Connection;
import io.loom.api.control.Connections.Listener;
import io.loom.api.control.Connections.State;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The JSON of connections, whole or a line each: flat and with every field always present. What does not apply is empty or 0. */
public final class ConnectionJson {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private ConnectionJson() {}

    /** {@code {"connections":[…],"next":"…"}} */
    public static String page(Connections.Page page) {
        ObjectNode json = JSON.objectNode();
        ArrayNode array = json.putArray("connections");
        page.connections().forEach(connection -> array.add(node(connection)));
        return JsonText.of(json.put("next", page.next()));
    }

    /** {@code {"total":…,"states":{…}}} */
    public static String count(Map<State, Long> counts) {
        ObjectNode json = JSON.objectNode().put("total", counts.values().stream().mapToLong(Long::longValue).sum());
        ObjectNode states = json.putObject("states");
        for (State state : State.values()) {
            states.put(state.toString(), counts.getOrDefault(state, 0L));
        }
        return JsonText.of(json);
    }

    /** One connection on a line. */
    public static String line(Connection connection) {
        return JsonText.line(node(connection));
    }

    /** The last line. */
    public static String end(long connections, String next) {
        ObjectNode line = JSON.objectNode();
        line.putObject("end").put("connections", connections).put("next", next);
        return JsonText.line(line);
    }

    private static ObjectNode node(Connection connection) {
        Optional<Endpoint> vip = connection.listener().map(Listener::endpoint);
        Connections.Server server = connection.server();
        return JSON.objectNode()
                .put("vip", connection.vip())
                .put("protocol", connection.listener().map(known -> known.protocol().name().toLowerCase(Locale.ROOT)).orElse(""))
                .put("client", IpAddress.format(connection.client()))
                .put("client_port", connection.clientPort())
                .put("vip_address", address(vip))
                .put("vip_port", port(vip))
                .put("backend_id", server.id().orElse(0))
                .put("backend", server.backend())
                .put("upstream", server.upstream())
                .put("forwarding", server.forwarding())
                .put("source", address(server.source()))
                .put("source_port", port(server.source()))
                .put("state", connection.state().toString())
                .put("assured", connection.assured())
                .put("idle_seconds", connection.idle().toSeconds())
                .put("expires_seconds", connection.left().toSeconds());
    }

    private static String address(Optional<Endpoint> endpoint) {
        return endpoint.map(known -> IpAddress.format(known.address())).orElse("");
    }

    private static int port(Optional<Endpoint> endpoint) {
        return endpoint.map(Endpoint::port).orElse(0);
    }
}
