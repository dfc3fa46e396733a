package io.loom.itests.lab;

import java.util.List;
import java.util.stream.Collectors;

/** Configuration files for tests. Probes are quick, so that what depends on them is. */
final class Configurations {
    /** interval × fall, after which a dead backend has left, but for the second that the promise adds. */
    static final int DETECTION_MILLIS = 3 * 200;

    private Configurations() {}

    /** An IPv4 and an IPv6 vip on port 80, each with all three backends on port 80. */
    static String web(String forwarding) {
        return web(forwarding, Lab.BACKENDS);
    }

    static String web(String forwarding, List<String> backends) {
        return """
                ebpf:
                  enabled: true
                  interface: eth0
                  xdp_mode: native
                  vips:
                    - name: web
                      addresses: [10.77.0.100]
                      protocol: tcp
                      ports: [80]
                      algorithm: maglev
                      forwarding: %1$s
                      upstream: web
                    - name: web6
                      addresses: ["fd77::100"]
                      protocol: tcp
                      ports: [80]
                      algorithm: maglev
                      forwarding: %1$s
                      upstream: web6
                  health_integration:
                    enabled: true
                    upstream: web
                upstreams:
                  - name: web
                    servers:
                %2$s    health_check: {type: tcp, interval: 200ms, timeout: 200ms, rise: 2, fall: 3}
                  - name: web6
                    servers:
                %3$s    health_check: {type: tcp, interval: 200ms, timeout: 200ms, rise: 2, fall: 3}
                """.formatted(forwarding, servers(backends.stream().map(Lab::address4).toList()),
                servers(backends.stream().map(Lab::address6).toList()));
    }

    private static String servers(List<String> addresses) {
        return addresses.stream().map(address -> "      - {address: \"" + address + "\", port: 80, weight: 100}\n")
                .collect(Collectors.joining());
    }
}
