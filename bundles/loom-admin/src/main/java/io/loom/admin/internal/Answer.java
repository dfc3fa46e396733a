package io.loom.admin.internal;

import io.loom.api.Problem;
import io.loom.observe.ViewJson;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A response without its transport.
 *
 * @param headers beyond those that every answer has
 * @param stream  what comes instead of the body, if it is not known yet
 */
record Answer(int status, String contentType, Map<String, String> headers, byte[] body, Optional<Stream> stream) {
    static final String JSON = "application/json";

    /** A body that comes about while it is sent. Whoever has it closes it, whether it was sent or not. */
    interface Stream extends AutoCloseable {
        /** Until there is no more. @throws IOException if the client has left */
        void writeTo(OutputStream out) throws IOException;

        @Override
        void close();
    }

    Answer(int status, String contentType, Map<String, String> headers, byte[] body) {
        this(status, contentType, headers, body, Optional.empty());
    }

    static Answer streaming(String contentType, Stream stream) {
        return new Answer(200, contentType, Map.of(), new byte[0], Optional.of(stream));
    }

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
        return new Answer(status, contentType, more, body, stream);
    }
}
