package io.loom.admin.internal;

import io.loom.api.IpAddress;
import io.loom.api.Protocol;
import io.loom.api.control.Connections;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;

/** As many connections as the test wants, by numbers: the page after {@code 4-1-N} begins with number N. */
final class FakeConnections implements Connections {
    volatile int size = 3;
    volatile Optional<Wanted> wanted = Optional.empty();
    volatile int largest;
    final AtomicInteger pages = new AtomicInteger();

    static Connection connection(int number) {
        return new Connection("web", Optional.of(new Listener(Protocol.TCP, FakeControl.endpoint("10.0.0.100", 80))),
                IpAddress.parse("10.0.0.1").orElseThrow(), 1 + number % 65535,
                new Server(OptionalInt.of(1), "default", "10.0.1.10:8080", "nat", Optional.of(FakeControl.endpoint("10.0.1.1", 21044))),
                State.ESTABLISHED, true, Duration.ofMillis(3900), Duration.ofSeconds(314));
    }

    @Override
    public Optional<Page> page(Wanted next, String after, int limit) {
        pages.incrementAndGet();
        wanted = Optional.of(next);
        largest = Math.max(largest, limit);
        if (!after.isEmpty() && !after.startsWith("4-1-")) {
            return Optional.empty();
        }
        int first = after.isEmpty() ? 0 : Integer.parseInt(after.substring(4));
        List<Connection> page = new ArrayList<>();
        for (int number = first; number < size && page.size() < limit; number++) {
            page.add(connection(number));
        }
        int end = first + page.size();
        return Optional.of(new Page(page, end < size ? "4-1-" + end : ""));
    }

    @Override
    public Map<State, Long> count(Wanted next) {
        wanted = Optional.of(next);
        return Map.of(State.ESTABLISHED, (long) size, State.UDP, 2L);
    }
}
