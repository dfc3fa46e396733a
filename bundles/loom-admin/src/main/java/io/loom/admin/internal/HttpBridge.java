package io.loom.admin.internal;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.Fields;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Between Jetty and the router: bounds bodies in size and time without holding a thread, and writes answers. Bodies are
 * never logged.
 */
final class HttpBridge extends Handler.Abstract {
    static final int MAX_BODY_BYTES = 64 * 1024;
    private static final int STREAM_BUFFER = 32 * 1024;
    static final int MAX_BODY_SECONDS = 10;
    private static final Logger LOG = LoggerFactory.getLogger(HttpBridge.class);

    private final Router router;
    private final Guard guard;
    private final Visitors visitors;
    private final Turns looks;
    private final Executor changes;
    private final int bodySeconds;

    /**
     * @param looks   answers what changes nothing
     * @param changes carries out what may take seconds
     */
    HttpBridge(Router router, Guard guard, Visitors visitors, Turns looks, Executor changes, int bodySeconds) {
        this.router = router;
        this.guard = guard;
        this.visitors = visitors;
        this.looks = looks;
        this.changes = changes;
        this.bodySeconds = bodySeconds;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        Connection connection = request.getConnectionMetaData().getConnection();
        visitors.asks(connection);
        Request.addCompletionListener(request, end -> visitors.answered(connection));
        Call head = call(request, new byte[0]);
        Optional<Answer> foreign = guard.check(head);
        if (foreign.isPresent()) {
            write(request, response, foreign.get().with("Connection", "close"), callback);
        } else if (request.getLength() > MAX_BODY_BYTES) {
            write(request, response, tooLarge(), callback);
        } else if (List.of("POST", "PATCH", "PUT").contains(request.getMethod())) {
            readThenAnswer(request, response, callback);
        } else if (request.getMethod().equals("DELETE")) {
            complete(CompletableFuture.supplyAsync(() -> router.answer(head), changes), request, response, callback);
        } else {
            looks.take(Visitors.client(connection), () -> look(head, request, response, callback));
        }
        return true;
    }

    private void look(Call head, Request request, Response response, Callback callback) {
        try {
            write(request, response, router.answer(head), callback);
        } catch (RuntimeException | Error defect) { // on this thread nobody else would end the request
            callback.failed(defect);
        }
    }

    private void readThenAnswer(Request request, Response response, Callback callback) {
        Connection connection = request.getConnectionMetaData().getConnection();
        visitors.sends(connection);
        // The answer waits for the kernel: never on the thread that delivered the last piece of the body.
        complete(Content.Source.asByteArrayAsync(request, MAX_BODY_BYTES)
                .orTimeout(bodySeconds, TimeUnit.SECONDS)
                .whenComplete((body, failure) -> visitors.asks(connection))
                .handleAsync((body, failure) -> failure == null ? router.answer(call(request, body)) : unread(failure), changes),
                request, response, callback);
    }

    private static void complete(CompletableFuture<Answer> coming, Request request, Response response, Callback callback) {
        coming.whenComplete((answer, defect) -> {
            if (defect == null) {
                write(request, response, answer, callback);
            } else {
                callback.failed(defect);
            }
        });
    }

    private Answer unread(Throwable failure) {
        Throwable cause = failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof TimeoutException) {
            return Answer.refusal(Refusal.SLOW, "", "the body did not arrive in time",
                    "it must be complete within " + bodySeconds + " s", "send it at once").with("Connection", "close");
        }
        if (cause instanceof IllegalStateException) {
            return tooLarge();
        }
        return Answer.refusal(Refusal.BAD_REQUEST, "", "the body could not be read", "the connection or its framing broke",
                "send it again").with("Connection", "close");
    }

    private static Answer tooLarge() {
        return Answer.refusal(Refusal.TOO_LARGE, "", "the body is too large",
                "at most " + MAX_BODY_BYTES + " bytes are read", "send one backend at a time").with("Connection", "close");
    }

    private static Call call(Request request, byte[] body) {
        return new Call(request.getMethod(), Request.getPathInContext(request),
                name -> Optional.ofNullable(request.getHeaders().get(name)).orElse(""), body, List.of(), () -> query(request));
    }

    private static Map<String, String> query(Request request) {
        Fields fields = fields(request);
        List<Problem> twice = fields.stream().filter(Fields.Field::hasMultipleValues).map(Fields.Field::getName).map(JsonBody::shortened)
                .map(name -> new Problem(Refusal.BAD_REQUEST.code(), "?" + name, name + " is given more than once", "", "give it once")).toList();
        if (!twice.isEmpty()) {
            throw new LoomException(twice, null);
        }
        Map<String, String> parameters = new LinkedHashMap<>();
        fields.forEach(field -> parameters.put(field.getName(), field.getValue()));
        return parameters;
    }

    private static Fields fields(Request request) {
        try {
            return Request.extractQueryParameters(request);
        } catch (RuntimeException malformed) {
            throw new LoomException(Problem.of(Refusal.BAD_REQUEST.code(), "the query cannot be read", malformed.getMessage(),
                    "write what is no letter or digit as % and two hexadecimal digits"), malformed);
        }
    }

    static void write(Request request, Response response, Answer answer, Callback callback) {
        response.setStatus(answer.status());
        answer.headers().forEach(response.getHeaders()::put);
        response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-store");
        response.getHeaders().put(new HttpField("X-Content-Type-Options", "nosniff"));
        if (!answer.contentType().isEmpty()) {
            response.getHeaders().put(HttpHeader.CONTENT_TYPE, answer.contentType());
        }
        if (!answer.contentType().isEmpty() && answer.stream().isEmpty()) {
            response.getHeaders().put(HttpHeader.CONTENT_LENGTH, answer.body().length);
        }
        LOG.debug("{} {} -> {}", request.getMethod(), request.getHttpURI().getPath(), answer.status());
        if (answer.stream().isPresent()) {
            stream(request, response, answer.stream().get(), callback);
        } else {
            response.write(true, ByteBuffer.wrap(answer.body()), callback);
        }
    }

    /** Holds its thread until the stream ends: there are few of them. */
    private static void stream(Request request, Response response, Answer.Stream stream, Callback callback) {
        // The stream is closed before the end of the answer leaves: who has read that may ask for the next one at once.
        try (OutputStream out = new BufferedOutputStream(Content.Sink.asOutputStream(response), STREAM_BUFFER); stream) {
            if (!request.getMethod().equals("HEAD")) {
                stream.writeTo(out);
            }
        } catch (IOException left) {
            LOG.debug("{} ended by the client", request.getHttpURI().getPath());
            callback.failed(left);
            return;
        } catch (RuntimeException defect) {
            LOG.error("{} failed", request.getHttpURI().getPath(), defect);
            callback.failed(defect);
            return;
        }
        callback.succeeded();
    }
}
