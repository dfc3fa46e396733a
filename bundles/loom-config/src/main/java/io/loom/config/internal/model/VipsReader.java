package io.loom.config.internal.model;

import io.loom.api.IpAddress;
import io.loom.api.Protocol;
import io.loom.api.config.TableSize;
import io.loom.api.config.Vip;
import io.loom.api.config.Vip.Service;
import io.loom.config.internal.Code;
import io.loom.config.internal.Findings;
import io.loom.config.internal.Place;
import io.loom.config.internal.schema.Prime;
import io.loom.config.internal.schema.Spelling;
import io.loom.config.internal.yaml.Located;
import io.loom.config.internal.yaml.Section;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The vips of {@code ebpf.vips} and the vip {@code default} of the flat form. */
final class VipsReader {
    private final Findings findings;
    private final Balancing balancing;
    private final RoutesReader routes;
    private final Map<String, Place> names = new HashMap<>();

    VipsReader(Findings findings, Balancing balancing, RoutesReader routes) {
        this.findings = findings;
        this.balancing = balancing;
        this.routes = routes;
    }

    List<VipEntry> read(Section ebpf, List<Group> groups) {
        List<VipEntry> vips = new ArrayList<>();
        flat(ebpf).ifPresent(vip -> {
            names.put(Group.DEFAULT, vip.place());
            vips.add(vip);
        });
        for (Section vip : ebpf.sections("vips")) {
            vip.scalar("name", String.class).ifPresent(name -> {
                boolean unique = unique(name);
                VipEntry entry = named(vip, name, groups);
                if (unique) {
                    vips.add(entry);
                }
            });
        }
        return TableSizes.settle(vips);
    }

    /** With vips beside it, the flat form counts only if it is complete: ports and backends. */
    private Optional<VipEntry> flat(Section ebpf) {
        Section protocols = ebpf.sectionOrEmpty("xdp").sectionOrEmpty("protocols");
        boolean flatOnly = !ebpf.hasItems("vips");
        // In mode hybrid routes supply the ports where nothing else names any.
        boolean routed = flatOnly && protocols.entries().isEmpty();
        List<Located<Service>> services = routed ? routes.balanced() : flatServices(protocols);
        boolean backends = !ebpf.sections("backends").isEmpty();
        if (!flatOnly && (services.isEmpty() || !backends)) {
            if (!services.isEmpty()) {
                findings.warning(Code.UNUSED, services.get(0).place(), "the ports of ebpf.xdp.protocols have no effect",
                        "there are vips and no ebpf.backends", "add ebpf.backends or remove the ports");
            }
            return Optional.empty();
        }
        if (services.isEmpty() && backends) {
            findings.warning(Code.NO_PORTS, ebpf.placeOf("backends"), "the backends get no traffic", "no port is named",
                    "set ebpf.xdp.protocols.tcp.ports or ebpf.xdp.protocols.udp.ports; in mode hybrid match.ports of a route will do");
        }
        if (Balancing.direct(balancing.forwarding()) && !services.isEmpty()) {
            findings.warning(Code.DSR_PRIMARY, ebpf.sectionOrEmpty("xdp").placeOf("dsr"), "DSR leaves out the address by which this host lives in its subnet",
                    "a backend that holds it too could not be probed",
                    "give the interface further addresses (/32 or /128), which are served, or use ebpf.vips");
        }
        Section source = Section.empty(services.isEmpty() ? protocols.place() : services.get(0).place());
        Vip vip = new Vip(Group.DEFAULT, List.of(), true, values(services), balancing.algorithm(),
                balancing.tableSize(), balancing.forwarding(), Group.DEFAULT, false,
                balancing.connections(source, balancing.forwarding()));
        return Optional.of(new VipEntry(vip, source.place(), source, List.of(), services));
    }

    private List<Located<Service>> flatServices(Section protocols) {
        List<Located<Service>> services = new ArrayList<>();
        for (Protocol protocol : Protocol.values()) {
            protocols.enabledSection(protocol.name().toLowerCase(Locale.ROOT))
                    .ifPresent(section -> services.addAll(services(distinctPorts(section), protocol)));
        }
        return services;
    }

    private VipEntry named(Section source, Located<String> name, List<Group> groups) {
        List<Located<InetAddress>> addresses = addresses(source);
        requireItems(source, "ports", "port");
        List<Located<Integer>> ports = distinctPorts(source);
        List<Located<Service>> services =
                protocols(source).stream().flatMap(protocol -> services(ports, protocol).stream()).toList();
        String algorithm = source.word("algorithm", balancing.algorithm());
        String forwarding = Balancing.method(source.word("forwarding", balancing.forwarding()));
        Vip vip = new Vip(name.value(), values(addresses), false, values(services), algorithm, tableSize(source, algorithm),
                forwarding, upstream(source, name, groups), source.flag("assign", true),
                balancing.connections(source, forwarding));
        return new VipEntry(vip, name.place(), source, addresses, services);
    }

