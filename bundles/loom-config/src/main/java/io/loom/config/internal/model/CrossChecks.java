package io.loom.config.internal.model;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.IpAddress;
import io.loom.api.config.MapSettings;
import io.loom.api.config.NatSettings;
import io.loom.api.config.TakenAddresses;
import io.loom.api.config.Vip;
import io.loom.api.config.Vip.Service;
import io.loom.config.internal.Code;
import io.loom.config.internal.Findings;
import io.loom.config.internal.Place;
import io.loom.config.internal.yaml.Located;
import io.loom.config.internal.yaml.Section;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Rules between vips, groups and maps. */
final class CrossChecks {
    /** Of both families together: half of LOOM_LISTENERS in abi.h, so that another file may replace them all at once. */
    private static final int MAX_LISTENERS = 8192;
    /** Lookup tables: half of LOOM_TABLES, for the same reason. */
    private static final int MAX_TABLES = 4096;

    private final Findings findings;
    /** Upstreams with a warning that says so. */
    private final Set<String> toldOfPorts = new HashSet<>();

    CrossChecks(Findings findings) {
        this.findings = findings;
    }

    private record Listener(InetAddress address, Service service) {}

    void listeners(List<VipEntry> vips) {
        Map<Listener, VipEntry> owners = new HashMap<>();
        for (VipEntry vip : vips) {
            vip.addresses().forEach(address -> overlap(vip, address, owners));
        }
        if (owners.size() > MAX_LISTENERS) {
            findings.error(Code.TOO_MANY, vips.get(vips.size() - 1).place(), owners.size() + " listeners",
                    "there is room for " + MAX_LISTENERS, "use fewer addresses or ports");
        }
        tables(vips);
    }

    private void tables(List<VipEntry> vips) {
        int count = 0;
        for (VipEntry vip : vips) {
            int before = count;
            count += TableSizes.count(vip);
            if (before <= MAX_TABLES && count > MAX_TABLES) {
                findings.error(Code.TOO_MANY, vip.place(), "vip " + vip.vip().name() + " has no room for its lookup table",
                        "each vip takes one for each family of its addresses, and there is room for " + MAX_TABLES,
                        "use fewer vips, with more addresses or ports each");
            }
        }
    }

    private void overlap(VipEntry vip, Located<InetAddress> address, Map<Listener, VipEntry> owners) {
        for (Service service : vip.vip().services()) {
            VipEntry first = owners.putIfAbsent(new Listener(address.value(), service), vip);
            if (first != null && first != vip) {
                findings.error(Code.DUPLICATE, address.place(), "listener " + new Endpoint(address.value(), service.port()) + " of vip "
                        + vip.vip().name() + " is taken", "vip " + first.vip().name() + " at " + first.place() + " has it",
                        "give them different addresses or ports");
            }
        }
    }

    void backends(List<VipEntry> vips, List<Group> groups, NatSettings nat, Section ebpf, MapSettings maps) {
        Map<String, Group> byName = new HashMap<>();
        groups.forEach(group -> byName.put(group.name(), group));
        for (VipEntry vip : vips) {
            Group group = byName.get(vip.vip().upstream());
            if (group != null && !vip.vip().services().isEmpty()) {
                families(vip, group);
                directPorts(vip, group);
            }
        }
        elsewhere(groups, new TakenAddresses(vips.stream().map(VipEntry::vip).toList(), nat.sourceAddresses()));
        unused(vips, groups, ebpf);
        capacity(vips, groups, ebpf, maps);
    }

