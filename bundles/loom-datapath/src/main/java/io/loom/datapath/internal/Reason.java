package io.loom.datapath.internal;

import io.loom.api.Verdict;
import io.loom.datapath.SlottedMethod;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/** A verdict of the running program, as people see it. @param name lower case; begins with the method's if it is one of its own */
record Reason(int number, String name, Verdict.Action action) {

    /** Core's and those of the methods, ordered by number. */
    static List<Reason> all(Collection<SlottedMethod> methods) {
        List<Reason> reasons = new ArrayList<>();
        for (Verdict verdict : Verdict.values()) {
            reasons.add(of(verdict.number(), verdict.name(), verdict.action()));
        }
        for (SlottedMethod method : methods) {
            int number = Verdict.METHOD_BASE + method.slot() * Verdict.METHOD_RANGE;
            for (var reason : method.description().verdicts()) {
                reasons.add(of(number++, method.name() + "_" + reason.name(), Verdict.Action.DROP));
            }
        }
        return reasons;
    }

    private static Reason of(int number, String name, Verdict.Action action) {
        return new Reason(number, name.toLowerCase(Locale.ROOT), action);
    }
}
