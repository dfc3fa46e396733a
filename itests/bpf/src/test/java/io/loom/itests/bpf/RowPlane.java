package io.loom.itests.bpf;

import io.loom.api.Family;
import io.loom.api.IpAddress;
import io.loom.api.Prefix;
import io.loom.api.Protocol;
import io.loom.api.plugin.LookupTable;
import io.loom.control.dataplane.ListenerKey;
import io.loom.datapath.Composition;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.Tuning;
import io.loom.datapath.internal.layout.BackendEntry;
import io.loom.datapath.internal.layout.GuardEntry;
import io.loom.datapath.internal.layout.ListenerEntry;
import io.loom.libbpf.BpfProgram;
import io.loom.libbpf.UpdateMode;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * The program in the world of packet tables, behind poisoned headroom; forgets its connections between rows. Worlds without
 * options share one program: to verify it takes longer than all rows of most worlds.
 */
final class RowPlane implements AutoCloseable {
    private static final int STALE = 61; // ticks, one more than LOOM_LIMIT_LASTS
    private static final int REFUSALS = 77; // any bucket
    private static final int BACKENDS = 1024; // each time that a world is entered takes two
    private final ScratchPlane plane;
    private final Admission admission;
    private final Poison poison;
    private final BpfProgram entry;
    private World world;
    private boolean down;

    /**
     * What rows may differ in before their first packet.
     *
     * @param mtu     towards the backend, bytes of IP packet; 0: unknown
     * @param crossed the backend is of the other address family
     * @param entropy bits of the last word of outer sources that come from the flow's hash
     * @param options what rows.py says
     */
    record World(String method, int mtu, boolean crossed, int entropy, List<String> options) {
        Composition composition() {
            return options.contains("sources") ? Linked.withSources() : Linked.shipped(manyBackends());
        }

        private static Tuning manyBackends() {
            Tuning small = Linked.rows();
            return new Tuning(small.hz(), small.timeouts(), small.affinity(), small.seed(),
                    new Tuning.Size(BACKENDS, small.backends().type()), small.connections(), small.verdicts());
        }

        /** Whether its program can serve that world too, one after the other. */
        boolean shares(World other) {
            return options.isEmpty() && other.options.isEmpty();
        }

        Protocol protocol() {
            return options.contains("udp") ? Protocol.UDP : Protocol.TCP;
        }

        Set<ListenerEntry.Flag> flags() {
            Set<ListenerEntry.Flag> flags = EnumSet.noneOf(ListenerEntry.Flag.class);
            if (options.contains("keep")) {
                flags.add(ListenerEntry.Flag.KEEP_CLIENT);
            }
            if (options.contains("guard pass")) {
                flags.add(ListenerEntry.Flag.PASS);
            } else if (guarded()) {
                flags.add(ListenerEntry.Flag.GUARDED);
            }
            if (options.contains("guard minimal")) {
                flags.add(ListenerEntry.Flag.MINIMAL);
            }
            if (options.contains("guard stateless")) {
                flags.add(ListenerEntry.Flag.STATELESS);
            }
            return flags;
        }

        boolean empty() {
            return options.stream().anyMatch(option -> option.startsWith("empty"));
        }

        boolean guarded() {
            return options.stream().anyMatch(option -> option.startsWith("guard"));
        }

        GuardEntry.Flag[] guards() {
            return Arrays.stream(GuardEntry.Flag.values())
                    .filter(flag -> options.stream().anyMatch(
                            option -> option.startsWith("guard " + flag.name().toLowerCase(Locale.ROOT))))
                    .toArray(GuardEntry.Flag[]::new);
        }

        /** {@code limit vip 1} allows one connection; 0: no limit. */
        int limit(String owner) {
            String prefix = "guard limit " + owner + " ";
            return options.stream().filter(option -> option.startsWith(prefix))
                    .mapToInt(option -> Integer.parseInt(option.substring(prefix.length()))).findFirst().orElse(0);
        }
    }

    RowPlane(World world) throws IOException {
        plane = ScratchPlane.open(world.composition(), Linked.ONE_PORT);
        this.world = world;
        admission = new Admission(plane, () -> Clock.tick() - (world.options().contains("guard stale") ? STALE : 0));
        plane.addWorld(world.method(), world.mtu(), world.crossed(), world.entropy());
        if (!world.options().isEmpty()) {
            for (Family family : Family.values()) {
                // addWorld gives each family two numbers, the first of which is its table's too.
                int number = 2 * family.ordinal();
                plane.putListener(new ListenerKey(world.protocol(), io.loom.datapath.World.vip(family)),
                        new ListenerEntry(number, LookupTable.Index.FLOW_HASH, world.flags(), number, world.empty() ? 0 : 1, 0));
                if (world.guarded()) {
                    admission.vip(number, world.limit("vip"), world.guards());
                    admission.backend(family.ordinal() + 1, world.limit("backend"));
                    sources(family);
                    if (world.options().contains("guard rate 1 2")) {
                        admission.guard(number, new GuardEntry(Set.of(), 0, 1, 2, 1));
                    }
                }
                if (world.options().contains("empty reset") || world.options().contains("refuse")) {
                    admission.guard(number, new GuardEntry(Set.of(), 0, 0, 0, 0, REFUSALS));
                }
            }
        }
        poison = new Poison(plane.program());
        entry = poison.program();
    }

    /** The client of world.py, and the network that it is in. */
    private void sources(Family family) {
        InetAddress client = IpAddress.parse(family == Family.IPV4 ? "203.0.113.7" : "3fff:2:c1:c2:c3:c4:c5:7").orElseThrow();
        int bits = client.getAddress().length * Byte.SIZE;
        if (world.options().contains("guard acl deny")) {
            admission.rule(Prefix.around(client, bits - 8), true);
        }
        if (world.options().contains("guard acl allow")) {
            admission.rule(Prefix.around(client, bits), false);
        }
    }

    /** Of another world that shares the program, or the same. */
    void enter(World next) {
        if (!world.equals(next)) {
            plane.removeVips();
            plane.addWorld(next.method(), next.mtu(), next.crossed(), next.entropy());
            world = next;
        }
    }

    boolean serves(World other) {
        return world.equals(other) || world.shares(other);
    }

    /** Of all numbers that there are. */
    void backendsAre(boolean down) {
        if (this.down == down) {
            return;
        }
        this.down = down;
        Map<byte[], BackendEntry> entries = new HashMap<>();
        plane.map("loom_backends").forEach((key, value) -> BackendEntry.decode(value).ifPresent(entry -> entries.put(key.clone(), entry)));
        entries.forEach((key, entry) -> plane.map("loom_backends").update(key, new BackendEntry(
                entry.endpoint(), entry.slot(), down, entry.stateful(), entry.draining(), entry.hop(), entry.outer()).encode(), UpdateMode.ANY));
    }

    ScratchPlane.Outcome run(byte[] frame) {
        return plane.run(entry, frame);
    }

    void forget() {
        backendsAre(false);
        for (Family family : Family.values()) {
            Connections.clear(plane, family);
            new NatPairs(plane, family).clear();
        }
        admission.counted(0, Map.of());
        admission.forgetSources();
        List<byte[]> fragments = new ArrayList<>();
        plane.map("loom_fragments").forEach((key, value) -> fragments.add(key.clone()));
        fragments.forEach(plane.map("loom_fragments")::delete);
    }

    @Override
    public void close() {
        entry.close();
        poison.close();
        admission.close();
        plane.close();
    }
}