    private void families(VipEntry vip, Group group) {
        if (group.servers().isEmpty()) {
            findings.warning(Code.NO_BACKEND, vip.place(), "vip " + vip.vip().name() + " has no backend",
                    "upstream " + group.name() + " is empty", "add backends, in the file or by REST");
            return;
        }
        Set<Family> reported = new HashSet<>();
        for (Located<InetAddress> address : vip.addresses()) {
            Family family = Family.of(address.value());
            boolean served = group.servers().stream().anyMatch(server -> server.endpoint().family() == family);
            if (!served && !Balancing.crossesFamilies(vip.vip().forwarding()) && reported.add(family)) {
                findings.warning(Code.NO_BACKEND, address.place(), "vip " + vip.vip().name() + " has no IPv" + family.version()
                        + " backend for " + IpAddress.format(address.value()), vip.vip().forwarding() + " does not lead from IPv4 to IPv6 or back",
                        "add an IPv" + family.version() + " backend to upstream " + group.name() + ", or use ipip or gue");
            }
        }
    }

    /** One for an upstream, at the first of its backends: thousands of them, or vips that use it, have the same thing wrong. */
    private void directPorts(VipEntry vip, Group group) {
        List<Integer> ports = vip.services().stream().map(service -> service.value().port()).distinct().toList();
        List<ServerEntry> others = group.servers().stream().filter(server -> !ports.contains(server.endpoint().port())).toList();
        if (!vip.direct() || others.isEmpty() || !toldOfPorts.add(group.name())) {
            return;
        }
        String more = others.size() == 1 ? "" : " and " + (others.size() - 1) + " more of upstream " + group.name();
        findings.warning(Code.DSR_PORT, others.get(0).portPlace(), "backend " + others.get(0).endpoint() + more + (more.isEmpty() ? " gets" : " get") + " packets for port "
                + String.join(", ", ports.stream().map(String::valueOf).toList()) + " of vip " + vip.vip().name(),
                vip.vip().forwarding() + " keeps the port; the backend's own is used for probes only",
                "let the backends serve the vip's port");
    }

    private void elsewhere(List<Group> groups, TakenAddresses taken) {
        groups.stream().flatMap(group -> group.servers().stream())
                .forEach(server -> taken.owner(server.endpoint().address()).ifPresent(owner -> findings.error(Code.UNUSABLE_ADDRESS,
                        server.place(), server.endpoint() + " cannot be a backend", "the file gives its address to " + owner
                                + ", so what is sent to it comes back to this host", "give the address of a server")));
    }

    private void unused(List<VipEntry> vips, List<Group> groups, Section ebpf) {
        Set<String> used = new HashSet<>();
        vips.forEach(vip -> used.add(vip.vip().upstream()));
        HealthReader.lender(ebpf, groups).ifPresent(used::add);
        for (Group group : groups) {
            if (!used.contains(group.name())) {
                findings.warning(Code.UNUSED, group.place(), "no vip uses upstream " + group.name(), "", "name it in a vip, or remove it");
            }
        }
    }

    private void capacity(List<VipEntry> vips, List<Group> groups, Section ebpf, MapSettings maps) {
        int count = groups.stream().mapToInt(group -> group.servers().size()).sum();
        int numbers = groups.stream().mapToInt(group -> group.servers().size() * methods(vips, group)).sum();
        Place place = ebpf.sectionOrEmpty("maps").sectionOrEmpty("backends").placeOf("max_entries");
        if (count > maps.backends().maxEntries()) {
            findings.error(Code.TOO_MANY, place, count + " backends", "there is room for " + maps.backends().maxEntries(),
                    "set ebpf.maps.backends.max_entries to " + count + " or more");
        } else if (numbers > maps.backendNumbers()) {
            findings.error(Code.TOO_MANY, place, count + " backends have no room by all the forwarding methods of their vips",
                    "a backend takes a number for each, which are " + numbers + ", and there are " + maps.backendNumbers(),
                    "set ebpf.maps.backends.max_entries to " + (numbers + 1) / 2 + " or more, or use fewer methods");
        }
    }

    /** By how many forwarding methods vips reach the servers of a group; at least one. */
    private static int methods(List<VipEntry> vips, Group group) {
        long methods = vips.stream().map(VipEntry::vip).filter(vip -> vip.upstream().equals(group.name()))
                .map(Vip::forwarding).distinct().count();
        return Math.max(1, (int) methods);
    }
}
