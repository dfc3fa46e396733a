package io.loom.datapath.internal;

import io.loom.api.Problem;
import io.loom.api.config.IcmpSettings;
import io.loom.api.plugin.PacketCase;
import io.loom.datapath.Composition;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.SlottedMethod;
import io.loom.datapath.Tuning;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Runs the packet cases of every method in a composition on scratch maps, before it may touch the live ones. Core
 * says nothing by ICMP meanwhile: what a method refuses is dropped.
 */
final class SelfTests {
    private SelfTests() {}

    /** @throws MethodRefused LOOM-4105 for the first method that treats a packet otherwise than its cases say */
    static void run(Composition composition) {
        Map<String, Long> constants = new HashMap<>();
        composition.methods().values().forEach(method -> constants.putAll(method.description().selfTest().constants()));
        // One program for all of them: to verify it takes longer than all of their packets.
        Tuning silent = small(composition.tuning()).withIcmp(IcmpSettings.SILENT);
        try (ScratchPlane plane = ScratchPlane.open(composition.tuned(silent), constants)) {
            for (SlottedMethod method : composition.methods().values()) {
                plane.removeVips();
                plane.addWorld(method.name());
                run(plane, method);
            }
        }
    }

    /** Small maps, with the connection table that the program was linked with. */
    private static Tuning small(Tuning tuning) {
        Tuning small = Tuning.small(tuning.hz());
        return small.withConnections(
                new Tuning.Connections(small.connections().maxEntries(), tuning.connections().kind()));
    }

    private static void run(ScratchPlane plane, SlottedMethod method) {
        for (PacketCase packet : method.description().selfTest().cases()) {
            Optional<String> failure = plane.failure(packet);
            if (failure.isPresent()) {
                throw new MethodRefused(method.name(), Problem.of(
                        "LOOM-4105", "forwarding method " + method.name() + " fails its self test", failure.get(),
                        "install another version of its bundle; what runs stays"));
            }
        }
    }
}
