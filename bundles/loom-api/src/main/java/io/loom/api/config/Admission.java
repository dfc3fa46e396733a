package io.loom.api.config;

import java.util.Map;
import java.util.Optional;

/**
 * Which new connections a vip takes.
 *
 * @param maxConnections open at a time, over all listeners of the vip; 0: no limit
 * @param overflow       true: what is beyond a limit, the vip's or its backends', goes to the local stack; false: it is dropped
 * @param courses        services that are not balanced as all others are
 * @param rate           of new connections of one source; empty: any
 * @param onEmpty        what becomes of them while there is no usable backend
 */
public record Admission(
        int maxConnections, boolean overflow, Map<Vip.Service, Course> courses, Optional<Rate> rate, OnEmpty onEmpty) {

    public static final Admission OPEN = new Admission(0, false, Map.of());

    /**
     * How often a source, which is an IPv4 address or the first 64 bits of an IPv6 address, may begin a connection.
     *
     * @param perSecond in the long run, at least 1
     * @param burst     at once, at least 1
     */
    public record Rate(int perSecond, int burst) {}

    /** Without a limit for sources. */
    public Admission(int maxConnections, boolean overflow, Map<Vip.Service, Course> courses) {
        this(maxConnections, overflow, courses, Optional.empty(), OnEmpty.RESET);
    }

    /** What becomes of a packet that would begin a connection where there is no usable backend; printed in lower case. */
    public enum OnEmpty {
        /** Its sender is told: a TCP reset, or port unreachable. */
        RESET,
        /** Nothing: it is dropped. */
        DROP
    }

    /** Where new connections of a service go; printed in lower case. */
    public enum Course {
        /** To a backend. */
        BALANCE,
        /** To the local stack, each for its life; connections that backends have stay with them. */
        LOCAL,
        /** All packets go to the local stack, those of connections that backends have too. */
        PASS,
        /** Nowhere: they would need the local stack, and may not go there. */
        REFUSE
    }

    public Admission {
        courses = Map.copyOf(courses);
    }

    public Course course(Vip.Service service) {
        return courses.getOrDefault(service, Course.BALANCE);
    }
}
