package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.Verdict;
import io.loom.api.plugin.LookupTable;
import io.loom.datapath.Composition;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.World;
import io.loom.datapath.internal.Keys;
import io.loom.datapath.internal.layout.BackendEntry;
import io.loom.datapath.internal.layout.ConnectionWord;
import io.loom.datapath.internal.layout.FlowCount;
import io.loom.datapath.internal.layout.VerdictCount;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.UpdateMode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongUnaryOperator;

/** One vip of one family with two backends, 1 and 2, on maps of its own; what a test does to it, and what it can see. */
final class Balancer implements AutoCloseable {
    static final int CLIENT_PORT = 40000;
    private static final int LISTENER = 0;
    private static final Frames FRAMES = new Frames();

    private final Family family;
    private final String method;
    private final Planes planes;
    private final ScratchPlane plane;
    private final NatPairs pairs;

    /** The table names only backend 1. */
    Balancer(Planes planes, Composition composition, Family family, String method, Map<String, Long> constants) {
        this.family = family;
        this.method = method;
        this.planes = planes;
        this.plane = planes.lend(composition, constants);
        this.pairs = new NatPairs(plane, family);
        backend(1, false);
        backend(2, false);
        choose(1);
    }

    /** New connections go to these backends; none: the vip has no backend. */
    void choose(Integer... backends) {
        plane.putVip(LISTENER, World.vip(family), LookupTable.Index.FLOW_HASH, List.of(backends));
    }

    /** New connections go to these backends in turn. */
    void rotate(Integer... backends) {
        plane.putVip(LISTENER, World.vip(family), LookupTable.Index.COUNTER, List.of(backends));
    }

    void backend(int number, boolean down) {
        plane.putBackend(number, new ScratchPlane.Backend(endpoint(number), method, World.MTU, down, World.IFINDEX));
    }

    void backendBehind(int number, int ifindex) {
        plane.putBackend(number, new ScratchPlane.Backend(endpoint(number), method, World.MTU, false, ifindex));
    }

    /** The backend is forwarded to by whatever is in the slot. */
    void backendInSlot(int number, int slot) {
        BackendEntry entry = BackendEntry.decode(plane.map("loom_backends").lookup(Keys.of(number)).orElseThrow()).orElseThrow();
        plane.map("loom_backends").update(Keys.of(number), new BackendEntry(
                entry.endpoint(), slot, entry.down(), entry.stateful(), entry.draining(), entry.hop()).encode(), UpdateMode.ANY);
    }

    void backendIsGone(int number) {
        plane.removeBackend(number);
    }

    /** Backend 1 is the one that the frames of answers come from. */
    private Endpoint endpoint(int number) {
        int port = method.equals("nat") ? 8080 : World.VIP_PORT;
        return new Endpoint(World.backend(family, number), port);
    }

    String request(String flags) {
        return request(flags, CLIENT_PORT);
    }

    String request(String flags, int port) {
        return plane.run(FRAMES.request(family, flags, port)).verdict();
    }

    ScratchPlane.Outcome send(String flags) {
        return plane.run(FRAMES.request(family, flags, CLIENT_PORT));
    }

    String answer(String flags, int port) {
        return plane.run(FRAMES.answer(family, flags, port)).verdict();
    }

    ScratchPlane.Outcome sendBack(String flags, int port) {
        return plane.run(FRAMES.answer(family, flags, port));
    }

    ScratchPlane.Outcome run(byte[] frame) {
        return plane.run(frame);
    }

    /** Takes over the connections of another one, as a new program takes over the maps of the one before. */
    void adopt(Balancer other) {
        for (String name : List.of("loom_conns" + family.version(), "nat_pairs" + family.version())) {
            BpfMap map = plane.map(name);
            other.plane.map(name).forEach((key, value) -> map.update(key, value, UpdateMode.ANY));
        }
    }

    /** Has all clients come in on another interface. */
    void clientsAreBehind(int ifindex) {
        pairs.comeInOn(ifindex);
    }

    /** Tells nat in which ticks a neighbour and an interface changed last. */
    void moved(int neighbour, int device) {
        byte[] ticks = ByteBuffer.allocate(2 * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(neighbour).putInt(device).array();
        plane.map("nat_moved").update(Keys.of(0), ticks, UpdateMode.ANY);
    }

    /** Somebody on this host has these ports; nobody has the others. */
    void portsAtHome(int... ports) {
        BitSet taken = new BitSet();
        for (int port : ports) {
            taken.set(port);
        }
        long[] words = Arrays.copyOf(taken.toLongArray(), 1024);
        for (int at = 0; at < words.length; at++) {
            byte[] word = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(words[at]).array();
            plane.map("nat_taken").update(Keys.of(at), word, UpdateMode.ANY);
        }
    }

    Optional<ConnectionWord> connection() {
        List<Long> words = new ArrayList<>();
        replace(word -> {
            words.add(word);
            return word;
        });
        assertTrue(words.size() < 2, "the connection is in the table twice");
        return words.stream().map(ConnectionWord::decode).findFirst();
    }

    /** Moves the last packet of the connection into the past. */
    void idle(int ticks) {
        replace(word -> Connections.aged(word, ticks));
    }

    /** The same for the reply half of every connection. */
    void idleReplies(int ticks) {
        pairs.replace(word -> Connections.aged(word, ticks));
    }

    NatPairs pairs() {
        return pairs;
    }

    List<ConnectionWord> replies() {
        return pairs.words().stream().map(ConnectionWord::decode).toList();
    }

    /** States of the reply halves. */
    List<Integer> replyStates() {
        return pairs.words().stream().map(word -> ConnectionWord.decode(word).state()).toList();
    }

    void forgetReplies() {
        pairs.replace(word -> 0);
    }

    void forgetConnection() {
        assertEquals(1, replace(word -> 0));
    }

    /** What becomes of the word of the client's connection; returns how many were deleted. */
    private long replace(LongUnaryOperator next) {
        int wanted = Short.toUnsignedInt(Short.reverseBytes((short) CLIENT_PORT));
        return plane.connections(family).walk((listener, client, rawPort, word) ->
                listener == LISTENER && rawPort == wanted ? next.applyAsLong(word) : word);
    }

    FlowCount backendCount(int number) {
        return FlowCount.sum(plane.map("loom_bstats").lookup(Keys.of(number)).orElseThrow());
    }

    FlowCount listenerCount() {
        return FlowCount.sum(plane.map("loom_lstats").lookup(Keys.of(LISTENER)).orElseThrow());
    }

    VerdictCount count(Verdict verdict) {
        return count(verdict.number());
    }

    VerdictCount count(int verdict) {
        return VerdictCount.sum(plane.map("loom_verdicts").lookup(Keys.of(verdict)).orElseThrow());
    }

    BpfMap devices() {
        return plane.map("loom_devices");
    }

    BpfMap mtus() {
        return plane.map("loom_mtus");
    }

    @Override
    public void close() {
        planes.giveBack(plane);
    }
}
