package io.loom.datapath.internal;

import io.loom.api.Problem;
import io.loom.api.Vital;
import io.loom.api.plugin.Algorithm;
import io.loom.api.plugin.BackendSet;
import io.loom.api.plugin.LookupTable;
import io.loom.control.dataplane.TableKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Builds of lookup tables, apart from the thread that asks for them: it waits a moment for one that is made at once, as it
 * should be, and is told later of another. What an algorithm does wrong is a matter of the table that it was asked for. One that
 * hangs is interrupted after a deadline; it may keep its thread, and after two of them it is not asked any more. The same
 * question is put again after a pause that grows; another one (of other backends, to another version of the algorithm) at once.
 */
final class TableBuilds implements AutoCloseable {
    /** Threads of one algorithm that do not end: the second shows that it is not one table's bad luck. */
    private static final int MOST_STUCK = 2;
    /** Builds of one algorithm at a time while somebody waits for none of them. */
    private static final int MOST_RUNNING = 4;

    private final Times times;
    private final Function<String, Optional<Algorithm>> algorithms;
    private final Runnable changed;
    private final Map<TableKey, Order> orders = new HashMap<>();
    private final Map<Algorithm, List<Order>> running = new IdentityHashMap<>();
    private final ScheduledExecutorService clock = new ScheduledThreadPoolExecutor(1, task -> {
        Thread thread = new Thread(task, "loom-builds");
        thread.setDaemon(true);
        return thread;
    }, new ThreadPoolExecutor.DiscardPolicy());

    /**
     * @param patience how long the one who asks waits, unless the algorithm has been slow or wrong before
     * @param deadline after which a build has failed
     * @param retry    the pause before the same question is asked again, the first time
     * @param longest  that pause, at most
     */
    record Times(Duration patience, Duration deadline, Duration retry, Duration longest) {
        static final Times USUAL = new Times(
                Duration.ofMillis(500), Duration.ofSeconds(5), Duration.ofSeconds(1), Duration.ofMinutes(1));

        private Duration pause(int failures) {
            Duration grown = retry.multipliedBy(1L << Math.min(failures - 1, 20));
            return grown.compareTo(longest) < 0 ? grown : longest;
        }
    }

    /** Of {@link #ask}. */
    sealed interface Answer {}

    record Built(LookupTable table) implements Answer {}

    /** @param pending it is still at work, and {@code changed} will be called */
    record NotBuilt(Problem problem, boolean pending) implements Answer {}

    private record Question(Algorithm algorithm, String name, BackendSet backends, int size) {
        boolean isSame(Question other) {
            return algorithm == other.algorithm && size == other.size && backends.equals(other.backends);
        }
    }

    /** A question that was put. */
    private static final class Order {
        final Question question;
        final int failuresBefore;
        PluginCall<LookupTable> call;
        Optional<String> failure = Optional.empty();
        long failedAt;
        /** Somebody asked and had to go without an answer. */
        boolean missed;

        Order(Question question, int failuresBefore) {
            this.question = question;
            this.failuresBefore = failuresBefore;
        }

        void failed(String why) {
            failure = Optional.of(why);
            failedAt = System.nanoTime();
        }

        Duration sinceFailure() {
            return Duration.ofNanos(System.nanoTime() - failedAt);
        }
    }

    /**
     * @param algorithms deployed ones by name, at any moment
     * @param changed    called, on any thread, when the answer to a question may be another
     */
    TableBuilds(Times times, Function<String, Optional<Algorithm>> algorithms, Runnable changed) {
        this.times = times;
        this.algorithms = algorithms;
        this.changed = changed;
    }

    /**
     * The table, or why there is none. One thread at a time.
     *
     * @param keys whose table it is: all of these have the same; the question is the first one's
     * @param name what the configuration calls the algorithm
     * @return empty if it is not deployed
     */
    Optional<Answer> ask(List<TableKey> keys, String name, BackendSet backends, int size) {
        return algorithms.apply(name).map(algorithm -> ask(keys, new Question(algorithm, name, backends, size)));
    }

