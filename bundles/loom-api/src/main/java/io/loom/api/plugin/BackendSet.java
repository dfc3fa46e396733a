package io.loom.api.plugin;

import io.loom.api.Endpoint;
import java.util.List;

/** Backends that may get new connections, in a stable order (by endpoint), each with a weight above zero. */
public record BackendSet(List<Member> members) {

    /** @param weight relative share, 1 or more */
    public record Member(Endpoint endpoint, int weight) {
        public Member {
            if (weight < 1) {
                throw new IllegalArgumentException("weight " + weight + " of " + endpoint + " is below 1");
            }
        }
    }

    public BackendSet {
        members = List.copyOf(members);
    }

    public int size() {
        return members.size();
    }
}
