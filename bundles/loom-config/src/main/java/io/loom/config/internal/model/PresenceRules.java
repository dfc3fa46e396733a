package io.loom.config.internal.model;

import io.loom.api.config.Present;
import io.loom.config.internal.Code;
import io.loom.config.internal.Findings;
import io.loom.config.internal.Place;
import io.loom.config.internal.schema.Spelling;
import io.loom.config.internal.yaml.Located;
import io.loom.config.internal.yaml.Section;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Names that the host lacks. They are warnings: what is missing may come, and a file may be checked on another host. */
final class PresenceRules {
    private final Findings findings;
    private final Present present;
    /** A default is one mistake, however many vips go by it. */
    private final Set<Located<String>> told = new HashSet<>();

    PresenceRules(Findings findings, Present present) {
        this.findings = findings;
        this.present = present;
    }

    void check(Section ebpf, List<VipEntry> vips) {
        Section xdp = ebpf.sectionOrEmpty("xdp");
        (xdp.hasItems("interface") ? xdp : ebpf).scalars("interface", String.class).forEach(this::device);
        for (VipEntry vip : vips) {
            plugin(vip, "algorithm", vip.vip().algorithm(), present.algorithms(),
                    vip.placeOf("algorithm", xdp.sectionOrEmpty("load_balancing")));
            Section dsr = xdp.sectionOrEmpty("dsr");
            plugin(vip, "forwarding method", vip.vip().forwarding(), present.methods(),
                    vip.source().has("forwarding") ? vip.source().placeOf("forwarding") : dsr.placeOf("encap"));
        }
    }

    private void device(Located<String> name) {
        if (!present.interfaces().contains(name.value())) {
            findings.warning(Code.NO_SUCH_INTERFACE, name.place(), "interface " + name.value() + " does not exist on this host", "",
                    meant(name.value(), present.interfaces()) + "loomd attaches to it as soon as it appears");
        }
    }

    private void plugin(VipEntry vip, String kind, String name, List<String> deployed, Place place) {
        if (!deployed.contains(name) && told.add(new Located<>(kind + name, place))) {
            findings.warning(Code.NOT_DEPLOYED, place, kind + " " + name + " of vip " + vip.vip().name() + " is not deployed",
                    deployed.isEmpty() ? "none is" : "there are: " + String.join(", ", deployed),
                    meant(name, deployed) + "a vip without it has no listeners until its bundle is deployed");
        }
    }

    private static String meant(String written, List<String> names) {
        return Spelling.closest(written, names).map(name -> "did you mean " + name + "? ").orElse("");
    }
}
