package io.loom.admin.internal;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.Executor;

/**
 * Has the work of many clients done by turns, some of each at a time: whoever asks much waits for itself, and who asks whether
 * Loom is ready gets the next thread. What waits is bounded by the connections that there may be. Thread-safe.
 */
final class Turns {
    private final Executor threads;
    private final int most;
    private final int each;
    /** Of each client that has some, the one whose turn it is first. */
    private final Map<String, Queue<Runnable>> waiting = new LinkedHashMap<>();
    private final Map<String, Integer> running = new HashMap<>();
    private int busy;

    private record Turn(String client, Runnable work) {}

    /**
     * @param threads that the work is done on
     * @param most    at a time
     * @param each    of one client at a time
     */
    Turns(Executor threads, int most, int each) {
        this.threads = threads;
        this.most = most;
        this.each = each;
    }

    void take(String client, Runnable work) {
        synchronized (this) {
            waiting.computeIfAbsent(client, absent -> new ArrayDeque<>()).add(work);
        }
        start();
    }

    private void start() {
        for (Optional<Turn> next = next(); next.isPresent(); next = next()) {
            Turn turn = next.get();
            try {
                threads.execute(() -> run(turn));
            } catch (RuntimeException refused) {
                ended(turn.client());
                throw refused;
            }
        }
    }

    private void run(Turn turn) {
        try {
            turn.work().run();
        } finally {
            ended(turn.client());
            start();
        }
    }

    private synchronized void ended(String client) {
        running.computeIfPresent(client, (same, count) -> count == 1 ? null : count - 1);
        busy--;
    }

    private synchronized Optional<Turn> next() {
        Optional<String> client = busy == most ? Optional.empty()
                : waiting.keySet().stream().filter(one -> running.getOrDefault(one, 0) < each).findFirst();
        return client.map(one -> {
            Queue<Runnable> works = waiting.remove(one);
            Turn turn = new Turn(one, works.remove());
            if (!works.isEmpty()) {
                waiting.put(one, works);
            }
            running.merge(one, 1, Integer::sum);
            busy++;
            return turn;
        });
    }
}
