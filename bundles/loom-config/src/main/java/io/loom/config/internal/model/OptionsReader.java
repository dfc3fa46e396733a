package io.loom.config.internal.model;

import io.loom.api.Family;
import io.loom.api.IpAddress;
import io.loom.api.Prefix;
import io.loom.api.config.DsrSettings;
import io.loom.api.config.IcmpSettings;
import io.loom.api.config.NatSettings;
import io.loom.config.internal.Code;
import io.loom.config.internal.Findings;
import io.loom.config.internal.Place;
import io.loom.config.internal.yaml.Located;
import io.loom.config.internal.yaml.Section;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Options of the forwarding methods, which count for whatever vip uses the method, and those that count for all vips. */
final class OptionsReader {
    private final Findings findings;

    OptionsReader(Findings findings) {
        this.findings = findings;
    }

    /** Also of a section that is off, because a vip can choose gue or ipip for itself. */
    DsrSettings dsr(Section dsr) {
        Map<Family, Prefix> prefixes = new EnumMap<>(Family.class);
        for (Located<Prefix> prefix : dsr.scalars("source_prefixes", Prefix.class)) {
            Prefix first = prefixes.putIfAbsent(prefix.value().family(), prefix.value());
            InetAddress address = prefix.value().address();
            if (first != null) {
                findings.error(Code.DUPLICATE, prefix.place(), "a second IPv" + prefix.value().family().version() + " network",
                        first + " is one already", "keep one for each family");
            } else if (address.isLoopbackAddress() || address.isMulticastAddress() || address.isAnyLocalAddress()) {
                findings.error(Code.UNUSABLE_ADDRESS, prefix.place(), prefix.value() + " cannot be a source",
                        "its addresses name no host that backends can hear of", "give a private network that backends accept");
            }
        }
        return new DsrSettings(dsr.number("gue_port", DsrSettings.DEFAULT.guePort()),
                Optional.ofNullable(prefixes.get(Family.IPV4)), Optional.ofNullable(prefixes.get(Family.IPV6)));
    }

    IcmpSettings icmp(Section icmp) {
        IcmpSettings absent = IcmpSettings.DEFAULT;
        return new IcmpSettings(icmp.flag("echo", absent.echo()), icmp.number("echo_rate", absent.echoRate()),
                icmp.number("error_rate", absent.errorRate()));
    }

    NatSettings nat(Section nat, List<VipEntry> vips) {
        Map<InetAddress, String> taken = new HashMap<>();
        vips.forEach(vip -> vip.addresses().forEach(address ->
                taken.put(address.value(), "vip " + vip.vip().name() + " at " + address.place() + " has it")));
        Map<Family, Integer> count = new EnumMap<>(Family.class);
        List<InetAddress> sources = new ArrayList<>();
        for (Located<InetAddress> source : nat.scalars("source_addresses", InetAddress.class)) {
            String owner = taken.putIfAbsent(source.value(), "the first is at " + source.place());
            if (owner != null) {
                refuse(Code.DUPLICATE, source, owner, "remove it here, or give another address");
            } else if (source.value().isLoopbackAddress()) {
                refuse(Code.UNUSABLE_ADDRESS, source, "no backend can answer it", "give an address that backends reach");
            } else if (Addresses.usable(source, findings)) {
                sources.add(source.value());
                most(source.place(), Family.of(source.value()), count.merge(Family.of(source.value()), 1, Integer::sum));
            }
        }
        return new NatSettings(sources, nat.flag("assign", true));
    }

    private void refuse(Code code, Located<InetAddress> source, String why, String fix) {
        findings.error(code, source.place(), IpAddress.format(source.value()) + " cannot be a source address of nat", why, fix);
    }

    private void most(Place place, Family family, int count) {
        if (count == NatSettings.MOST + 1) {
            findings.error(Code.TOO_MANY, place, "more than " + NatSettings.MOST + " IPv" + family.version() + " source addresses",
                    "a connection has four bits for the number of its source address", "remove addresses");
        }
    }
}
