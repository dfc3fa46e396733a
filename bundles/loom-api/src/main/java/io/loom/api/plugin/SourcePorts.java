package io.loom.api.plugin;

import io.loom.api.PortRange;

/**
 * The ports that a forwarding method may use towards backends. They follow the host's own (net.ipv4.ip_local_port_range), which can
 * change while connections live on.
 *
 * @param now  for connections that begin
 * @param ever of all connections that may still live; contains now
 */
public record SourcePorts(PortRange now, PortRange ever) {

    /** Beside the ports that Linux takes unless told otherwise, 32768 to 60999 (Documentation/networking/ip-sysctl.rst). */
    public static final SourcePorts DEFAULT = new SourcePorts(new PortRange(1024, 32767), new PortRange(1024, 32767));
}
