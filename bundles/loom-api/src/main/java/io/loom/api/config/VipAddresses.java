package io.loom.api.config;

import java.net.InetAddress;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Where no backend can be, whichever vip it serves: what is sent to an address of a vip comes back to this host. */
public final class VipAddresses {
    private final Map<InetAddress, String> owners = new HashMap<>();

    /** @param vips those that follow the interface's addresses have none here */
    public VipAddresses(Collection<Vip> vips) {
        vips.forEach(vip -> vip.addresses().forEach(address -> owners.putIfAbsent(address, vip.name())));
    }

    /** Name of the first vip that has the address. */
    public Optional<String> owner(InetAddress address) {
        return Optional.ofNullable(owners.get(address));
    }
}
