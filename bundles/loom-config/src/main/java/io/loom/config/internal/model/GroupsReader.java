package io.loom.config.internal.model;

import io.loom.api.config.HealthCheck;
import io.loom.api.config.Upstream.OnDown;
import io.loom.config.internal.Code;
import io.loom.config.internal.Findings;
import io.loom.config.internal.Place;
import io.loom.config.internal.yaml.Located;
import io.loom.config.internal.yaml.Section;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** All groups of backends: {@code ebpf.backends}, top-level upstreams, and the vips' own. */
final class GroupsReader {
    private final Findings findings;
    private final ServersReader servers;
    private final HealthReader health;
    private final Map<String, Place> names = new HashMap<>();

    GroupsReader(Findings findings) {
        this.findings = findings;
        this.servers = new ServersReader(findings);
        this.health = new HealthReader(findings);
    }

    /** The groups in the order of their use in ids: {@code default} first, if it exists. */
    List<Group> read(Section root, Section ebpf) {
        List<Group> groups = new ArrayList<>();
        if (ebpf.has("backends") || !ebpf.hasItems("vips")) {
            groups.add(group(Group.DEFAULT, ebpf.placeOf("backends"), servers.read(ebpf, "backends"), Optional.empty(), OnDown.MOVE));
            names.put(Group.DEFAULT, ebpf.placeOf("backends"));
        }
        for (Section upstream : root.sections("upstreams")) {
            upstream.scalar("name", String.class).ifPresent(name -> {
                if (claim(name, "upstream")) {
                    groups.add(group(name.value(), name.place(), servers.read(upstream, "servers"),
                            health.check(upstream.enabledSection("health_check")), onDown(upstream, OnDown.MOVE)));
                }
            });
        }
        for (Section vip : ebpf.sections("vips")) {
            Optional<Located<String>> name = vip.scalar("name", String.class);
            if (vip.has("backends") && name.isPresent() && claim(name.get(), "vip with backends of its own")) {
                groups.add(group(name.get().value(), vip.placeOf("backends"), servers.read(vip, "backends"), Optional.empty(),
                        OnDown.MOVE));
            }
        }
        List<Group> checked = health.integrate(ebpf, groups);
        root.sections("upstreams").forEach(upstream -> warnOfKept(upstream, ebpf, checked));
        return checked;
    }

    /** Servers that nobody probes are never down. Those of {@code ebpf.backends} may be, and go by the upstream that is named for them. */
    private void warnOfKept(Section upstream, Section ebpf, List<Group> checked) {
        String name = upstream.word("name", "");
        boolean integrated = HealthReader.lender(ebpf, checked).filter(name::equals).isPresent()
                && ebpf.enabledSection("health_integration").filter(integration -> !integration.has("on_down")).isPresent();
        boolean probed = checked.stream().anyMatch(group -> group.name().equals(name) && group.check().isPresent());
        if (onDown(upstream, OnDown.MOVE) == OnDown.KEEP && !probed && !integrated) {
            findings.warning(Code.UNUSED, upstream.placeOf("on_down"), "on_down: keep of upstream " + name + " has no effect",
                    "none of its servers is probed, so none is ever down", "give it a health_check that is in force");
        }
    }

    private boolean claim(Located<String> name, String kind) {
        Place first = names.putIfAbsent(name.value(), name.place());
        if (first == null) {
            return true;
        }
        if (name.value().equals(Group.DEFAULT)) {
            findings.error(Code.RESERVED_NAME, name.place(), kind + " cannot have the name default",
                    "that is the group of ebpf.backends at " + first, "give it another name");
        } else {
            findings.error(Code.DUPLICATE, name.place(), kind + " " + name.value() + ": the name of its group is taken",
                    "the first is at " + first, "give it another name");
        }
        return false;
    }

    private static Group group(String name, Place place, List<ServerEntry> servers, Optional<HealthCheck> check, OnDown onDown) {
        return new Group(name, place, servers, check, server -> true, onDown);
    }

    static OnDown onDown(Section section, OnDown otherwise) {
        return OnDown.valueOf(section.word("on_down", otherwise.name()).toUpperCase(Locale.ROOT));
    }
}
