package io.loom.datapath.internal;

import io.loom.api.Protocol;
import io.loom.api.plugin.LookupTable;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.Guard;
import io.loom.control.dataplane.ListenerSpec;
import io.loom.control.dataplane.TableKey;
import io.loom.control.dataplane.Tracking;
import io.loom.datapath.internal.layout.ListenerEntry;
import io.loom.datapath.internal.layout.ListenerEntry.Flag;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.Set;
import java.util.zip.CRC32;

/** How the program shall treat a listener's connections, from what is wanted, and back from an entry that is found. Pure. */
final class ListenerTreatment {
    private ListenerTreatment() {}

    static Set<Flag> flags(Protocol protocol, ListenerSpec spec, LookupTable.Index index) {
        Set<Flag> flags = EnumSet.noneOf(Flag.class);
        boolean byHash = index == LookupTable.Index.FLOW_HASH;
        add(flags, Flag.ASSIGNED, spec.assigned());
        if (spec.guard().equals(Guard.PASS)) {
            flags.add(Flag.PASS);
            return flags;
        }
        add(flags, Flag.KEEP_CLIENT, spec.keepClient());
        add(flags, Flag.GUARDED, spec.guard().asks());
        add(flags, Flag.STATELESS, spec.tracking() == Tracking.NONE && byHash);
        add(flags, Flag.MINIMAL, spec.tracking() == Tracking.MINIMAL && byHash && spec.direct() && !spec.affinity());
        add(flags, Flag.DEFER, spec.tracking() == Tracking.FULL && canDefer(protocol, spec) && byHash);
        return flags;
    }

    /**
     * A SYN need not be remembered where its connection's next packet finds the same backend: by the same table, without a
     * translation that has begun, without a limit that may send it elsewhere, and if there is a packet that is surely the first.
     */
    private static boolean canDefer(Protocol protocol, ListenerSpec spec) {
        return protocol == Protocol.TCP && spec.direct() && !spec.affinity() && !spec.guard().asks();
    }

    private static void add(Set<Flag> flags, Flag flag, boolean wanted) {
        if (wanted) {
            flags.add(flag);
        }
    }

    /**
     * What clients of the vip are remembered under, the same for all its listeners. Another upstream, method or family of backends is another
     * place to be used to: the former one's backends may be alive and well for other vips.
     *
     * @param members of its table; not empty
     */
    static int affinity(TableKey table, Set<BackendKey> members) {
        BackendKey one = members.iterator().next();
        return tag(table.vip() + ' ' + one.group() + ' ' + one.method() + ' ' + one.endpoint().family());
    }

    /** A number that tells vips apart, the same in every process; not 0. */
    static int tag(String vip) {
        CRC32 sum = new CRC32();
        sum.update(vip.getBytes(StandardCharsets.UTF_8));
        return (int) sum.getValue() == 0 ? 1 : (int) sum.getValue();
    }

    /** As far as an entry tells: what it does not tell differs from what is wanted, and is written once more. */
    static ListenerSpec spec(ListenerEntry entry, TableKey table, Guard guard, boolean refuses) {
        Set<Flag> flags = entry.flags();
        Tracking tracking = flags.contains(Flag.STATELESS) ? Tracking.NONE
                : flags.contains(Flag.MINIMAL) ? Tracking.MINIMAL : Tracking.FULL;
        return new ListenerSpec(
                table, flags.contains(Flag.ASSIGNED), tracking, flags.contains(Flag.KEEP_CLIENT), entry.affinity() != 0,
                flags.contains(Flag.DEFER) || flags.contains(Flag.MINIMAL), guard, refuses);
    }
}
