package io.loom.datapath.internal;

import static io.loom.datapath.internal.TestHost.FIRST;
import static io.loom.datapath.internal.TestHost.SECOND;
import static io.loom.datapath.internal.TestHost.nat;
import static io.loom.datapath.internal.TestHost.tcp;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Family;
import io.loom.api.config.Admission.Course;
import io.loom.control.dataplane.Change;
import io.loom.control.dataplane.Guard;
import io.loom.control.dataplane.ListenerKey;
import io.loom.control.dataplane.ListenerSpec;
import io.loom.control.dataplane.TableKey;
import io.loom.control.dataplane.Tracking;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What entries of lookup tables say of connections that have another backend than theirs. */
class TablesTest extends DataPlaneFixture {
    private static final ListenerKey LISTENER = tcp("10.9.9.9", 80);

    private void put(TableKey table, boolean affinity, Guard guard) {
        plane.apply(new Change.PutListener(LISTENER, new ListenerSpec(table, true, Tracking.FULL, false, affinity, false, guard)));
    }

    /** What was decided by a limit is not what the table says, so packets must be looked for before they go by the table alone. */
    @Test
    void entriesAreInDoubtWhenTheirListenerIsGuardedNoMore() throws Exception {
        balance(plane);
        put(TABLE, false, new Guard(Course.BALANCE, false, 1, false));
        assertTrue(settled(0));
        put(TABLE, false, Guard.NONE);
        assertFalse(settled(0));
    }

    /** Nor is what was decided by an earlier connection of the client. */
    @Test
    void entriesAreInDoubtWhenClientsAreRememberedNoMore() throws Exception {
        balance(plane);
        put(TABLE, true, Guard.NONE);
        assertTrue(settled(0));
        put(TABLE, false, Guard.NONE);
        assertFalse(settled(0));
    }

    @Test
    void entriesAreInDoubtWhenAListenerComesBackBeforeItsConnectionsHaveEnded() throws Exception {
        balance(plane);
        runSyn();
        plane.apply(new Change.RemoveListener(LISTENER));
        put(TABLE, false, Guard.NONE);
        assertFalse(settled(0));
    }

    @Test
    void entriesOfATableThatAListenerChangesToAreInDoubt() throws Exception {
        balance(plane);
        TableKey renamed = new TableKey("shop", Family.IPV4);
        plane.apply(new Change.PutTable(renamed, spec(Map.of(nat(FIRST), 50, nat(SECOND), 100))));
        assertTrue(settled(1));
        put(renamed, false, Guard.NONE);
        assertFalse(settled(1));
        assertEquals(renamed, plane.applied().listeners().get(LISTENER).table());
    }

    @Test
    void entriesAreNotInDoubtWhenAListenerIsNewOrChangesInAnotherWay() throws Exception {
        balance(plane);
        assertTrue(settled(0));
        put(TABLE, false, new Guard(Course.BALANCE, false, 1, false));
        put(TABLE, true, new Guard(Course.BALANCE, false, 2, false));
        assertTrue(settled(0));
    }
}
