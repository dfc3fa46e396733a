package io.loom.observe;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.loom.api.Endpoint;
import io.loom.api.IpAddress;
import io.loom.api.control.Connections;
import io.loom.api.control.Connections.Connection;
import io.loom.api.control.Connections.Listener;
import io.loom.api.control.Connections.State;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The JSON of connections, whole or a line each: flat and with every field always present. What does not apply is empty or 0. */
public final class ConnectionJson {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private ConnectionJson() {}

    /** {@code {"connections":[…],"next":"…"}} */
    public static String page(Connections.Page page) {
        return JsonText.of(json -> {
            json.writeStartObject();
            json.writeArrayFieldStart("connections");
            for (Connection connection : page.connections()) {
                write(json, connection);
            }
            json.writeEndArray();
            json.writeStringField("next", page.next());
            json.writeEndObject();
        });
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

    /** A line for each connection; flushes. */
    public static void lines(OutputStream out, Connections.Page page) throws IOException {
        JsonText.lines(out, () -> page.connections().stream().<JsonText.Content>map(one -> json -> write(json, one)).iterator());
    }

    /** The last line. */
    public static String end(long connections, String next) {
        ObjectNode line = JSON.objectNode();
        line.putObject("end").put("connections", connections).put("next", next);
        return JsonText.line(line);
    }

    private static void write(JsonGenerator json, Connection connection) throws IOException {
        Optional<Endpoint> vip = connection.listener().map(Listener::endpoint);
        Connections.Server server = connection.server();
        json.writeStartObject();
        json.writeStringField("vip", connection.vip());
        json.writeStringField("protocol", connection.listener().map(known -> known.protocol().name().toLowerCase(Locale.ROOT)).orElse(""));
        json.writeStringField("client", IpAddress.format(connection.client()));
        json.writeNumberField("client_port", connection.clientPort());
        json.writeStringField("vip_address", address(vip));
        json.writeNumberField("vip_port", port(vip));
        json.writeNumberField("backend_id", server.id().orElse(0));
        json.writeStringField("backend", server.backend());
        json.writeStringField("upstream", server.upstream());
        json.writeStringField("forwarding", server.forwarding());
        json.writeStringField("source", address(server.source()));
        json.writeNumberField("source_port", port(server.source()));
        json.writeStringField("state", connection.state().toString());
        json.writeBooleanField("assured", connection.assured());
        json.writeNumberField("idle_seconds", connection.idle().toSeconds());
        json.writeNumberField("expires_seconds", connection.left().toSeconds());
        json.writeEndObject();
    }

    private static String address(Optional<Endpoint> endpoint) {
        return endpoint.map(known -> IpAddress.format(known.address())).orElse("");
    }

    private static int port(Optional<Endpoint> endpoint) {
        return endpoint.map(Endpoint::port).orElse(0);
    }
}
