package io.loom.datapath.internal;

import static io.loom.datapath.internal.TestHost.DEVICE;
import static io.loom.datapath.internal.TestHost.address;
import static io.loom.datapath.internal.TestHost.ip;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Problem;
import java.io.IOException;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An address that a host answers for although nobody wants it there is another host's trouble. */
class VipAddressesTest {
    private static final InetAddress VIP = address("10.9.9.9");

    private final Meta meta = Meta.create();
    private boolean fails;
    private final AssignedAddresses ours = new AssignedAddresses(meta, this::run);
    private final VipAddresses addresses = new VipAddresses(ours);

    private void run(List<String> removals) throws IOException {
        if (fails) {
            throw new IOException("ip takes longer than 5 s");
        }
        IpCommand.batch(removals);
    }

    @BeforeEach
    void start() throws IOException {
        TestHost.addDevice();
        addresses.device(Optional.of(DEVICE));
    }

    @AfterEach
    void stop() throws IOException {
        TestHost.removeDevice();
        meta.close();
    }

    private void add(InetAddress address) {
        addresses.add(address);
        addresses.flush();
    }

    private void remove(InetAddress address) {
        addresses.remove(address);
        addresses.flush();
    }

    private List<String> problems() {
        return addresses.problems().stream().map(Problem::toString).toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.9.9.9", "2001:db8:9::9"})
    void oneThatCannotBeTakenOffIsOursUntilItCan(String text) {
        add(address(text));
        fails = true;
        remove(address(text));
        addresses.ensure();
        assertTrue(HostAddresses.of(DEVICE).contains(address(text)));
        assertEquals(List.of("LOOM-1279 cannot take address " + text + " off " + DEVICE + ": ip takes longer than 5 s; "
                + "Loom tries again each second; until then this host answers for it"), problems());
        assertEquals(Set.of(text), new AssignedAddresses(meta).all(), "who comes later knows of it");
        fails = false;
        addresses.ensure();
        assertFalse(HostAddresses.of(DEVICE).contains(address(text)));
        assertEquals(Set.of(), ours.all());
        assertEquals(List.of(), problems());
    }

    @Test
    void oneThatIsWantedAgainMeanwhileStays() {
        add(VIP);
        fails = true;
        remove(VIP);
        add(VIP);
        assertEquals(List.of(), problems());
        fails = false;
        addresses.ensure();
        assertTrue(HostAddresses.of(DEVICE).contains(VIP));
        assertEquals(Optional.of(DEVICE), ours.device("10.9.9.9"));
    }

    @Test
    void oneThatIsToMoveStaysWhereItIsUntilItCan() {
        add(VIP);
        fails = true;
        addresses.device(Optional.of("peer"));
        assertEquals(Optional.of(DEVICE), ours.device("10.9.9.9"));
        assertEquals(1, problems().size());
        fails = false;
        addresses.ensure();
        assertEquals(Optional.of("peer"), ours.device("10.9.9.9"));
        assertTrue(HostAddresses.of("peer").contains(VIP));
        assertFalse(HostAddresses.of(DEVICE).contains(VIP));
        assertEquals(List.of(), problems());
    }

    /** One that the operator has put there in its place, in another subnet, is the operator's. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void oneThatSomebodyHasTakenOffIsForgotten(boolean replaced) throws IOException {
        add(VIP);
        ip("addr del 10.9.9.9/32 dev " + DEVICE);
        if (replaced) {
            ip("addr add 10.9.9.9/24 dev " + DEVICE);
        }
        remove(VIP);
        assertEquals(Set.of(), ours.all());
        assertEquals(List.of(), problems());
        assertEquals(replaced, HostAddresses.of(DEVICE).contains(VIP));
    }
}
