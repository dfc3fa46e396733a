package io.loom.observe;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.loom.api.IpAddress;
import io.loom.api.Problem;
import io.loom.api.control.BackendView;
import io.loom.api.control.PluginView;
import io.loom.api.control.Status;
import io.loom.api.control.Status.AttachmentView;
import io.loom.api.control.VipView;
import java.util.List;
import java.util.Locale;

/** The JSON of views and problems, the same in REST and shell: snake_case names, every field always present. */
public final class ViewJson {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private ViewJson() {}

    /** {@code {"backends":[…]}} */
    public static String backends(List<BackendView> backends) {
        ObjectNode json = JSON.objectNode();
        ArrayNode array = json.putArray("backends");
        backends.forEach(backend -> array.add(node(backend)));
        return JsonText.of(json);
    }

    public static String backend(BackendView backend) {
        return JsonText.of(node(backend));
    }

    /** {@code {"vips":[…]}} */
    public static String vips(List<VipView> vips) {
        ObjectNode json = JSON.objectNode();
        ArrayNode array = json.putArray("vips");
        vips.forEach(vip -> array.add(node(vip)));
        return JsonText.of(json);
    }

    /** {@code {"plugins":[…]}} */
    public static String plugins(List<PluginView> plugins) {
        ObjectNode json = JSON.objectNode();
        ArrayNode array = json.putArray("plugins");
        plugins.forEach(plugin -> array.add(node(plugin)));
        return JsonText.of(json);
    }

    private static ObjectNode node(PluginView plugin) {
        ObjectNode json = JSON.objectNode()
                .put("file", plugin.file())
                .put("symbolic_name", plugin.symbolicName())
                .put("version", plugin.version())
                .put("state", plugin.state())
                .put("rank", plugin.rank());
        ArrayNode provides = json.putArray("provides");
        plugin.provides().forEach(one -> {
            ObjectNode node = provides.addObject().put("kind", one.kind()).put("name", one.name()).put("rank", one.rank());
            one.vips().forEach(node.putArray("vips")::add);
        });
        return json.put("reason", plugin.reason());
    }

    public static String status(Status status) {
        ObjectNode json = JSON.objectNode()
                .put("ready", status.ready())
                .put("waiting", status.waiting())
                .put("config", status.config());
        problems(json.putArray("rejected"), status.rejected());
        problems(json.putArray("warnings"), status.warnings());
        program(json.putObject("program"), status.program());
        status.methods().forEach(json.putArray("methods")::add);
        status.algorithms().forEach(json.putArray("algorithms")::add);
        return JsonText.of(json);
    }

    /** {@code {"errors":[…]}}, the body of every refusal. */
    public static String errors(List<Problem> problems) {
        ObjectNode json = JSON.objectNode();
        problems(json.putArray("errors"), problems);
        return JsonText.of(json);
    }

    static void program(ObjectNode json, Status.ProgramView program) {
        json.put("id", program.id()).put("tag", program.tag()).put("name", program.name());
        ArrayNode own = json.putArray("own");
        program.own().forEach(one -> own.addObject().put("name", one.name()).put("position", one.position()).put("id", one.id()));
        ArrayNode attachments = json.putArray("attachments");
        for (AttachmentView attachment : program.attachments()) {
            attachments.addObject()
                    .put("device", attachment.device())
                    .put("ifindex", attachment.ifindex())
                    .put("mode", attachment.mode())
                    .put("link_id", attachment.linkId())
                    .put("program_id", attachment.programId())
                    .put("problem", attachment.problem());
        }
    }

    private static ObjectNode node(BackendView backend) {
        return JSON.objectNode()
                .put("id", backend.id())
                .put("upstream", backend.upstream())
                .put("address", IpAddress.format(backend.endpoint().address()))
                .put("port", backend.endpoint().port())
                .put("weight", backend.weight())
                .put("state", lower(backend.state()))
                .put("reason", backend.reason())
                .put("source", lower(backend.source()))
                .put("override", backend.override())
                .put("max_connections", backend.maxConnections());
    }

    private static ObjectNode node(VipView vip) {
        ObjectNode json = JSON.objectNode().put("name", vip.name());
        vip.listeners().forEach(json.putArray("listeners")::add);
        vip.protocols().forEach(json.putArray("protocols")::add);
        json.put("algorithm", vip.algorithm())
                .put("forwarding", vip.forwarding())
                .put("tracking", vip.handling().tracking())
                .put("connection_affinity", vip.handling().affinity())
                .put("client_address", vip.handling().clientAddress())
                .put("max_connections", vip.handling().maxConnections())
                .put("rate_limit", vip.handling().perSecond())
                .put("upstream", vip.upstream())
                .put("backends_usable", vip.usable())
                .put("backends_total", vip.total());
        vip.handling().courses().forEach(json.putObject("not_balanced")::put);
        vip.degraded().forEach(json.putArray("degraded")::add);
        return json;
    }

    private static void problems(ArrayNode json, List<Problem> problems) {
        for (Problem problem : problems) {
            json.addObject()
                    .put("code", problem.code())
                    .put("where", problem.where())
                    .put("what", problem.what())
                    .put("why", problem.why())
                    .put("fix", problem.fix());
        }
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
