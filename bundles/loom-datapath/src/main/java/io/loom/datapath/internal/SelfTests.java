package io.loom.datapath.internal;

import io.loom.api.Problem;
import io.loom.api.plugin.PacketCase;
import io.loom.datapath.Composition;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.SlottedMethod;
import java.util.Optional;

/** Runs the packet cases of every method in a composition on scratch maps, before it may touch the live ones. */
final class SelfTests {
    private SelfTests() {}

    /** @throws MethodRefused LOOM-4105 for the first method that treats a packet otherwise than its cases say */
    static void run(Composition composition) {
        for (SlottedMethod method : composition.methods().values()) {
            try (ScratchPlane plane = ScratchPlane.open(composition, method.description().selfTest().constants())) {
                plane.addWorld(method.name());
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
    }
}
