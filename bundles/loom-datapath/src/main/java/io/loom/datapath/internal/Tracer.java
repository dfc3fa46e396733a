package io.loom.datapath.internal;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.control.Tracing;
import io.loom.datapath.internal.layout.TraceRecord;
import io.loom.datapath.internal.layout.TraceWanted;
import io.loom.datapath.internal.layout.VerdictCount;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.RingReader;
import io.loom.libbpf.UpdateMode;
import java.net.InetAddress;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has the program write packets down while there are readers, takes the records out of the ring and hands each to all of them. The
 * program stops by itself if it is not told every few seconds to go on. Thread-safe.
 */
final class Tracer implements AutoCloseable {
    static final String RING = "loom_trace";
    static final String SWITCH = "loom_trace_on";

    private static final Logger LOG = LoggerFactory.getLogger(Tracer.class);
    /** LOOM_EVENT_TRACE_LOST. */
    private static final int EVENT_LOST = 98;
    /** Ticks, about seconds, that the program goes on without a word. */
    private static final int LASTS = 3;
    private static final long RENEWED_NANOS = 1_000_000_000L;
    /** Between looks at the ring. Nobody is woken by it, so that a trace costs a packet no more than writing it down. */
    private static final long PAUSE_MILLIS = 10;
    private static final int AT_ONCE = 4096;
    private static final long STOP_MILLIS = 2000;

    private final Instance instance;
    private final KernelClock clock;
    private final Supplier<TraceNames> names;
    private final List<TraceReader> readers = new CopyOnWriteArrayList<>();
    private Instant zero = Instant.EPOCH;
    private Thread thread;
    private boolean closed;

    /** @param names at any moment */
    Tracer(Instance instance, KernelClock clock, Supplier<TraceNames> names) {
        this.instance = instance;
        this.clock = clock;
        this.names = names;
    }

    /** What a former control plane has left on ends now. */
    synchronized void adopt() {
        if (instance.knownMap(SWITCH).isPresent()) {
            announce();
        }
    }

    /** @throws LoomException LOOM-1250 if the program is one from before there was a trace */
    synchronized Optional<Tracing.Reader> read(Tracing.Wanted wanted) {
        if (closed || instance.knownMap(RING).isEmpty() || instance.knownMap(SWITCH).isEmpty()) {
            throw new LoomException(Problem.of(
                    "LOOM-1250", "the running program cannot trace", "it is of an older version, and has not been replaced yet",
                    "look at /ebpf/status for what holds the new program up, or try again"));
        }
        if (readers.size() == Tracing.READERS) {
            return Optional.empty();
        }
        long begin = clock.nanoseconds();
        if (readers.isEmpty()) {
            zero = Instant.now().minusNanos(begin).truncatedTo(ChronoUnit.MICROS); // the same for both, who may compare
        }
        TraceReader reader = new TraceReader(wanted, begin, zero, this::lost, this::end);
        readers.add(reader);
        announce();
        if (thread == null) {
            RingReader ring = RingReader.open(instance.map(RING));
            thread = new Thread(() -> run(ring), "loom-trace");
            thread.setDaemon(true);
            thread.start();
        }
        return Optional.of(reader);
    }

    private synchronized void end(TraceReader reader) {
        if (readers.remove(reader) && !closed) {
            announce();
        }
    }

    /** Packets that found no room in the ring, ever. */
    private long lost() {
        return instance.map("loom_verdicts").lookup(Keys.of(EVENT_LOST)).map(VerdictCount::sum).orElse(VerdictCount.ZERO).packets();
    }

    /** Tells the program what is wanted, and for how long. */
    private synchronized void announce() {
        BpfMap map = instance.map(SWITCH);
        map.update(Keys.of(0), wanted(readers, clock.tick() + LASTS).encode(), UpdateMode.ANY);
    }

    /** What all readers want together. */
    static TraceWanted wanted(List<TraceReader> readers, long until) {
        if (readers.isEmpty()) {
            return TraceWanted.NOTHING;
        }
        Set<Integer> verdicts = new HashSet<>();
        List<InetAddress> addresses = new ArrayList<>();
        readers.forEach(reader -> {
            verdicts.addAll(reader.wanted().verdicts());
            reader.wanted().address().ifPresent(addresses::add);
        });
        boolean anyVerdict = readers.stream().anyMatch(reader -> reader.wanted().verdicts().isEmpty());
        return new TraceWanted(
                until, anyVerdict ? Set.of() : verdicts, addresses.size() < readers.size() ? List.of() : addresses);
    }

    private void run(RingReader ring) {
        try (ring) {
            long renewed = System.nanoTime();
            TraceNames known = names.get();
            while (goesOn()) {
                if (System.nanoTime() - renewed > RENEWED_NANOS) {
                    announce();
                    known = names.get();
                    renewed = System.nanoTime();
                }
                TraceNames now = known;
                int taken = ring.read(AT_ONCE, record -> hand(TraceRecord.decode(record), now));
                if (taken < AT_ONCE) {
                    Thread.sleep(PAUSE_MILLIS);
                }
            }
        } catch (InterruptedException | RuntimeException failure) {
            LOG.error("the trace has failed", failure);
            failed();
        }
    }

    private void hand(TraceRecord record, TraceNames now) {
        readers.forEach(reader -> reader.offer(record, now));
    }

    /** Without readers the thread ends. It says so here, so that the next reader begins a new one. */
    private synchronized boolean goesOn() {
        if (readers.isEmpty()) {
            thread = null;
            return false;
        }
        return true;
    }

    private synchronized void failed() {
        thread = null;
        List.copyOf(readers).forEach(TraceReader::close);
    }

    @Override
    public void close() {
        Thread running;
        synchronized (this) {
            List.copyOf(readers).forEach(TraceReader::close);
            closed = true;
            running = thread;
        }
        if (running != null) {
            try {
                running.join(STOP_MILLIS);
            } catch (InterruptedException hurried) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
