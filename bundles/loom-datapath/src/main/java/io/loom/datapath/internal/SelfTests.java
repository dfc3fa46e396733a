package io.loom.datapath.internal;

import io.loom.api.Problem;
import io.loom.api.config.IcmpSettings;
import io.loom.api.config.ObjectFile;
import io.loom.api.plugin.PacketCase;
import io.loom.api.plugin.SelfTest;
import io.loom.datapath.Composition;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.SlottedMethod;
import io.loom.datapath.Tuning;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Runs the packet cases of every method in a composition on scratch maps, before it may touch the live ones. Core
 * says nothing by ICMP meanwhile: what a method refuses is dropped. What has passed is not run again: to load the program takes as long as
 * all the rest of a change. Thread-safe.
 */
final class SelfTests {
    private static final HexFormat HEX = HexFormat.of();

    /** Digests. */
    private final Set<String> passed = ConcurrentHashMap.newKeySet();

    /** @throws MethodRefused LOOM-4105 for the first method that treats a packet otherwise than its cases say */
    void run(Composition composition) {
        String digest = digest(composition);
        if (!passed.contains(digest)) {
            runAnew(composition);
            passed.add(digest);
        }
    }

    /** Of all that decides how they end; sizes, timeouts and the seed of the live program do not. */
    private static String digest(Composition composition) {
        StringBuilder text = new StringBuilder(new ObjectFile(composition.elf()).sha256()).append(' ').append(composition.tuning().hz())
                .append(' ').append(composition.tuning().connections().kind()).append(' ').append(composition.protocols());
        composition.methods().forEach((slot, method) -> {
            SelfTest tests = method.description().selfTest();
            text.append('\n').append(slot).append(' ').append(method.name()).append(' ').append(new TreeMap<>(method.description().constants()))
                    .append(new TreeMap<>(tests.constants())).append(method.description().verdicts());
            tests.cases().forEach(packet -> text.append('\n').append(packet.verdict()).append(' ').append(HEX.formatHex(packet.frame()))
                    .append(' ').append(packet.expected().map(HEX::formatHex).orElse("-")));
        });
        return new ObjectFile(text.toString().getBytes(StandardCharsets.UTF_8)).sha256();
    }

    private static void runAnew(Composition composition) {
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
