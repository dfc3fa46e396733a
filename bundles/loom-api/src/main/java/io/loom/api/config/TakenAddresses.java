package io.loom.api.config;

import java.net.InetAddress;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Where no backend can be, whichever vip it serves: what is sent to an address that the file gives to Loom comes back to this host. */
public final class TakenAddresses {
    private final Map<InetAddress, String> owners = new HashMap<>();

    /**
     * @param vips       those that follow the interface's addresses have none here
     * @param natSources {@link NatSettings#sourceAddresses}
     */
    public TakenAddresses(Collection<Vip> vips, Collection<InetAddress> natSources) {
        vips.forEach(vip -> vip.addresses().forEach(address -> owners.putIfAbsent(address, "vip " + vip.name())));
        natSources.forEach(address -> owners.putIfAbsent(address, "nat (source_addresses)"));
    }

    /** Whose address it is, the first vip's if several have it. */
    public Optional<String> owner(InetAddress address) {
        return Optional.ofNullable(owners.get(address));
    }
}
