package io.loom.config.internal.model;

import io.loom.api.config.Acl;
import io.loom.api.config.Admin;
import io.loom.api.config.Attachment;
import io.loom.api.config.Conntrack;
import io.loom.api.config.DsrSettings;
import io.loom.api.config.IcmpSettings;
import io.loom.api.config.LoomConfig;
import io.loom.api.config.MapSettings;
import io.loom.api.config.NatSettings;
import io.loom.api.config.OwnProgram;
import io.loom.api.config.Present;
import io.loom.config.internal.Code;
import io.loom.config.internal.Findings;
import io.loom.config.internal.Place;
import io.loom.config.internal.schema.Schema;
import io.loom.config.internal.yaml.SchemaReader;
import io.loom.config.internal.yaml.Section;
import io.loom.config.internal.yaml.YamlText;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** One version of the file to a snapshot or to all its problems. Pure: the same bytes, of other files too, on
 * the same host give the same result. */
public final class ConfigReader {
    private final String file;
    private final NamedFiles files;
    private final Supplier<Host> host;
    private final Optional<Present> present;

    /**
     * @param file    how places name the file
     * @param files   those that it names
     * @param host    that it is for; asked only where the file depends on it
     * @param present what there is of what the file may name; empty: what is missing is told where it is waited for
     */
    public ConfigReader(String file, NamedFiles files, Supplier<Host> host, Optional<Present> present) {
        this.file = file;
        this.files = files;
        this.host = host;
        this.present = present;
    }

    public Reading read(byte[] bytes) {
        Findings findings = new Findings();
        Optional<LoomConfig> config = new YamlText(file, findings).compose(bytes)
                .map(root -> new SchemaReader(file, findings, Schema.FILE).read(Schema.FILE, root, ""))
                .filter(Section.class::isInstance)
                .map(root -> meaning((Section) root, findings))
                .filter(any -> !findings.hasErrors());
        return new Reading(config, findings.errors(), findings.warnings());
    }

    private static void disabled(Findings findings, Place place, String why, String section) {
        findings.warning(Code.DISABLED, place, "nothing is balanced", why, "set " + section + ".enabled: true");
    }

    private LoomConfig meaning(Section root, Findings findings) {
        Section ebpf = root.sectionOrEmpty("ebpf");
        Section xdp = ebpf.sectionOrEmpty("xdp");
        boolean enabled = root.has("ebpf") && ebpf.enabled() && xdp.enabled();
        if (!root.has("ebpf")) {
            disabled(findings, root.placeOf("ebpf"), "there is no section ebpf", "ebpf");
        } else if (!ebpf.enabled()) {
            disabled(findings, ebpf.placeOf("enabled"), "ebpf.enabled is false", "ebpf");
        } else if (!xdp.enabled()) {
            disabled(findings, xdp.placeOf("enabled"), "ebpf.xdp.enabled is false", "ebpf.xdp");
        }
        Attachment attachment = new AttachmentReader(findings, host).read(ebpf, enabled);
        Balancing balancing = Balancing.of(ebpf);
        List<Group> groups = new GroupsReader(findings).read(root, ebpf);
        Admin admin = new AdminReader(findings).read(root.sectionOrEmpty("admin"));
        RoutesReader routes = new RoutesReader(findings, ebpf);
        AdmissionReader admission = new AdmissionReader(findings, ebpf, routes, admin);
        List<VipEntry> vips = new VipsReader(findings, balancing, routes).read(ebpf, groups).stream().map(admission::admit).toList();
        TrackingReader tracking = new TrackingReader(findings);
        Conntrack conntrack = tracking.conntrack(ebpf);
        MapSettings maps = tracking.maps(ebpf);
        new TrackingRules(findings, ebpf).check(vips, groups);
        OptionsReader options = new OptionsReader(findings);
        NatSettings nat = options.nat(xdp.sectionOrEmpty("nat"), vips);
        DsrSettings dsr = options.dsr(xdp.sectionOrEmpty("dsr"));
        IcmpSettings icmp = options.icmp(ebpf.sectionOrEmpty("icmp"));
        CrossChecks checks = new CrossChecks(findings);
        checks.listeners(vips);
        new DirectRules(findings, host).check(vips);
        checks.backends(vips, groups, nat, ebpf, maps);
        present.ifPresent(names -> new PresenceRules(findings, names).check(ebpf, vips));
        Acl acl = new AclReader(findings, files).read(ebpf.enabledSection("acl"));
        List<OwnProgram> programs = new ProgramsReader(findings, files).read(xdp);
        return new LoomConfig(enabled, attachment, conntrack, maps, nat, dsr, icmp, acl, programs,
                vips.stream().map(VipEntry::vip).toList(), groups.stream().map(Group::upstream).toList(), admin, findings.warnings());
    }
}
