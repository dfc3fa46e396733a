package io.loom.api.plugin;

import io.loom.api.Family;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the control plane must know of a forwarding method.
 *
 * @param name      what YAML calls it, such as {@code ipip}; lower case, at most 15 characters
 * @param direct    true for direct server return: replies bypass Loom, the vip lives on the backends and the port stays
 * @param stateful  true if a packet without a connection and without SYN cannot be forwarded (nat)
 * @param overhead  bytes that it adds to a packet
 * @param pairs     the address families of backends that it can reach, for each family of vip
 * @param constants values of the object's {@code const volatile} globals, by name, set before load
 * @param verdicts  reasons why the method drops a packet, in the order of their numbers in the object; at most 16
 * @param selfTest  packets that a newly linked program must treat as expected before it replaces the running one
 */
public record Description(
        String name,
        boolean direct,
        boolean stateful,
        int overhead,
        Map<Family, Set<Family>> pairs,
        Map<String, Long> constants,
        List<Reason> verdicts,
        SelfTest selfTest) {

    /** @param name upper case, such as {@code DROP_PORTS_EXHAUSTED}; unique in the method */
    public record Reason(String name, String meaning) {}

    public Description {
        if (!name.matches("[a-z][a-z0-9_]{0,14}")) {
            throw new IllegalArgumentException("bad method name " + name);
        }
        if (verdicts.size() > 16) {
            throw new IllegalArgumentException(name + " has more than 16 verdicts");
        }
        pairs = Map.copyOf(pairs);
        constants = Map.copyOf(constants);
        verdicts = List.copyOf(verdicts);
    }

    /** The same with other constants. */
    public Description withConstants(Map<String, Long> others) {
        return new Description(name, direct, stateful, overhead, pairs, others, verdicts, selfTest);
    }

    /** What {@link ForwardingMethod#capacity} has said for the options that these constants are of. */
    public long capacity(Family backend) {
        return constants.getOrDefault(name + "_capacity" + backend.version(), 0L);
    }

    /** Whether the packet travels inside another one, whose source the operator may choose. */
    public boolean encapsulates() {
        return direct && overhead > 0;
    }
}
