package io.loom.itests.bpf;

import io.loom.api.MacAddress;
import io.loom.datapath.Composition;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.World;
import io.loom.datapath.Tuning;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.BpfObject;
import io.loom.libbpf.RingReader;
import io.loom.libbpf.UpdateMode;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Programs of one class of tests, lent to one test after the other: to load one takes longer than most tests. Each is lent
 * with its maps as they were after loading (PlanesIT), so that no test can tell.
 */
final class Planes implements AfterAllCallback {
    private static final int BPF_F_RDONLY_PROG = 1 << 7;

    /** What decides how a program behaves; two that agree in it can stand for each other. */
    private record Program(String fingerprint, Tuning tuning, Map<String, Long> constants) {}

    private record Lent(Program program, Set<String> maps) {}

    private final Map<Program, Deque<ScratchPlane>> idle = new HashMap<>();
    private final Map<ScratchPlane, Lent> all = new HashMap<>();

    /** @param constants see {@link ScratchPlane#open} */
    ScratchPlane lend(Composition composition, Map<String, Long> constants) {
        Program program = new Program(composition.fingerprint(), composition.tuning(), constants);
        ScratchPlane plane = idle.computeIfAbsent(program, any -> new ArrayDeque<>()).poll();
        if (plane == null) {
            plane = ScratchPlane.open(composition, constants);
            all.put(plane, new Lent(program, mapNames(composition, constants)));
        }
        return plane;
    }

    /** The numbers that {@link ScratchPlane#addBackend} and {@link ScratchPlane#addVip} give go on: borrowers write theirs. */
    void giveBack(ScratchPlane plane) {
        maps(plane).forEach(Planes::empty);
        plane.putStations(World.IFINDEX, List.of(MacAddress.of(World.loomMac())));
        idle.get(all.get(plane).program()).add(plane);
    }

    /** Those that packets or tests can change. */
    List<BpfMap> maps(ScratchPlane plane) {
        return all.get(plane).maps().stream().map(plane::map).filter(map -> (map.flags() & BPF_F_RDONLY_PROG) == 0).toList();
    }

    private static Set<String> mapNames(Composition composition, Map<String, Long> constants) {
        try (BpfObject object = composition.open(constants)) {
            return Set.copyOf(object.mapNames());
        }
    }

    private static void empty(BpfMap map) {
        switch (map.type()) {
            case ARRAY, PERCPU_ARRAY -> zero(map);
            case HASH, LRU_HASH, DEVMAP_HASH, ARRAY_OF_MAPS, LPM_TRIE -> delete(map);
            case RINGBUF -> read(map);
            default -> throw new IllegalStateException("say how to empty " + map.name() + ", a map of type " + map.type());
        }
    }

    private static void read(BpfMap map) {
        try (RingReader ring = RingReader.open(map)) {
            ring.read(Integer.MAX_VALUE, record -> {});
        }
    }

    private static void zero(BpfMap map) {
        map.forEach((key, value) -> {
            if (!ByteBuffer.wrap(value).equals(ByteBuffer.allocate(value.length))) {
                map.update(key, new byte[value.length], UpdateMode.ANY);
            }
        });
    }

    private static void delete(BpfMap map) {
        List<byte[]> keys = new ArrayList<>();
        map.forEach((key, value) -> keys.add(key.clone()));
        keys.forEach(map::delete);
    }

    @Override
    public void afterAll(ExtensionContext context) {
        all.keySet().forEach(ScratchPlane::close);
        all.clear();
        idle.clear();
    }
}
