package io.loom.admin.internal;

import io.loom.api.control.ConnectionQuery;
import io.loom.api.control.Connections;
import io.loom.observe.ConnectionJson;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * Connections as fast as the client reads them, a page of them in memory at a time. It ends after a minute, and says where the next one
 * goes on: an answer that takes longer is taken for one that nobody reads.
 */
final class ConnectionStream implements Answer.Stream {
    /** Connections in memory at a time: each page maps the table anew, so there are few of them. */
    static final int PAGE = 4000;
    private static final Duration LONGEST = Duration.ofSeconds(60);

    private final Connections connections;
    private final ConnectionQuery query;
    private final Connections.Page first;
    private final Runnable closed;
    private boolean open = true;

    /**
     * @param first  of its pages
     * @param closed told once that it has ended
     */
    ConnectionStream(Connections connections, ConnectionQuery query, Connections.Page first, Runnable closed) {
        this.connections = connections;
        this.query = query;
        this.first = first;
        this.closed = closed;
    }

    @Override
    public void writeTo(OutputStream out) throws IOException {
        long end = System.nanoTime() + LONGEST.toNanos();
        long left = query.limit().orElse(Integer.MAX_VALUE);
        Connections.Page page = first;
        ConnectionJson.lines(out, page);
        long written = page.connections().size();
        while (!page.next().isEmpty() && written < left && System.nanoTime() < end) {
            page = connections.page(query.wanted(), page.next(), (int) Math.min(PAGE, left - written))
                    .orElseThrow(() -> new IOException("the table has been replaced"));
            ConnectionJson.lines(out, page);
            written += page.connections().size();
        }
        out.write(ConnectionJson.end(written, page.next()).getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void close() {
        if (open) {
            open = false;
            closed.run();
        }
    }
}
