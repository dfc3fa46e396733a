package io.loom.datapath.internal;

import io.loom.api.Family;
import io.loom.api.LoomException;
import io.loom.api.Prefix;
import io.loom.api.Problem;
import io.loom.api.config.Acl;
import io.loom.api.control.Telemetry.AclUse;
import io.loom.datapath.internal.layout.AclKeys;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.UpdateMode;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * The rules for sources in loom_acl4/6. Changed by difference, in an order in which nobody is refused meanwhile who is allowed before and
 * after, and nobody allowed who is denied before and after: what is new goes in with the longest prefixes first, then what
 * is gone goes out with the shortest first. So the rule that decides about an address is at any time that of before or that of after.
 * Thread-safe.
 */
final class Sources {
    /** Connections that began while the rules changed are seen by the sweep after the next. */
    private static final int SWEEPS = 2;

    private final Map<Family, BpfMap> tries;
    private Map<Prefix, Boolean> rules = new HashMap<>();
    /** The same, counted; read without waiting for a change of the list to end. */
    private final Map<Family, Held> held = Map.of(Family.IPV4, new Held(), Family.IPV6, new Held());
    private int sweepsToDo;
    /** What the sweep under way holds connections against, unless that has changed since. */
    private SourceRules expelling = SourceRules.NONE;

    /** How many rules the kernel holds. */
    private record Held(AtomicInteger allow, AtomicInteger deny) {
        Held() {
            this(new AtomicInteger(), new AtomicInteger());
        }

        void add(boolean denied, int rules) {
            (denied ? deny : allow).addAndGet(rules);
        }
    }

    /** Takes over what an earlier process left. */
    Sources(BpfMap trie4, BpfMap trie6) {
        this.tries = Map.of(Family.IPV4, trie4, Family.IPV6, trie6);
        tries.forEach((family, trie) ->
                trie.forEach((key, action) -> note(AclKeys.decode(family, key), AclKeys.denies(action))));
    }

    /** @throws LoomException LOOM-1216 if the kernel has no room for the rules; those that are in force may then be of before and after */
    synchronized void put(Acl acl) {
        Map<Prefix, Boolean> wanted = acl.rules();
        List<Prefix> added = wanted.keySet().stream().filter(prefix -> !wanted.get(prefix).equals(rules.get(prefix)))
                .sorted(Comparator.comparingInt(Prefix::length).reversed()).toList();
        List<Prefix> removed = rules.keySet().stream().filter(prefix -> !wanted.containsKey(prefix))
                .sorted(Comparator.comparingInt(Prefix::length)).toList();
        if (added.isEmpty() && removed.isEmpty()) {
            return;
        }
        sweepsToDo = SWEEPS;
        expelling = SourceRules.NONE;
        added.forEach(prefix -> {
            write(prefix, wanted.get(prefix));
            note(prefix, wanted.get(prefix));
        });
        removed.forEach(prefix -> {
            tries.get(prefix.family()).delete(AclKeys.encode(prefix));
            held.get(prefix.family()).add(rules.remove(prefix), -1);
        });
    }

    private void note(Prefix prefix, boolean deny) {
        Held ofFamily = held.get(prefix.family());
        Boolean before = rules.put(prefix, deny);
        if (before != null) {
            ofFamily.add(before, -1);
        }
        ofFamily.add(deny, 1);
    }

    /** Rules in the kernel, by address family, and how many there can be. */
    List<AclUse> uses() {
        return Stream.of(Family.values())
                .map(family -> new AclUse(family, held.get(family).allow().get(), held.get(family).deny().get(),
                        tries.get(family).maxEntries()))
                .toList();
    }

    private void write(Prefix prefix, boolean deny) {
        try {
            tries.get(prefix.family()).update(AclKeys.encode(prefix), AclKeys.action(deny), UpdateMode.ANY);
        } catch (LoomException failure) {
            throw new LoomException(Problem.of(
                    "LOOM-1216", "cannot write the rule for " + prefix + " of ebpf.acl", failure.problems().get(0).text(),
                    "give fewer prefixes, or more memory; the rules are written again with the next change of the file"), failure);
        }
    }

    /**
     * Sweeps the connections. One that fails does not count as one after the last change.
     *
     * @param sweep is given what to hold connections against: all rules after a change, else none
     */
    <T> T expel(Function<SourceRules, T> sweep) {
        T found = sweep.apply(toExpel());
        expelled();
        return found;
    }

    private synchronized SourceRules toExpel() {
        expelling = sweepsToDo == 0 ? SourceRules.NONE : new SourceRules(rules);
        return expelling;
    }

    private synchronized void expelled() {
        if (expelling != SourceRules.NONE) {
            sweepsToDo--;
            expelling = SourceRules.NONE;
        }
    }
}
