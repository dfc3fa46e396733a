package io.loom.datapath.internal.layout;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.IpAddress;
import io.loom.api.Prefix;
import io.loom.api.Protocol;
import io.loom.api.plugin.LookupTable;
import io.loom.control.dataplane.ListenerKey;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bytes written by hand from abi.h. */
class CodecsTest {
    private static final HexFormat HEX = HexFormat.of();

    private static Endpoint endpoint(String address, int port) {
        return new Endpoint(IpAddress.parse(address).orElseThrow(), port);
    }

    @Test
    void aListenerKeyHasAddressAndPortInWireOrder() {
        ListenerKey key = new ListenerKey(Protocol.TCP, endpoint("192.0.2.10", 8080));
        assertEquals("c000020a" + "1f90" + "06" + "00", HEX.formatHex(ListenerKeys.encode(key)));
        ListenerKey six = new ListenerKey(Protocol.UDP, endpoint("2001:db8::10", 53));
        assertEquals("20010db8000000000000000000000010" + "0035" + "11" + "0000000000", HEX.formatHex(ListenerKeys.encode(six)));
        assertEquals(key, ListenerKeys.decode(Family.IPV4, ListenerKeys.encode(key)));
        assertEquals(six, ListenerKeys.decode(Family.IPV6, ListenerKeys.encode(six)));
    }

    @Test
    void anAddressIsKeptAsAListenerOfNoPort() {
        assertEquals("c000020a" + "0000" + "01" + "00", HEX.formatHex(ListenerKeys.encodeAddress(endpoint("192.0.2.10", 1).address())));
        byte[] six = ListenerKeys.encodeAddress(endpoint("2001:db8::10", 1).address());
        assertEquals("20010db8000000000000000000000010" + "0000" + "3a" + "0000000000", HEX.formatHex(six));
        assertEquals(endpoint("2001:db8::10", 1).address(), ListenerKeys.address(Family.IPV6, six));
        assertEquals("0000" + "00" + "80" + "00".repeat(12), HEX.formatHex(ListenerEntry.ofAddress().encode()));
    }

