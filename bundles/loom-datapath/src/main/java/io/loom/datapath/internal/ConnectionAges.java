package io.loom.datapath.internal;

import io.loom.api.control.Connections.State;
import io.loom.datapath.Tuning;
import io.loom.datapath.internal.layout.ConnectionWord;
import java.time.Duration;
import java.util.List;

/**
 * How old connections are at one moment, and in what state.
 *
 * @param now      tick
 * @param timeouts ticks, by state
 * @param hz       jiffies a second
 */
record ConnectionAges(int now, int[] timeouts, int hz) {
    /** In the order of enum loom_conn_state. */
    private static final List<State> STATES = List.of(
            State.SYN_SENT, State.ESTABLISHED, State.FIN_WAIT, State.TIME_WAIT, State.SYN_RECV, State.UDP);

    boolean over(long word) {
        return ConnectionWord.over(word, now, timeouts);
    }

    static State state(long word) {
        return STATES.get(ConnectionWord.state(word));
    }

    /** Since its last packet, which may be written down late by {@link Tuning#step()}. */
    Duration idle(long word) {
        return Duration.ofMillis(idleMillis(word));
    }

    long idleMillis(long word) {
        return millis(Math.max(0, ConnectionWord.idle(word, now)));
    }

    Duration left(long word) {
        return Duration.ofMillis(millis(ConnectionWord.lasts(word, timeouts) - Math.max(0, ConnectionWord.idle(word, now))));
    }

    private long millis(int ticks) {
        return ticks * (1000L << Tuning.tickShift(hz)) / hz;
    }
}
