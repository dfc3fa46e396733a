package io.loom.itests.bench;

import io.loom.api.Verdict;

/**
 * Packets of one kind, ready to run.
 *
 * @param name     such as {@code ipip_v4_established_16k}
 * @param expected what every packet must get; else the figure would be of something else
 * @param opening  one in so many packets must enter a connection into the table; 0: none may
 * @param packets  of one round
 */
record Case(String name, Stage stage, int listener, Wrapper wrapper, Verdict expected, int opening, int packets)
        implements Sample {
    /**
     * Room for what hashing does: with 1,000,000 flows in a cache for 1,048,576, one set in 60 has more than it can hold, and
     * those that came first lose.
     */
    private static final int TOLERATED_PART = 25;

    /**
     * One round; nanoseconds per packet, the wrapper's share included.
     *
     * @throws IllegalStateException if packets were treated otherwise than expected
     */
    @Override
    public long measure() {
        long connections = stage.connections(listener);
        long nanoseconds = run(packets);
        require(packets, "a place in the table", opening == 0 ? 0 : packets / opening, stage.connections(listener) - connections);
        return nanoseconds;
    }

    /** Flows may come again without being treated otherwise. */
    @Override
    public boolean recurs() {
        return opening == 0;
    }

    /** All flows once. Those that found their sets full may displace each other until a second packet assures them. */
    @Override
    public void turn() {
        run(wrapper.flows());
    }

    private long run(int count) {
        long verdicts = stage.packets(expected);
        long nanoseconds = wrapper.run(count);
        require(count, expected.name(), count, stage.packets(expected) - verdicts);
        return nanoseconds;
    }

    private void require(int count, String what, long wanted, long found) {
        if (Math.abs(wanted - found) > count / TOLERATED_PART) {
            throw new IllegalStateException(
                    name + ": " + found + " of " + count + " packets, instead of " + wanted + ", got " + what);
        }
    }
}
