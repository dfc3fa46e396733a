package io.loom.admin.internal;

import io.loom.api.Verdict;
import io.loom.api.control.Tracing;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Readers that see what the test puts there. */
final class FakeTracing implements Tracing {
    final BlockingQueue<Packet> packets = new LinkedBlockingQueue<>();
    final List<Reader> open = new CopyOnWriteArrayList<>();
    volatile Optional<Wanted> wanted = Optional.empty();

    static Packet packet(String source) {
        return new Packet(Instant.EPOCH, "eth0", 1, "forward", Verdict.Action.FORWARD,
                new Headers("tcp", source, 40000, "10.0.0.100", 80, "syn", Kind.PACKET, 60),
                new Way("tcp 10.0.0.100:80", "web", "10.0.1.10:8080", "10.0.1.10"), 74, 94);
    }

    @Override
    public Optional<Reader> read(Wanted next) {
        if (open.size() == READERS) {
            return Optional.empty();
        }
        wanted = Optional.of(next);
        Reader reader = new Reader() {
            @Override
            public List<Packet> next(Duration wait) throws InterruptedException {
                Packet first = packets.poll(wait.toMillis(), TimeUnit.MILLISECONDS);
                List<Packet> all = new ArrayList<>();
                if (first != null) {
                    all.add(first);
                    packets.drainTo(all);
                }
                return all;
            }

            @Override
            public long lost() {
                return 7;
            }

            @Override
            public boolean isOpen() {
                return true;
            }

            @Override
            public void close() {
                open.remove(this);
            }
        };
        open.add(reader);
        return Optional.of(reader);
    }
}