    @Test
    void aListenerHasNumbersInHostOrder() {
        ListenerEntry entry = new ListenerEntry(
                258, LookupTable.Index.COUNTER, Set.of(ListenerEntry.Flag.ASSIGNED, ListenerEntry.Flag.KEEP_CLIENT), 7, 65537, 9);
        assertEquals("0201" + "01" + "11" + "09000000" + "07000000" + "01000100", HEX.formatHex(entry.encode()));
        assertEquals(entry, ListenerEntry.decode(entry.encode()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"198.51.100.20", "2001:db8:1::20"})
    void aBackendComesBackAsItWasWritten(String address) {
        NextHop hop = new NextHop(
                IpAddress.parse(address).orElseThrow(), 300, 1500, HEX.parseHex("020000000020"), HEX.parseHex("020000000001"));
        BackendEntry entry = new BackendEntry(endpoint(address, 8080), 3, true, true, true, Optional.of(hop));
        assertEquals(Optional.of(entry), BackendEntry.decode(entry.encode()));
        BackendEntry unresolved = entry.withHop(Optional.empty()).withDown(false);
        assertEquals(Optional.of(unresolved), BackendEntry.decode(unresolved.encode()));
    }

    @Test
    void aBackendsBytesAreThoseOfTheHeader() {
        NextHop hop = new NextHop(
                IpAddress.parse("198.51.100.1").orElseThrow(), 2, 1500, HEX.parseHex("020000000020"), HEX.parseHex("020000000001"));
        BackendEntry entry = new BackendEntry(endpoint("198.51.100.20", 8080), 3, false, true, false, Optional.of(hop));
        String expected = "c6336414" + "00".repeat(12) + "c6336401" + "00".repeat(12) + "1f90" + "04" + "03" + "02" + "00"
                + "dc05" + "02000000" + "020000000020" + "020000000001" + "00".repeat(8);
        assertEquals(expected, HEX.formatHex(entry.encode()));
    }

    @Test
    void aWayOverVlansHasTheirTagsInHostOrder() {
        NextHop hop = new NextHop(
                IpAddress.parse("198.51.100.1").orElseThrow(), 2, 1500, HEX.parseHex("020000000020"), HEX.parseHex("020000000001"),
                new VlanTags(258, 4094));
        BackendEntry entry = new BackendEntry(endpoint("198.51.100.20", 80), 1, false, false, false, Optional.of(hop));
        assertEquals("0201" + "fe0f", HEX.formatHex(entry.encode()).substring(120));
        assertEquals(Optional.of(entry), BackendEntry.decode(entry.encode()));
    }

    @Test
    void sourcesByFlowTakeThePlaceOfTheOwnOne() {
        NextHop hop = new NextHop(
                IpAddress.parse("198.51.100.1").orElseThrow(), 2, 1500, HEX.parseHex("020000000020"), HEX.parseHex("020000000001"));
        OuterSource range = OuterSource.within(new Prefix(IpAddress.parse("172.16.0.0").orElseThrow(), 16));
        BackendEntry entry = new BackendEntry(endpoint("198.51.100.20", 80), 1, false, false, false, Optional.of(hop))
                .withOuterSource(Optional.of(range));
        String bytes = HEX.formatHex(entry.encode());
        assertEquals("ac100000", bytes.substring(32, 40));
        assertEquals("0000ffff", bytes.substring(112, 120));
        assertEquals(Optional.of(range), BackendEntry.decode(entry.encode()).orElseThrow().outer());
    }

    @Test
    void anEntryThatChangesTwiceRemembersItsFirstBackend() {
        int first = TableEntry.settled(1);
        int second = TableEntry.next(first, 2);
        int third = TableEntry.next(second, 3);
        assertEquals(TableEntry.changing(3, 1), third);
        assertEquals(first, TableEntry.next(first, 1));
        assertEquals(TableEntry.changing(1, 1), TableEntry.next(second, 1));
        assertEquals(3 | 1 << 15 | 1 << 30, third);
    }

    @Test
    void zeroesAreNoBackend() {
        assertEquals(Optional.empty(), BackendEntry.decode(BackendEntry.none()));
    }

    @Test
    void aConnectionKeyEndsWithTheListener() {
        assertEquals("cb007107" + "9c40" + "0201", HEX.formatHex(ConnectionKeys.encode(endpoint("203.0.113.7", 40000), 258)));
        byte[] six = ConnectionKeys.encode(endpoint("2001:db8:2::7", 40000), 258);
        assertEquals("20010db8000200000000000000000007" + "9c40" + "0201", HEX.formatHex(six));
        assertEquals(258, ConnectionKeys.listener(Family.IPV6, six));
    }

    @Test
    void aConnectionComesBackAsItWasWritten() {
        ConnectionWord highest = new ConnectionWord(0x7fff, true, 7, 3, 0xfffff, 0x7fffff);
        assertEquals(-1L, highest.encode());
        assertEquals(highest, ConnectionWord.decode(-1L));
        ConnectionWord some = new ConnectionWord(1, false, 2, 1, 4, 5);
        assertEquals(1L | 2L << 16 | 1L << 19 | 4L << 21 | 5L << 41, some.encode());
        assertEquals(some, ConnectionWord.decode(some.encode()));
    }

    @Test
    void countersAreSummedOverProcessors() {
        ByteBuffer values = ByteBuffer.allocate(48).order(ByteOrder.LITTLE_ENDIAN);
        values.putLong(1).putLong(2).putLong(3).putLong(10).putLong(20).putLong(30);
        assertEquals(new VerdictCount(11, 22, 33), VerdictCount.sum(values.array()));
        assertEquals(new FlowCount(11, 22, 33), FlowCount.sum(values.array()));
        assertEquals(66, CpuCount.sum(values.array()));
    }

    @Test
    void tableEntriesStandInOrder() {
        ByteBuffer table = ByteBuffer.allocate(2 * TableRows.rowSize()).order(ByteOrder.LITTLE_ENDIAN);
        int[] numbers = new int[17];
        numbers[0] = 5;
        numbers[16] = 6;
        TableRows.write(table, numbers);
        assertEquals(5, table.getInt(0));
        assertEquals(6, table.getInt(64));
        assertArrayEquals(numbers, TableRows.read(table, 17));
        assertEquals(2, TableRows.rows(17));
        assertEquals(1, TableRows.rows(0));
    }
}
