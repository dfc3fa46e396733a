package io.loom.admin.internal;

import io.loom.api.Problem;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A request without its transport.
 *
 * @param method  upper case
 * @param path    decoded, without the query
 * @param headers first value of a header by its name, empty if absent
 * @param body    whole, empty if there was none
 * @param ids     numbers in the path, in order
 * @param query   parameters by name, decoded; a name that is there more than once is refused
 */
record Call(String method, String path, Function<String, String> headers, byte[] body, List<Integer> ids,
            Supplier<Map<String, String>> query) {

    /** Parameters of a query that are none of the known ones, in words. */
    static List<Problem> unknown(Map<String, String> query, Set<String> known) {
        String fix = known.isEmpty() ? "leave it out" : "use " + String.join(", ", known);
        return query.keySet().stream().filter(name -> !known.contains(name)).map(JsonBody::shortened)
                .map(name -> new Problem(Refusal.UNKNOWN_FIELD.code(), "?" + name, "there is no parameter " + name, "", fix)).toList();
    }

    String header(String name) {
        return headers.apply(name);
    }

    int id() {
        return ids.get(0);
    }

    Call withIds(List<Integer> found) {
        return new Call(method, path, headers, body, found, query);
    }

    Call withMethod(String other) {
        return new Call(other, path, headers, body, ids, query);
    }
}
