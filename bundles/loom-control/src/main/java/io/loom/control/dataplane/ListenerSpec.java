package io.loom.control.dataplane;

/**
 * @param table      where its new connections look up their backend
 * @param assigned   true if Loom puts the address on the interface, and takes it off with the listener
 * @param tracking   what is remembered of its connections
 * @param keepClient nat changes the destination only: backends see the client's address
 * @param affinity   a client's new connections go where its last one went
 * @param direct     its method answers clients directly, so only the client's half of a connection is seen
 * @param guard      what is asked before a connection begins
 * @param refuses    what would begin one is refused while there is no backend; false: dropped
 */
public record ListenerSpec(
        TableKey table, boolean assigned, Tracking tracking, boolean keepClient, boolean affinity, boolean direct,
        Guard guard, boolean refuses) {

    /** One that takes every connection. */
    public ListenerSpec(
            TableKey table, boolean assigned, Tracking tracking, boolean keepClient, boolean affinity, boolean direct) {
        this(table, assigned, tracking, keepClient, affinity, direct, Guard.NONE);
    }

    /** One that refuses. */
    public ListenerSpec(
            TableKey table, boolean assigned, Tracking tracking, boolean keepClient, boolean affinity, boolean direct,
            Guard guard) {
        this(table, assigned, tracking, keepClient, affinity, direct, guard, true);
    }
}
