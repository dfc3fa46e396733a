package io.loom.itests.lab;

import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Configuration files for tests. Probes are quick, so that what depends on them is. */
final class Configurations {
    /** A dead backend has left within interval × fall + 1 s. */
    static final Duration DETECTION = Figure.within(Duration.ofMillis(3 * 200 + 1000));

    static final String HEALTH_CHECK = "{type: tcp, port: 80, interval: 200ms, timeout: 200ms, rise: 2, fall: 3}";

    private Configurations() {}

    /** One vip with an IPv4 and an IPv6 address on port 80, and all three backends by both of theirs. */
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
                      addresses: [10.77.0.100, "fd77::100"]
                      protocol: tcp
                      ports: [80]
                      algorithm: maglev
                      forwarding: %s
                      upstream: web
                  health_integration:
                    enabled: true
                    upstream: web
                upstreams:
                  - name: web
                    health_check: %s
                    servers:
                %s""".formatted(forwarding, HEALTH_CHECK, servers(backends));
    }

    private static String servers(List<String> backends) {
        return backends.stream().flatMap(backend -> Stream.of(Lab.address4(backend), Lab.address6(backend)))
                .map(address -> "      - {address: \"" + address + "\", port: 80, weight: 100}\n").collect(Collectors.joining());
    }
}