    private Answer ask(List<TableKey> keys, Question question) {
        TableKey key = keys.get(0);
        Order order;
        boolean trusted;
        synchronized (this) {
            Order before = orders.get(key);
            boolean same = before != null && before.question.isSame(question);
            trusted = isTrusted(question.algorithm(), before);
            if (same && !(before.failure.isPresent() && isDue(before))) {
                order = before;
            } else {
                Optional<NotBuilt> refusal = refusal(keys, question, before);
                if (refusal.isPresent()) {
                    return refusal.get();
                }
                if (before != null) {
                    before.call.interrupt();
                }
                order = start(key, question, same ? before.failuresBefore + 1 : 0);
            }
        }
        order.call.await(trusted ? times.patience() : Duration.ZERO);
        return answer(keys, order);
    }

    /** An algorithm that was wrong about this table, or is at work on any, is not waited for. */
    private boolean isTrusted(Algorithm algorithm, Order before) {
        boolean failed = before != null && before.question.algorithm() == algorithm && before.failure.isPresent();
        return !failed && !running.containsKey(algorithm);
    }

    private boolean isDue(Order order) {
        return order.sinceFailure().compareTo(times.pause(order.failuresBefore + 1)) >= 0;
    }

    /** Why the algorithm is not even asked. */
    private Optional<NotBuilt> refusal(List<TableKey> keys, Question question, Order before) {
        List<Order> busy = running.getOrDefault(question.algorithm(), List.of());
        busy.forEach(order -> order.missed = true);
        long stuck = busy.stream().filter(order -> order.failure.isPresent()).count();
        if (stuck >= MOST_STUCK) {
            return Optional.of(new NotBuilt(problem(question, keys,
                    stuck + " builds of it hang, and it is not asked any more until one of them ends"), false));
        }
        if (before != null && before.failure.isPresent() && before.call.isRunning() && before.question.isSame(question)) {
            return Optional.of(new NotBuilt(problem(question, keys, before.failure.get() + ", and it still hangs"), false));
        }
        return busy.size() - stuck >= MOST_RUNNING
                ? Optional.of(new NotBuilt(problem(question, keys, "other builds of it are slow; this one waits for its turn"), true))
                : Optional.empty();
    }

    private Order start(TableKey key, Question question, int failuresBefore) {
        Order order = new Order(question, failuresBefore);
        orders.put(key, order);
        running.computeIfAbsent(question.algorithm(), none -> new ArrayList<>()).add(order);
        order.call = PluginCall.start("builds a table of vip " + key.vip(),
                () -> TableBuilder.build(question.algorithm(), question.backends(), question.size()), () -> ended(order));
        clock.schedule(Vital.work(() -> late(order)), times.deadline().toMillis(), TimeUnit.MILLISECONDS);
        return order;
    }

    private void ended(Order order) {
        boolean missed;
        synchronized (this) {
            running.computeIfPresent(order.question.algorithm(), (algorithm, busy) -> {
                busy.remove(order);
                return busy.isEmpty() ? null : busy;
            });
            missed = order.missed;
        }
        if (missed) {
            changed.run();
        }
    }

    private void late(Order order) {
        synchronized (this) {
            if (!order.call.isRunning()) {
                return;
            }
            order.failed("it took longer than " + times.deadline().toMillis() + " ms");
        }
        order.call.interrupt();
        changed.run();
    }

    private synchronized Answer answer(List<TableKey> keys, Order order) {
        Optional<PluginCall.Outcome<LookupTable>> outcome = order.call.await(Duration.ZERO);
        if (order.failure.isEmpty() && outcome.isPresent()) {
            if (outcome.get().value().isPresent()) {
                // It is the asker's now. A table may be large, and there may be thousands.
                orders.remove(keys.get(0), order);
                return new Built(outcome.get().value().get());
            }
            order.failed("it failed: " + outcome.get().failure());
        }
        order.missed = true;
        return order.failure.isPresent()
                ? new NotBuilt(problem(order.question, keys, order.failure.get()), false)
                : new NotBuilt(problem(order.question, keys, "it has not finished yet"), true);
    }

    /** The table is not wanted any more. */
    synchronized void forget(TableKey key) {
        Order order = orders.remove(key);
        if (order != null) {
            order.call.interrupt();
        }
    }

    private static Problem problem(Question question, List<TableKey> keys, String why) {
        return Problem.of("LOOM-4112", "algorithm " + question.name() + " cannot build the table of " + TableKey.named(keys), why,
                "use another algorithm or another version of its bundle; the table in force stays, without backends that are gone");
    }

    /** What is being built is not waited for. */
    @Override
    public void close() {
        clock.shutdownNow();
        synchronized (this) {
            orders.values().forEach(order -> order.call.interrupt());
        }
    }
}