    private boolean unique(Located<String> name) {
        Place first = names.putIfAbsent(name.value(), name.place());
        if (first == null) {
            return true;
        }
        if (name.value().equals(Group.DEFAULT)) {
            findings.error(Code.RESERVED_NAME, name.place(), "a vip cannot have the name default here",
                    "that is the vip of xdp.protocols at " + first, "give it another name");
        } else {
            findings.error(Code.DUPLICATE, name.place(), "vip name " + name.value() + " is used twice",
                    "the first is at " + first, "give each vip its own name");
        }
        return false;
    }

    private void requireItems(Section source, String key, String what) {
        if (source.isEmptyList(key)) {
            findings.error(Code.MISSING_KEY, source.placeOf(key), "the vip has no " + what, "the list is empty",
                    "give at least one " + what);
        }
    }

    private List<Located<InetAddress>> addresses(Section source) {
        List<Located<InetAddress>> usable = source.scalars("addresses", InetAddress.class).stream()
                .filter(this::vipAddress).toList();
        requireItems(source, "addresses", "address");
        return distinct(usable, "address");
    }

    private boolean vipAddress(Located<InetAddress> address) {
        if (address.value().isLoopbackAddress()) {
            findings.error(Code.UNUSABLE_ADDRESS, address.place(), "a vip cannot have a loopback address",
                    "no client reaches it", "give an address that the network routes here");
            return false;
        }
        return Addresses.usable(address, findings);
    }

    private List<Located<Integer>> distinctPorts(Section source) {
        return distinct(source.scalars("ports", Integer.class), "port");
    }

    private <T> List<Located<T>> distinct(List<Located<T>> values, String what) {
        Map<T, Place> seen = new HashMap<>();
        List<Located<T>> kept = new ArrayList<>();
        for (Located<T> value : values) {
            Place first = seen.putIfAbsent(value.value(), value.place());
            if (first == null) {
                kept.add(value);
            } else {
                findings.error(Code.DUPLICATE, value.place(), what + " " + shown(value.value()) + " stands twice in one list",
                        "the first is at " + first, "remove one");
            }
        }
        return kept;
    }

    private static Object shown(Object value) {
        return value instanceof InetAddress address ? IpAddress.format(address) : value;
    }

    private List<Protocol> protocols(Section source) {
        List<Located<String>> written = distinct(source.scalars("protocol", String.class), "protocol");
        return written.isEmpty() ? List.of(Protocol.TCP)
                : written.stream().map(word -> Protocol.valueOf(word.value().toUpperCase(Locale.ROOT))).toList();
    }

    private static List<Located<Service>> services(List<Located<Integer>> ports, Protocol protocol) {
        return ports.stream().map(port -> new Located<>(new Service(protocol, port.value()), port.place())).toList();
    }

    private static <T> List<T> values(List<Located<T>> located) {
        return located.stream().map(Located::value).toList();
    }

    private int tableSize(Section source, String algorithm) {
        Optional<Located<Integer>> written = source.scalar("table_size", Integer.class);
        if (written.isPresent() && algorithm.equals("maglev") && written.get().value() != TableSize.AUTO && !Prime.isPrime(written.get().value())) {
            findings.error(Code.NOT_PRIME, written.get().place(), "bad value of table_size",
                    written.get().value() + " is not a prime number, which maglev needs", "the next prime is "
                            + Prime.next(written.get().value()));
        }
        return written.map(Located::value).orElse(balancing.tableSize());
    }

    private String upstream(Section source, Located<String> vip, List<Group> groups) {
        Optional<Located<String>> reference = source.scalar("upstream", String.class);
        if (source.has("upstream") == source.has("backends")) {
            findings.error(Code.CHOOSE_ONE, vip.place(), "vip " + vip.value() + (source.has("upstream")
                    ? " has both upstream and backends" : " has neither upstream nor backends"), "",
                    "give one of them: the name of an upstream, or a list of backends");
        }
        reference.filter(name -> groups.stream().noneMatch(group -> group.name().equals(name.value())))
                .ifPresent(name -> dangling(name, vip, groups.stream().map(Group::name).toList()));
        return reference.map(Located::value).orElse(vip.value());
    }

    private void dangling(Located<String> name, Located<String> vip, List<String> known) {
        findings.error(Code.DANGLING, name.place(), "upstream " + name.value() + " of vip " + vip.value() + " does not exist",
                known.isEmpty() ? "the file defines no upstream" : "there are: " + String.join(", ", known),
                Spelling.closest(name.value(), known).map(meant -> "did you mean " + meant + "?")
                        .orElse("define it below the top-level key upstreams"));
    }
}
