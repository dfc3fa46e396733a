package io.loom.datapath.internal;

import io.loom.datapath.internal.layout.Layouts;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.IntPredicate;

/**
 * Which forwarding method has which slot. A slot stays with its method until the method is gone and no backend entry refers to
 * it, since entries in the kernel carry slot numbers. Pure; not thread-safe.
 */
final class SlotBook {
    private final SortedMap<Integer, MethodFacts> slots = new TreeMap<>();

    SlotBook(Map<Integer, MethodFacts> known) {
        slots.putAll(known);
    }

    SlotBook copy() {
        return new SlotBook(slots);
    }

    /** Frees slots of methods that are neither deployed nor in use. */
    void release(Set<String> deployed, IntPredicate used) {
        slots.entrySet().removeIf(entry -> !deployed.contains(entry.getValue().name()) && !used.test(entry.getKey()));
    }

    /** The method's slot, a new one if it has none; empty if all are taken. */
    OptionalInt assign(MethodFacts method) {
        OptionalInt slot = slot(method.name());
        if (slot.isEmpty()) {
            slot = java.util.stream.IntStream.range(0, Layouts.SLOTS).filter(free -> !slots.containsKey(free)).findFirst();
        }
        slot.ifPresent(number -> slots.put(number, method));
        return slot;
    }

    OptionalInt slot(String method) {
        return slots.entrySet().stream()
                .filter(entry -> entry.getValue().name().equals(method))
                .mapToInt(Map.Entry::getKey)
                .findFirst();
    }

    Optional<MethodFacts> method(int slot) {
        return Optional.ofNullable(slots.get(slot));
    }

    SortedMap<Integer, MethodFacts> slots() {
        return new TreeMap<>(slots);
    }
}
