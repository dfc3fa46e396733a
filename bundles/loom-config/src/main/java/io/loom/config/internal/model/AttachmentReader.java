package io.loom.config.internal.model;

import io.loom.api.MacAddress;
import io.loom.api.config.Attachment;
import io.loom.api.config.Attachment.Mode;
import io.loom.config.internal.Code;
import io.loom.config.internal.Findings;
import io.loom.config.internal.Place;
import io.loom.config.internal.yaml.Located;
import io.loom.config.internal.yaml.Section;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** Interface and mode, which the specification's basic and full shape write in different places. */
final class AttachmentReader {
    private final Findings findings;
    private final Supplier<Host> host;

    AttachmentReader(Findings findings, Supplier<Host> host) {
        this.findings = findings;
        this.host = host;
    }

    Attachment read(Section ebpf, boolean enabled) {
        Section xdp = ebpf.sectionOrEmpty("xdp");
        List<String> interfaces = interfaces(ebpf, xdp);
        if (interfaces.isEmpty() && enabled && !ebpf.hasItems("interface") && !xdp.hasItems("interface")) {
            findings.warning(Code.NO_INTERFACE, xdp.place(), "no interface is named", "nothing is attached, no packet is balanced",
                    "set ebpf.xdp.interface");
        }
        boolean generic = xdp.scalars("fallback", String.class).stream().anyMatch(word -> word.value().equals("generic"));
        return new Attachment(interfaces, mode(ebpf, xdp), generic, cpus(xdp), acceptMacs(xdp));
    }

    private List<Integer> cpus(Section xdp) {
        List<Located<Integer>> cpus = xdp.scalars("cpu_affinity", Integer.class);
        if (!cpus.isEmpty()) {
            Optional<Host.Cpus> known = host.get().cpus();
            known.ifPresentOrElse(there -> cpus.forEach(cpu -> requireThere(cpu, there)), () -> findings.warning(
                    Code.CPUS_UNKNOWN, cpus.get(0).place(), "whether this host has the CPUs of cpu_affinity cannot be told",
                    "/sys/devices/system/cpu cannot be read", "mount /sys where loomd runs"));
        }
        return cpus.stream().map(Located::value).distinct().toList();
    }

    private void requireThere(Located<Integer> cpu, Host.Cpus there) {
        if (!there.possible().contains(cpu.value())) {
            findings.error(Code.OUT_OF_RANGE, cpu.place(), "bad value of cpu_affinity", "this host never has a CPU " + cpu.value(),
                    "name some of " + ranges(there.online()) + ", which are online, or all");
        } else if (!there.online().contains(cpu.value())) {
            findings.error(Code.OUT_OF_RANGE, cpu.place(), "bad value of cpu_affinity", "CPU " + cpu.value() + " is offline",
                    "bring it online, or name some of " + ranges(there.online()) + ", which are, or all");
        }
    }

    /** Such as {@code 0-2, 5}. */
    private static String ranges(Set<Integer> cpus) {
        List<String> ranges = new ArrayList<>();
        List<Integer> sorted = cpus.stream().sorted().toList();
        for (int first = 0, next; first < sorted.size(); first = next) {
            for (next = first + 1; next < sorted.size() && sorted.get(next) == sorted.get(next - 1) + 1; ) {
                next++;
            }
            ranges.add(next == first + 1 ? "" + sorted.get(first) : sorted.get(first) + "-" + sorted.get(next - 1));
        }
        return String.join(", ", ranges);
    }

    private List<String> interfaces(Section ebpf, Section xdp) {
        List<Located<String>> basic = devices(ebpf);
        List<Located<String>> full = devices(xdp);
        if (!basic.isEmpty() && !full.isEmpty() && !new HashSet<>(names(basic)).equals(new HashSet<>(names(full)))) {
            contradiction("ebpf.interface", basic.get(0).place(), String.join(", ", names(basic)),
                    "ebpf.xdp.interface", full.get(0).place(), String.join(", ", names(full)));
        }
        return names(full.isEmpty() ? basic : full);
    }

    private List<MacAddress> acceptMacs(Section xdp) {
        Map<MacAddress, Place> seen = new LinkedHashMap<>();
        for (Located<MacAddress> mac : xdp.scalars("accept_macs", MacAddress.class)) {
            Place first = seen.putIfAbsent(mac.value(), mac.place());
            if (first != null) {
                findings.error(Code.DUPLICATE, mac.place(), "MAC address " + mac.value() + " stands twice",
                        "the first is at " + first, "remove one");
            } else if (seen.size() == Attachment.MOST_MACS + 1) {
                findings.error(Code.TOO_MANY, mac.place(), "more than " + Attachment.MOST_MACS + " MAC addresses in accept_macs",
                        "each frame is compared with them", "remove addresses");
            }
        }
        return List.copyOf(seen.keySet());
    }

    private List<Located<String>> devices(Section section) {
        List<Located<String>> devices = section.scalars("interface", String.class);
        Map<String, Place> seen = new HashMap<>();
        for (Located<String> device : devices) {
            Place first = seen.putIfAbsent(device.value(), device.place());
            if (first != null) {
                findings.error(Code.DUPLICATE, device.place(), "interface " + device.value() + " stands twice",
                        "the first is at " + first, "remove one");
            }
        }
        return devices;
    }

    private Mode mode(Section ebpf, Section xdp) {
        Optional<Located<String>> basic = ebpf.scalar("xdp_mode", String.class);
        Optional<Located<String>> full = xdp.scalar("mode", String.class);
        if (basic.isPresent() && full.isPresent() && !basic.get().value().equals(full.get().value())) {
            contradiction("ebpf.xdp_mode", basic.get().place(), basic.get().value(),
                    "ebpf.xdp.mode", full.get().place(), full.get().value());
        }
        return full.or(() -> basic).map(word -> Mode.valueOf(word.value().toUpperCase(Locale.ROOT))).orElse(Mode.NATIVE);
    }

    private void contradiction(String basicKey, Place basic, String basicValue, String fullKey, Place full, String fullValue) {
        findings.error(Code.CONTRADICTION, full, fullKey + " is " + fullValue,
                basicKey + " at " + basic + " is " + basicValue, "keep one of them, or make them agree");
    }

    private static List<String> names(List<Located<String>> devices) {
        return devices.stream().map(Located::value).toList();
    }
}
