package io.loom.observe;

import io.loom.api.Verdict;
import io.loom.api.Verdict.Action;
import io.loom.api.control.Telemetry.Counters;
import io.loom.api.control.Telemetry.VerdictCount;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * Sums over the verdicts. The verdicts cover every frame exactly once, so these do too.
 *
 * @param packets by what the driver was told; every action is present
 * @param rxBytes length on entry of every frame
 * @param txBytes final length of the frames that were forwarded, both directions of nat
 * @param errors  every type is present
 */
public record Totals(Map<Action, Long> packets, long rxBytes, long txBytes, Map<ErrorType, Long> errors) {

    public Totals {
        packets = Collections.unmodifiableMap(new EnumMap<>(packets));
        errors = Collections.unmodifiableMap(new EnumMap<>(errors));
    }

    public static Totals of(Counters counters) {
        Map<Action, Long> packets = new EnumMap<>(Action.class);
        for (Action action : Action.values()) {
            packets.put(action, 0L);
        }
        Map<ErrorType, Long> errors = new EnumMap<>(ErrorType.class);
        for (ErrorType type : ErrorType.values()) {
            errors.put(type, 0L);
        }
        errors.put(ErrorType.MAP_FULL, counters.mapFull());
        long rx = 0;
        long tx = 0;
        for (VerdictCount count : counters.verdicts()) {
            packets.merge(count.action(), count.packets(), Long::sum);
            rx += count.bytesIn();
            tx += count.action() == Verdict.Action.FORWARD ? count.bytesOut() : 0;
            ErrorType.of(count).ifPresent(type -> errors.merge(type, count.packets(), Long::sum));
        }
        return new Totals(packets, rx, tx, errors);
    }
}
