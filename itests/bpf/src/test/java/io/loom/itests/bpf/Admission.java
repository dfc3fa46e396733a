package io.loom.itests.bpf;

import io.loom.api.Prefix;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.internal.Keys;
import io.loom.datapath.internal.LimitTable;
import io.loom.datapath.internal.layout.AclKeys;
import io.loom.datapath.internal.layout.CpuCount;
import io.loom.datapath.internal.layout.GuardEntry;
import io.loom.datapath.internal.layout.MemberEntry;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.UpdateMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What listeners of a plane ask before a connection begins; the limit of the vip has the number 1. */
final class Admission implements AutoCloseable {
    private static final int VIP = 1;

    private final ScratchPlane plane;
    private final LimitTable vips;
    private final LimitTable backends;

    /** @param tick the clock by which counts are dated */
    Admission(ScratchPlane plane, java.util.function.IntSupplier tick) {
        this.plane = plane;
        this.vips = new LimitTable(plane.map("loom_vlimits"), tick);
        this.backends = new LimitTable(plane.map("loom_blimits"), tick);
    }

    /** @param limit 0: none */
    void vip(int listener, int limit, GuardEntry.Flag... flags) {
        vips.limit(VIP, limit, 0);
        guard(listener, new GuardEntry(Set.of(flags), limit > 0 ? VIP : 0));
    }

    void guard(int listener, GuardEntry guard) {
        plane.map("loom_guards").update(Keys.of(listener), guard.encode(), UpdateMode.ANY);
    }

    /** Every source has begun no connection yet. */
    void forgetSources() {
        BpfMap sources = plane.map("loom_sources");
        List<byte[]> keys = new ArrayList<>();
        sources.forEach((key, full) -> keys.add(key.clone()));
        keys.forEach(sources::delete);
    }

    void rule(Prefix prefix, boolean deny) {
        plane.map("loom_acl" + prefix.family().version()).update(AclKeys.encode(prefix), AclKeys.action(deny), UpdateMode.ANY);
    }

    void backend(int number, int limit) {
        plane.map("loom_members").update(Keys.of(number), new MemberEntry(0, number).encode(), UpdateMode.ANY);
        backends.limit(number, limit, 0);
    }

    /** As a sweep that finds so many connections. */
    void counted(int ofVip, Map<Integer, Integer> ofBackends) {
        vips.counted(vips.opened(), number -> ofVip);
        backends.counted(backends.opened(), number -> ofBackends.getOrDefault(number, 0));
    }

    long ofVip() {
        return vips.open(VIP);
    }

    long ofBackend(int number) {
        return backends.open(number);
    }

    /** Connections that a backend at its limit has lost to another. */
    long overflows(int number) {
        return CpuCount.sum(plane.map("loom_overflows").lookup(Keys.of(number)).orElseThrow());
    }

    @Override
    public void close() {
        vips.close();
        backends.close();
    }
}
