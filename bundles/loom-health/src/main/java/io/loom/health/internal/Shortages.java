package io.loom.health.internal;

import io.loom.api.Endpoint;
import java.io.IOException;
import java.net.BindException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What this host lacks to probe: that is no verdict on any server, but somebody must be told. Probing thread only. */
final class Shortages {
    /** Told for so long after the last one, 15 s: longer than no more descriptors are asked for after there was none. */
    static final long MEMORY = 15_000_000_000L;
    /** Of the kernel's words for its errors, those that speak of the host: ENOBUFS, ENOMEM, EAGAIN, EMFILE, ENFILE. */
    private static final List<String> OF_THE_HOST = List.of(
            "no buffer space", "cannot allocate memory", "resource temporarily unavailable", "too many open files");

    /**
     * @param reason      as the kernel says it
     * @param server      whose probe did not begin
     * @param descriptors what lacked was one of these, not a source port or a neighbour
     */
    record Shortage(String reason, Endpoint server, boolean descriptors) {}

    private Optional<Shortage> last = Optional.empty();
    private long at;

    /** True if a connection could not even begin, for a reason that says nothing about the server. */
    static boolean is(Exception failure) {
        String words = explain(failure);
        return failure instanceof BindException
                || failure instanceof IOException && OF_THE_HOST.stream().anyMatch(words::contains);
    }

    void add(Shortage shortage, long now) {
        last = Optional.of(shortage);
        at = now;
    }

    /** The last one, while it is not long ago. */
    Optional<Shortage> recent(long now) {
        return last.filter(shortage -> now - at < MEMORY);
    }

    /** The reason in a few lower-case words, such as {@code connection refused}. */
    static String explain(Exception failure) {
        if (failure instanceof NoRouteToHostException) {
            return "no route to host";
        }
        String message = failure.getMessage();
        if (message == null) {
            return failure.getClass().getSimpleName();
        }
        return failure instanceof SocketException ? message.toLowerCase(Locale.ROOT) : message;
    }
}
