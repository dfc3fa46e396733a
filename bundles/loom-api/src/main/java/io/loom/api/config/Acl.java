package io.loom.api.config;

import io.loom.api.Prefix;
import java.util.Map;

/**
 * Sources from which connections may begin. Of the rules that match an address, that with the longest prefix decides; an address that
 * none matches is allowed.
 *
 * @param rules true: denied. What counts for all others is a rule for each family with a prefix of no bits
 */
public record Acl(Map<Prefix, Boolean> rules) {

    /** No source is asked for. */
    public static final Acl NONE = new Acl(Map.of());

    public Acl {
        rules = Map.copyOf(rules);
    }

    public boolean asks() {
        return !rules.isEmpty();
    }
}
