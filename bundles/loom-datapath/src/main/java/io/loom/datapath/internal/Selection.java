package io.loom.datapath.internal;

import io.loom.api.Problem;
import io.loom.api.plugin.MethodOptions;
import io.loom.datapath.SlottedMethod;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.IntPredicate;

/**
 * Which methods the next program shall contain, and where. Pure.
 *
 * @param methods  each with its slot
 * @param slots    the book that goes with them
 * @param missing  in use, but their objects are not known: the running program must stay
 * @param problems that people should see
 */
record Selection(List<SlottedMethod> methods, SlotBook slots, List<String> missing, List<Problem> problems) {

    /**
     * @param deployed by name
     * @param refused  of those, the ones that cannot be linked or fail their tests
     * @param before   slots of the program in force
     * @param known    its methods as far as their objects are known
     * @param used     true for slots that backends refer to
     * @param options  the operator's
     */
    static Selection of(
            Map<String, MethodCode> deployed, Set<String> refused, SlotBook before, Map<String, MethodCode> known,
            IntPredicate used, MethodOptions options) {
        Map<String, MethodCode> wanted = new TreeMap<>();
        List<String> missing = new ArrayList<>();
        List<Problem> problems = new ArrayList<>();
        deployed.forEach((name, code) -> {
            if (!refused.contains(name)) {
                wanted.put(name, code);
            }
        });
        before.slots().forEach((slot, facts) -> {
            String name = facts.name();
            if (!wanted.containsKey(name) && (used.test(slot) || refused.contains(name))) {
                if (known.containsKey(name)) {
                    wanted.put(name, known.get(name));
                } else {
                    missing.add(name);
                }
                if (!deployed.containsKey(name)) {
                    problems.add(gone(name));
                }
            }
        });
        SlotBook slots = before.copy();
        slots.release(wanted.keySet(), slot -> false);
        return new Selection(place(wanted, options, slots, problems), slots, missing, problems);
    }

    private static List<SlottedMethod> place(
            Map<String, MethodCode> wanted, MethodOptions options, SlotBook slots, List<Problem> problems) {
        Map<Integer, SlottedMethod> placed = new HashMap<>();
        wanted.forEach((name, code) -> {
            OptionalInt slot = slots.assign(MethodFacts.of(code.description()));
            if (slot.isPresent()) {
                placed.put(slot.getAsInt(), new SlottedMethod(slot.getAsInt(), code.description(options), code.object()));
            } else {
                problems.add(Problem.of(
                        "LOOM-4106", "forwarding method " + name + " has no slot",
                        "the program has 8, all taken", "remove the bundle of another method"));
            }
        });
        return List.copyOf(placed.values());
    }

    private static Problem gone(String method) {
        return Problem.of(
                "LOOM-4107", "forwarding method " + method + " is in use, but its bundle is gone",
                "the running program keeps it", "put the bundle back, or change the vips that use it");
    }
}
