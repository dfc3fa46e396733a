package io.loom.datapath.internal;

import io.loom.api.Problem;
import io.loom.api.Protocol;
import io.loom.api.config.Admission.Course;
import io.loom.control.dataplane.Guard;
import io.loom.control.dataplane.ListenerKey;
import io.loom.control.dataplane.ListenerSpec;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Warns of listeners that hand connections to the local stack where nobody takes them. */
final class Fallbacks {
    private Fallbacks() {}

    static List<Problem> problems(Map<ListenerKey, ListenerSpec> listeners, Readings readings) {
        List<ListenerKey> handing = new ArrayList<>();
        listeners.forEach((listener, spec) -> {
            if (handsOver(spec.guard())) {
                handing.add(listener);
            }
        });
        Set<Protocol> protocols = EnumSet.noneOf(Protocol.class);
        handing.forEach(listener -> protocols.add(listener.protocol()));
        return readings.take(HostSockets.TABLES, "it is not known whether servers of this host take what xdp.fallback hands over",
                        () -> HostSockets.read(protocols))
                .map(sockets -> handing.stream().filter(listener -> !sockets.accept(listener)).map(Fallbacks::nobody).toList())
                .orElse(List.of());
    }

    private static boolean handsOver(Guard guard) {
        return guard.course() == Course.LOCAL || guard.course() == Course.BALANCE && guard.overflow();
    }

    private static Problem nobody(ListenerKey listener) {
        return Problem.of(
                "LOOM-1215", "nothing on this host takes the connections that xdp.fallback hands over from " + listener,
                "no socket listens there", "start a server at that address and port, or take the condition out of xdp.fallback");
    }
}
