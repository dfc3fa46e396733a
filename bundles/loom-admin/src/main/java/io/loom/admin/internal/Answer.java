package io.loom.admin.internal;

import io.loom.api.Problem;
import io.loom.observe.ViewJson;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A response without its transport. @param headers beyond those that every answer has */
record Answer(int status, String contentType, Map<String, String> headers, byte[] body) {
    static final String JSON = "application/json";

    static Answer json(int status, String body) {
        return new Answer(status, JSON, Map.of(), body.getBytes(StandardCharsets.UTF_8));
    }

    static Answer empty(int status) {
        return new Answer(status, "", Map.of(), new byte[0]);
    }

    static Answer refusal(Refusal kind, String where, String what, String why, String fix) {
        return refusal(kind, new Problem(kind.code(), where, what, why, fix));
    }

    static Answer refusal(Refusal kind, Problem problem) {
        return json(kind.status(), ViewJson.errors(List.of(problem)));
    }

    Answer with(String header, String value) {
        Map<String, String> more = new LinkedHashMap<>(headers);
        more.put(header, value);
        return new Answer(status, contentType, more, body);
    }
}
