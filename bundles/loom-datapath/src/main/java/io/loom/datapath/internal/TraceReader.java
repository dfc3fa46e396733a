package io.loom.datapath.internal;

import io.loom.api.control.Tracing;
import io.loom.datapath.internal.layout.TraceRecord;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** What one reader of the trace has yet to read: the tracer's thread puts packets in, the reader's takes them out. */
final class TraceReader implements Tracing.Reader {
    private static final int ROOM = 8192;
    private static final int AT_ONCE = 1000;

    private final Tracing.Wanted wanted;
    private final long begin;
    private final Instant zero;
    private final LongSupplier lostInKernel;
    private final long lostBefore;
    private final Consumer<TraceReader> end;
    private final BlockingQueue<Tracing.Packet> packets = new ArrayBlockingQueue<>(ROOM);
    private final AtomicLong lostHere = new AtomicLong();
    private final AtomicBoolean open = new AtomicBoolean(true);
    private volatile long lostAtEnd;

    /**
     * @param begin        the moment by bpf_ktime_get_ns
     * @param zero         when that was 0
     * @param lostInKernel packets, ever
     * @param end          called once when it is closed
     */
    TraceReader(Tracing.Wanted wanted, long begin, Instant zero, LongSupplier lostInKernel, Consumer<TraceReader> end) {
        this.wanted = wanted;
        this.begin = begin;
        this.zero = zero;
        this.lostInKernel = lostInKernel;
        this.lostBefore = lostInKernel.getAsLong();
        this.end = end;
    }

    Tracing.Wanted wanted() {
        return wanted;
    }

    /** Takes the packet if it is wanted; one from before this reader belongs to another. */
    void offer(TraceRecord record, TraceNames names) {
        if (record.time() < begin || !wantsVerdict(record.verdict()) || !wantsAddress(record)) {
            return;
        }
        Tracing.Packet packet = names.packet(record, zero.plus(record.time() / 1000, ChronoUnit.MICROS));
        boolean wantsVip = wanted.vip().isEmpty() || wanted.vip().get().equals(packet.way().vip());
        if (wantsVip && !packets.offer(packet)) {
            lostHere.incrementAndGet();
        }
    }

    private boolean wantsVerdict(int verdict) {
        return wanted.verdicts().isEmpty() || wanted.verdicts().contains(verdict);
    }

    private boolean wantsAddress(TraceRecord record) {
        Optional<InetAddress> address = wanted.address();
        return address.isEmpty() || address.equals(record.source()) || address.equals(record.destination())
                || address.equals(record.sentTo());
    }

    @Override
    public List<Tracing.Packet> next(Duration wait) throws InterruptedException {
        List<Tracing.Packet> next = new ArrayList<>();
        Tracing.Packet first = packets.poll(wait.toNanos(), TimeUnit.NANOSECONDS);
        if (first != null) {
            next.add(first);
            packets.drainTo(next, AT_ONCE - 1);
        }
        return next;
    }

    @Override
    public long lost() {
        return open.get() ? lostNow() : lostAtEnd;
    }

    private long lostNow() {
        return lostInKernel.getAsLong() - lostBefore + lostHere.get();
    }

    @Override
    public boolean isOpen() {
        return open.get();
    }

    @Override
    public void close() {
        if (open.get()) {
            lostAtEnd = lostNow(); // while there is somebody to ask
        }
        if (open.compareAndSet(true, false)) {
            end.accept(this);
        }
    }
}
