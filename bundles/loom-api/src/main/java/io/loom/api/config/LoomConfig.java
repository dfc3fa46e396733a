package io.loom.api.config;

import io.loom.api.Problem;
import io.loom.api.plugin.MethodOptions;
import java.util.List;

/**
 * A valid configuration file.
 *
 * @param enabled    false: nothing is balanced and the program is detached
 * @param attachment where the program goes and how
 * @param conntrack  sizes and timeouts of the connection table
 * @param maps       sizes and types of the maps
 * @param nat        source addresses of nat
 * @param dsr        options of the encapsulations
 * @param icmp       what the data plane says itself
 * @param acl        sources of connections
 * @param programs   the operator's own, those before Loom's in their order
 * @param vips       unique by name; listeners do not overlap
 * @param upstreams  unique by name; every vip's upstream is among them
 * @param admin      where REST and SSH listen
 * @param warnings   what was accepted but has no effect or deserves a look
 */
public record LoomConfig(
        boolean enabled,
        Attachment attachment,
        Conntrack conntrack,
        MapSettings maps,
        NatSettings nat,
        DsrSettings dsr,
        IcmpSettings icmp,
        Acl acl,
        List<OwnProgram> programs,
        List<Vip> vips,
        List<Upstream> upstreams,
        Admin admin,
        List<Problem> warnings) {

    /** One that allows every source, without programs of the operator's. */
    public LoomConfig(
            boolean enabled, Attachment attachment, Conntrack conntrack, MapSettings maps, NatSettings nat, DsrSettings dsr,
            IcmpSettings icmp, List<Vip> vips, List<Upstream> upstreams, Admin admin, List<Problem> warnings) {
        this(enabled, attachment, conntrack, maps, nat, dsr, icmp, Acl.NONE, List.of(), vips, upstreams, admin, warnings);
    }

    public LoomConfig {
        programs = List.copyOf(programs);
        vips = List.copyOf(vips);
        upstreams = List.copyOf(upstreams);
        warnings = List.copyOf(warnings);
    }

    /** What forwarding methods get to know of it. */
    public MethodOptions methodOptions() {
        return new MethodOptions(dsr.guePort(), dsr.prefix4(), dsr.prefix6(), nat.sourceAddresses());
    }
}
