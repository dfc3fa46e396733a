package io.loom.health.internal;

import io.loom.api.Endpoint;
import java.io.IOException;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.function.Consumer;

/** Servers in memory, and the time, which passes only while somebody waits for them. */
final class FakeNetwork implements Network {
    private static final long NEVER = Long.MAX_VALUE;

    long now = 1_000_000_000_000L;
    /** Sockets that the host has. */
    int descriptors = Integer.MAX_VALUE;
    final Set<FakeLine> open = new LinkedHashSet<>();
    int mostOpen;
    /** Sockets that were asked for and not given. */
    int refused;
    private final Map<Endpoint, Server> servers = new HashMap<>();
    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private long sequence;

    /** How a server answers; silent unless told otherwise. */
    static final class Server {
        /** When each connection to it began. */
        final List<Long> begun = new ArrayList<>();
        private boolean broken;
        private long answersAfter = NEVER;
        private long endsAfter = NEVER;
        private Optional<IOException> refusal = Optional.empty();
        private Optional<IOException> atOnce = Optional.empty();

        void accepts(long afterNanos, long endsAfterNanos) {
            answersAfter = afterNanos;
            endsAfter = endsAfterNanos;
            refusal = Optional.empty();
            atOnce = Optional.empty();
        }

        void isSilent() {
            accepts(NEVER, NEVER);
        }

        void refuses(long afterNanos, IOException reason) {
            accepts(afterNanos, NEVER);
            refusal = Optional.of(reason);
        }

        /** The connection breaks when it is to end. */
        void breaks() {
            broken = true;
        }

        /** The connection does not even begin. */
        void cannotBegin(IOException reason) {
            atOnce = Optional.of(reason);
        }
    }

    private record Event(long at, long number, FakeLine line) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            return at != other.at ? Long.compare(at, other.at) : Long.compare(number, other.number);
        }
    }

    Server server(Endpoint endpoint) {
        return servers.computeIfAbsent(endpoint, absent -> new Server());
    }

    private void happens(long after, FakeLine line) {
        if (after != NEVER) {
            events.add(new Event(now + after, sequence++, line));
        }
    }

    @Override
    public Line line(Attempt owner) throws IOException {
        if (open.size() >= descriptors) {
            refused++;
            throw new SocketException("Too many open files");
        }
        FakeLine line = new FakeLine(owner);
        open.add(line);
        mostOpen = Math.max(mostOpen, open.size());
        return line;
    }

    @Override
    public void await(long millis, Consumer<Attempt> told) {
        long end = now + millis * 1_000_000;
        boolean happened = false;
        while (!events.isEmpty() && events.peek().at() <= (happened ? now : end)) {
            Event event = events.remove();
            if (open.contains(event.line())) {
                now = Math.max(now, event.at());
                happened = true;
                told.accept(event.line().owner);
            }
        }
        now = happened ? now : end;
    }

    @Override
    public void wake() {
        throw new UnsupportedOperationException("one thread");
    }

    @Override
    public void close() {
        open.clear();
    }

    final class FakeLine implements Line {
        final Attempt owner;
        Endpoint to;
        private Server server;
        private long began;
        private long finished = NEVER;

        private FakeLine(Attempt owner) {
            this.owner = owner;
        }

        @Override
        public void connect(Endpoint endpoint) throws IOException {
            server = server(endpoint);
            if (server.atOnce.isPresent()) {
                throw server.atOnce.get();
            }
            to = endpoint;
            began = now;
            server.begun.add(now);
            happens(server.answersAfter, this);
        }

        @Override
        public boolean connected() throws IOException {
            requireOpen();
            if (server.answersAfter == NEVER || now - began < server.answersAfter) {
                return false;
            }
            if (server.refusal.isPresent()) {
                throw server.refusal.get();
            }
            return true;
        }

        @Override
        public void finish() throws IOException {
            requireOpen();
            if (server.broken) {
                throw new IOException("Broken pipe");
            }
            finished = now;
            happens(server.endsAfter, this);
        }

        @Override
        public boolean ended() {
            requireOpen();
            return server.endsAfter != NEVER && now - finished >= server.endsAfter;
        }

        @Override
        public void close() {
            open.remove(this);
        }

        private void requireOpen() {
            if (!open.contains(this)) {
                throw new IllegalStateException("the socket is closed");
            }
        }
    }
}
