package io.loom.datapath;

import io.loom.api.Problem;
import io.loom.api.Protocol;
import io.loom.api.Verdict;
import io.loom.api.config.IcmpSettings;
import io.loom.api.plugin.Description;
import io.loom.datapath.internal.MethodRefused;
import io.loom.libbpf.BpfObject;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A linked program that is ready to be opened any number of times, on fresh or existing maps.
 *
 * @param elf         the linked object
 * @param methods     by slot
 * @param openSlots   bit mask of the slots that define an open hook
 * @param replySlots  bit mask of the slots that define a reply hook
 * @param protocols   by slot of the handlers
 * @param fingerprint SHA-256 over objects, slots and constants, hex: equal for programs that behave alike
 */
public record Composition(
        byte[] elf, SortedMap<Integer, SlottedMethod> methods, int openSlots, int replySlots,
        SortedMap<Integer, Protocol> protocols, Tuning tuning, String fingerprint) {

    /** Name of the XDP program. */
    public static final String PROGRAM = "loom_xdp";
    /** Maps whose keys are the numbers of backends. */
    public static final Set<String> OF_BACKENDS = Set.of("loom_backends", "loom_members", "loom_bstats", "loom_blimits", "loom_overflows");

    public Composition {
        methods = Collections.unmodifiableSortedMap(new TreeMap<>(methods));
        protocols = Collections.unmodifiableSortedMap(new TreeMap<>(protocols));
    }

    /**
     * Opens the object with all constants, sizes and types set; the caller may still have it reuse maps, and loads it.
     *
     * @param overrides values that replace those of constants in the methods' descriptions
     */
    public BpfObject open(Map<String, Long> overrides) {
        BpfObject object = BpfObject.open("loom", elf);
        try {
            setCoreConstants(object);
            setMethodConstants(object, overrides);
            sizeMaps(object);
            return object;
        } catch (RuntimeException failure) {
            object.close();
            throw failure;
        }
    }

    private void setCoreConstants(BpfObject object) {
        object.setConstant("loom_tick_shift", number(Tuning.tickShift(tuning.hz()), Integer.BYTES));
        object.setConstant("loom_affinity_timeout", number(tuning.affinityExpiry(), Integer.BYTES));
        object.setConstant("loom_conn_sets4", number(tuning.connections().sets(), Integer.BYTES));
        object.setConstant("loom_conn_sets6", number(tuning.connections().sets(), Integer.BYTES));
        object.setConstant("loom_conn_seed", number(tuning.seed(), Long.BYTES));
        object.setConstant("loom_open_slots", number(openSlots, Integer.BYTES));
        object.setConstant("loom_reply_slots", number(replySlots, Integer.BYTES));
        ByteBuffer timeouts = ByteBuffer.wrap(object.constant("loom_timeouts").orElseThrow()).order(ByteOrder.LITTLE_ENDIAN);
        tuning.expiry().forEach(timeouts::putInt);
        object.setConstant("loom_timeouts", timeouts.array());
        object.setConstant("loom_step", number(tuning.step(), Integer.BYTES));
        IcmpSettings icmp = tuning.icmp();
        object.setConstant("loom_echo_rate", number(icmp.echo() ? icmp.echoRate() : 0, Integer.BYTES));
        object.setConstant("loom_error_rate", number(icmp.errorRate(), Integer.BYTES));
        object.setConstant("loom_generic", number(tuning.generic() ? 1 : 0, Integer.BYTES));
        object.setConstant("loom_software", number(tuning.software() ? 1 : 0, Integer.BYTES));
        byte[] numbers = object.constant("loom_protocols").orElseThrow();
        protocols.forEach((slot, protocol) -> numbers[slot] = (byte) protocol.number());
        object.setConstant("loom_protocols", numbers);
    }

    private void setMethodConstants(BpfObject object, Map<String, Long> overrides) {
        for (SlottedMethod method : methods.values()) {
            method.description().constants().forEach((name, value) ->
                    setMethodConstant(object, method.name(), name, overrides.getOrDefault(name, value)));
        }
    }

    /** {@code name[3]} is the fourth 64-bit word of an array. */
    private static void setMethodConstant(BpfObject object, String method, String constant, long value) {
        int bracket = constant.indexOf('[');
        String name = bracket < 0 ? constant : constant.substring(0, bracket);
        byte[] present = object.constant(name).orElseThrow(() -> new MethodRefused(method, Problem.of(
                "LOOM-4104", "cannot set " + name + " of forwarding method " + method,
                "its object has no such const volatile variable", "install a matching version of the bundle")));
        if (bracket < 0) {
            object.setConstant(name, number(value, present.length));
            return;
        }
        int word = Integer.parseInt(constant, bracket + 1, constant.length() - 1, 10);
        ByteBuffer.wrap(present).order(ByteOrder.LITTLE_ENDIAN).putLong(word * Long.BYTES, value);
        object.setConstant(name, present);
    }

    /** The same program with other sizes and timeouts. */
    public Composition tuned(Tuning other) {
        return new Composition(elf, methods, openSlots, replySlots, protocols, other, fingerprint);
    }

    private static byte[] number(long value, int size) {
        byte[] bytes = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
        return Arrays.copyOf(bytes, size);
    }

    private void sizeMaps(BpfObject object) {
        for (String map : object.mapNames()) {
            switch (map) {
                case "loom_backends" -> size(object, map, tuning.backends());
                case "loom_conns4", "loom_conns6" -> size(object, map, tuning.connections().map());
                case "loom_verdicts" -> size(object, map, tuning.verdicts());
                case "loom_trace" -> object.resize(map, tuning.ringBytes());
                default -> {
                    if (OF_BACKENDS.contains(map)) {
                        object.resize(map, tuning.backends().maxEntries());
                    } else {
                        sizeMethodMap(object, map);
                    }
                }
            }
        }
    }

    private void sizeMethodMap(BpfObject object, String map) {
        Tuning.Connections connections = tuning.connections();
        if (MethodMaps.ages(map, object.mapType(map))) {
            object.resize(map, connections.maxEntries());
        } else if (MethodMaps.pairs(map, object.mapType(map))) {
            object.resize(map, connections.groups() * Tuning.Connections.GROUP);
            object.setConstant(MethodMaps.groups(map), number(connections.groups(), Integer.BYTES));
        }
    }

    private static void size(BpfObject object, String map, Tuning.Size size) {
        if (object.mapType(map) != size.type()) {
            object.setType(map, size.type());
        }
        object.resize(map, size.maxEntries());
    }

    /** The slot of a method in this program. */
    public Optional<Integer> slot(String method) {
        return methods.values().stream().filter(m -> m.name().equals(method)).map(SlottedMethod::slot).findFirst();
    }

    /** Name of a verdict number: of core, such as PASS_NOT_IP, or of a method's reason; empty if nobody defines it. */
    public Optional<String> verdictName(int number) {
        if (number < Verdict.METHOD_BASE) {
            return Verdict.of(number).map(Verdict::name);
        }
        int slot = (number - Verdict.METHOD_BASE) / Verdict.METHOD_RANGE;
        int reason = (number - Verdict.METHOD_BASE) % Verdict.METHOD_RANGE;
        return Optional.ofNullable(methods.get(slot))
                .map(SlottedMethod::description)
                .map(Description::verdicts)
                .filter(reasons -> reason < reasons.size())
                .map(reasons -> reasons.get(reason).name());
    }
}
