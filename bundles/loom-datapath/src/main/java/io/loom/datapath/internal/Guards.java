package io.loom.datapath.internal;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.config.Admission.Course;
import io.loom.api.config.Admission.Rate;
import io.loom.control.dataplane.Guard;
import io.loom.datapath.internal.layout.GuardEntry;
import io.loom.datapath.internal.layout.GuardEntry.Flag;
import io.loom.datapath.internal.layout.ListenerEntry;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.UpdateMode;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * The entries of loom_guards, by listener number, and the limits of vips that they refer to: one for all listeners of a vip.
 * Thread-safe.
 */
final class Guards implements AutoCloseable {
    /** LOOM_REFUSALS: vips whose tags agree so far share one. */
    private static final int BUCKETS = 4096;

    private final BpfMap entries;
    private final LimitTable limits;
    /** Numbers of limits by vip. */
    private final Map<String, Integer> numbers = new TreeMap<>();
    /** Vips of the listeners that refer to a limit. */
    private final Map<Integer, String> limited = new HashMap<>();
    private OpenConnections open = OpenConnections.NONE;

    /** @param limits loom_vlimits */
    Guards(BpfMap entries, LimitTable limits) {
        this.entries = entries;
        this.limits = limits;
    }

    /** What an earlier process wrote for a listener of that vip. */
    synchronized Guard adopt(ListenerEntry adopted, String vip) {
        int listener = adopted.number();
        GuardEntry entry = entries.lookup(Keys.of(listener)).map(GuardEntry::decode).orElse(GuardEntry.NONE);
        if (entry.limit() > 0) {
            numbers.put(vip, entry.limit());
            limited.put(listener, vip);
        }
        if (!adopted.flags().contains(ListenerEntry.Flag.GUARDED)) {
            return adopted.flags().contains(ListenerEntry.Flag.PASS) ? Guard.PASS : Guard.NONE;
        }
        int max = entry.limit() > 0 ? (int) limits.limit(entry.limit()) : 0;
        Course course = entry.flags().contains(Flag.LOCAL) ? Course.LOCAL
                : entry.flags().contains(Flag.REFUSE) ? Course.REFUSE : Course.BALANCE;
        boolean acl = entry.flags().contains(Flag.ACL);
        boolean overflow = entry.flags().contains(Flag.OVERFLOW);
        // Limits of backends leave no trace here: where nothing else explains the guard, it is there for them.
        Optional<Rate> rate = entry.rate() == 0 ? Optional.empty() : Optional.of(new Rate(entry.rate(), entry.burst()));
        boolean unexplained = !new Guard(course, overflow, max, false, acl, rate).asks();
        return new Guard(course, overflow, max, unexplained, acl, rate);
    }

    /** Whether an earlier process had the listener refuse what finds no backend. */
    synchronized boolean refuses(int listener) {
        return entries.lookup(Keys.of(listener)).map(GuardEntry::decode).orElse(GuardEntry.NONE).refusals() > 0;
    }

    private static int refusals(String vip, boolean refuses) {
        return refuses ? 1 + Integer.remainderUnsigned(ListenerTreatment.tag(vip), BUCKETS) : 0;
    }

    /**
     * Writes the entry of a listener of that vip; to be called before the listener is guarded.
     *
     * @param refuses what finds no backend
     */
    synchronized void put(int listener, String vip, Guard guard, boolean refuses) {
        String former = limited.get(listener);
        int limit = 0;
        if (guard.maxConnections() > 0) {
            limit = numbers.computeIfAbsent(vip, this::newNumber);
            limits.limit(limit, guard.maxConnections(), 0);
            if (!vip.equals(former)) {
                limits.add(limit, open.ofListener(listener));
            }
        }
        GuardEntry entry = new GuardEntry(flags(guard), limit, guard.rate().map(Rate::perSecond).orElse(0),
                guard.rate().map(Rate::burst).orElse(0), ListenerTreatment.tag(vip), refusals(vip, refuses));
        entries.update(Keys.of(listener), entry.encode(), UpdateMode.ANY);
        if (limit > 0) {
            limited.put(listener, vip);
        } else {
            limited.remove(listener);
            discard(vip);
        }
        if (former != null && !former.equals(vip)) {
            discard(former);
        }
    }

    /** Forgets a listener that is gone. */
    synchronized void remove(int listener) {
        remove(listener, GuardEntry.NONE);
    }

    /** Forgets a guard; to be called after the listener is not guarded any more. */
    synchronized void remove(int listener, String vip, boolean refuses) {
        remove(listener, new GuardEntry(Set.of(), 0, 0, 0, 0, refusals(vip, refuses)));
    }

    private void remove(int listener, GuardEntry entry) {
        entries.update(Keys.of(listener), entry.encode(), UpdateMode.ANY);
        String vip = limited.remove(listener);
        if (vip != null) {
            discard(vip);
        }
    }

    private void discard(String vip) {
        if (!limited.containsValue(vip) && numbers.containsKey(vip)) {
            limits.limit(numbers.remove(vip), 0, 0);
        }
    }

    private static Set<Flag> flags(Guard guard) {
        Set<Flag> flags = EnumSet.noneOf(Flag.class);
        if (guard.overflow()) {
            flags.add(Flag.OVERFLOW);
        }
        if (guard.course() == Course.LOCAL) {
            flags.add(Flag.LOCAL);
        }
        if (guard.course() == Course.REFUSE) {
            flags.add(Flag.REFUSE);
        }
        if (guard.acl()) {
            flags.add(Flag.ACL);
        }
        return flags;
    }

    private int newNumber(String vip) {
        BitSet taken = new BitSet();
        numbers.values().forEach(taken::set);
        int number = taken.nextClearBit(1);
        if (number < limits.size()) {
            return number;
        }
        throw new LoomException(Problem.of(
                "LOOM-1214", "no number is free for the connection limit of vip " + vip,
                "there can be " + (limits.size() - 1) + " vips with a limit", "remove max_connections from some of them"));
    }

    /** From now on listeners that get a limit have so many connections already. */
    synchronized void counted(OpenConnections now) {
        open = now;
    }

    LimitTable limits() {
        return limits;
    }

    /** Numbers of the limits, by vip. */
    synchronized Map<String, Integer> numbers() {
        return new TreeMap<>(numbers);
    }

    /** Numbers of the listeners that count towards a vip's limit. */
    synchronized Map<Integer, String> limited() {
        return Map.copyOf(limited);
    }

    @Override
    public synchronized void close() {
        limits.close();
    }
}
