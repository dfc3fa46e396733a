package io.loom.config.internal.model;

import io.loom.api.IpAddress;
import io.loom.config.internal.Code;
import io.loom.config.internal.Findings;
import io.loom.config.internal.yaml.Located;
import java.net.InetAddress;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/** Under direct server return backends hold the vip. One that is the host's own address they could not answer: its probes come from it. */
final class DirectRules {
    private final Findings findings;
    private final Supplier<Host> host;

    DirectRules(Findings findings, Supplier<Host> host) {
        this.findings = findings;
        this.host = host;
    }

    void check(List<VipEntry> vips) {
        List<VipEntry> direct = vips.stream().filter(VipEntry::direct).filter(vip -> !vip.addresses().isEmpty()).toList();
        if (direct.isEmpty()) {
            return;
        }
        Set<InetAddress> own = host.get().addresses();
        for (VipEntry vip : direct) {
            vip.addresses().stream().filter(address -> own.contains(address.value())).forEach(address -> refuse(vip, address));
        }
    }

    private void refuse(VipEntry vip, Located<InetAddress> address) {
        findings.error(Code.UNUSABLE_ADDRESS, address.place(), "vip " + vip.vip().name() + " cannot have "
                + IpAddress.format(address.value()) + " by " + vip.vip().forwarding(),
                "it is an address by which this host lives in its subnet, and a backend that holds it too (direct server return) cannot be probed",
                "give the vip an address of its own, which may be a /32 or /128 of this host, or use nat");
    }
}
