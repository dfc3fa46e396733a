package io.loom.admin.internal;

import io.loom.api.control.Tracing;
import io.loom.observe.TraceJson;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/** The lines of a trace as they come. A line at least each second, because only who writes learns that the client has left. */
final class TraceStream implements Answer.Stream {
    private static final Duration SILENCE = Duration.ofSeconds(1);

    private final Tracing.Reader reader;
    private final TraceQuery query;
    private long packets;

    TraceStream(Tracing.Reader reader, TraceQuery query) {
        this.reader = reader;
        this.query = query;
    }

    @Override
    public void writeTo(OutputStream out) throws IOException {
        long end = System.nanoTime() + query.duration().toNanos();
        try {
            for (long left = end - System.nanoTime(); goesOn(left); left = end - System.nanoTime()) {
                Duration wait = Duration.ofNanos(Math.min(left, SILENCE.toNanos()));
                write(out, reader.next(wait), wait.equals(SILENCE));
            }
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
        line(out, TraceJson.end(packets, reader.lost()));
    }

    private boolean goesOn(long left) {
        return left > 0 && packets < query.limit() && reader.isOpen();
    }

    private void write(OutputStream out, List<Tracing.Packet> next, boolean silence) throws IOException {
        long most = query.limit() - packets;
        for (Tracing.Packet packet : next.subList(0, (int) Math.min(most, next.size()))) {
            line(out, TraceJson.packet(packet));
            packets++;
        }
        if (next.isEmpty() && silence) {
            line(out, TraceJson.running(packets, reader.lost()));
        }
        out.flush();
    }

    private static void line(OutputStream out, String line) throws IOException {
        out.write(line.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void close() {
        reader.close();
    }
}
