package io.loom.itests.bench;

import io.loom.libbpf.BpfProgram;

/**
 * Packets to Katran.
 *
 * @param vip     its number, or {@link #NO_VIP} if the packets are for none
 * @param opening one in so many packets must be of no connection; 0: none may
 * @param packets of one round
 */
record KatranSample(Katran katran, int vip, Wrapper wrapper, int opening, int packets) implements Sample {
    static final int NO_VIP = -1;
    private static final int XDP_PASS = 2;
    private static final int XDP_TX = 3;
    /** As in {@link Case}. */
    private static final int TOLERATED_PART = 25;

    @Override
    public long measure() {
        long misses = katran.misses();
        long nanoseconds = run(packets);
        require(packets, "no connection", opening == 0 ? 0 : packets / opening, katran.misses() - misses);
        return nanoseconds;
    }

    @Override
    public boolean recurs() {
        return opening == 0;
    }

    @Override
    public void turn() {
        run(wrapper.flows());
    }

    private long run(int count) {
        long forwarded = vip == NO_VIP ? 0 : katran.packets(vip);
        BpfProgram.TestRun result = wrapper.test(count);
        int wanted = vip == NO_VIP ? XDP_PASS : XDP_TX;
        if (result.result() != wanted) {
            throw new IllegalStateException("Katran: XDP action " + result.result() + " instead of " + wanted);
        }
        if (vip != NO_VIP) {
            require(count, "to a server", count, katran.packets(vip) - forwarded);
        }
        return result.nanosPerRun();
    }

    private static void require(int count, String what, long wanted, long found) {
        if (Math.abs(wanted - found) > count / TOLERATED_PART) {
            throw new IllegalStateException("Katran: " + found + " of " + count + " packets, instead of " + wanted + ", went " + what);
        }
    }
}
