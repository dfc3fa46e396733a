package io.loom.admin.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One line of the REST interface.
 *
 * @param path     with {@code {id}} for a number
 * @param summary  what it does, as the documentation says it
 * @param anyQuery whether parameters are its own business; else there are none, and who gives one is told that it does nothing
 */
record Route(String method, String path, String summary, boolean anyQuery, Resource resource) {
    Route(String method, String path, String summary, Resource resource) {
        this(method, path, summary, false, resource);
    }

    /** Answers a call; may throw {@link io.loom.api.LoomException}. */
    interface Resource {
        Answer answer(Call call);
    }

    /** The ids in the path if it has this route's shape, whatever the method. */
    Optional<List<Integer>> match(String requested) {
        String[] mine = path.split("/", -1);
        String[] theirs = requested.split("/", -1);
        if (mine.length != theirs.length) {
            return Optional.empty();
        }
        List<Integer> ids = new ArrayList<>();
        for (int i = 0; i < mine.length; i++) {
            if (mine[i].equals("{id}") && theirs[i].matches("[1-9]\\d{0,8}")) {
                ids.add(Integer.valueOf(theirs[i]));
            } else if (!mine[i].equals(theirs[i])) {
                return Optional.empty();
            }
        }
        return Optional.of(ids);
    }
}
