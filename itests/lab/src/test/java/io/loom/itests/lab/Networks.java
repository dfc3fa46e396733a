package io.loom.itests.lab;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Vips for the lab of {@code lab/networks.sh}: clients are on the segment of eth0 or behind its router, two backends on the
 * segment of eth1, the third on that of eth0.
 */
final class Networks {
    /** The client's address behind the router. */
    static final String REMOTE4 = "10.79.0.1";
    static final String REMOTE6 = "fd79::1";

    private static final List<String> BACKENDS4 = List.of("10.0.1.10", "10.0.1.11", "10.77.0.13");
    private static final List<String> BACKENDS6 = List.of("fd78::11", "fd78::12", "fd77::13");

    private Networks() {}

    /**
     * A vip for each method and family; a direct one has an address that the backends hold.
     *
     * @param number last part of its address
     * @param keep   whether nat keeps the client's address, for which backends have addresses of their own
     */
    record Method(String forwarding, int number, boolean ipv6, boolean keep) {
        String address() {
            return (ipv6 ? "fd77::" : "10.77.0.") + number;
        }

        /** Those that its clients meet. */
        List<String> backends() {
            return keep ? Lab.BACKENDS.subList(0, 2) : Lab.BACKENDS;
        }

        private String vip() {
            String upstream = (keep ? "keep" : "web") + (ipv6 ? "6" : "4");
            return "    - {name: " + this + ", addresses: \"" + address() + "\", ports: 80, forwarding: " + forwarding
                    + ", upstream: " + upstream + (keep ? ", client_address: keep" : "") + "}\n";
        }

        @Override
        public String toString() {
            return forwarding + (keep ? "-keep" : "") + (ipv6 ? "-6" : "-4");
        }
    }

    static List<Method> methods() {
        return Stream.of(false, true).flatMap(ipv6 -> Stream.of(
                new Method("nat", 110, ipv6, false), new Method("nat", 111, ipv6, true), new Method("l2", 101, ipv6, false),
                new Method("ipip", 102, ipv6, false), new Method("gue", 103, ipv6, false))).toList();
    }

    /** @param interfaces as in the file */
    static String configuration(String interfaces) {
        return configuration(interfaces, Lab.BACKENDS.size());
    }

    /** @param backends so many: the first two are those on the segment of eth1 */
    static String configuration(String interfaces, int backends) {
        return """
                ebpf:
                  xdp:
                    interface: %s
                    load_balancing: {maglev_table_size: 1009}
                  vips:
                %s  health_integration: {enabled: true, upstream: web4}
                upstreams:
                %s%s%s%s""".formatted(interfaces, methods().stream().map(Method::vip).collect(Collectors.joining()),
                upstream("web4", BACKENDS4.subList(0, backends)), upstream("web6", BACKENDS6.subList(0, backends)),
                upstream("keep4", List.of("10.76.0.11", "10.76.0.12")), upstream("keep6", List.of("fd76::11", "fd76::12")));
    }

    private static String upstream(String name, List<String> servers) {
        return "  - name: " + name + "\n    health_check: " + Configurations.HEALTH_CHECK + "\n    servers:\n"
                + servers.stream().map(address -> "      - {address: \"" + address + "\", port: 80}\n").collect(Collectors.joining());
    }
}
