package io.loom.config.internal.model;

import io.loom.api.config.Attachment;
import io.loom.api.config.Attachment.Mode;
import io.loom.config.internal.Code;
import io.loom.config.internal.Findings;
import io.loom.config.internal.Place;
import io.loom.config.internal.yaml.Located;
import io.loom.config.internal.yaml.Section;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Interface and mode, which the specification's basic and full shape write in different places. */
final class AttachmentReader {
    private final Findings findings;

    AttachmentReader(Findings findings) {
        this.findings = findings;
    }

    Attachment read(Section ebpf, boolean enabled) {
        Section xdp = ebpf.sectionOrEmpty("xdp");
        List<String> interfaces = interfaces(ebpf, xdp);
        if (interfaces.isEmpty() && enabled && !ebpf.hasItems("interface") && !xdp.hasItems("interface")) {
            findings.warning(Code.NO_INTERFACE, xdp.place(), "no interface is named", "nothing is attached, no packet is balanced",
                    "set ebpf.xdp.interface");
        }
        boolean generic = xdp.scalars("fallback", String.class).stream().anyMatch(word -> word.value().equals("generic"));
        List<Integer> cpus = xdp.scalars("cpu_affinity", Integer.class).stream().map(Located::value).distinct().toList();
        return new Attachment(interfaces, mode(ebpf, xdp), generic, cpus);
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
