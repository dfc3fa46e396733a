package io.loom.itests.lab;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * One way to the backends as a client meets it: an address of its own, where they serve HTTP, DNS and iperf3.
 *
 * @param forwarding the method
 * @param number     last part of its address; a direct method's is one that {@code lab/services.sh} gives the backends
 * @param ipv6       whether the address is an IPv6 one
 * @param crossing   whether the backends are addressed in the other family
 * @param keep       whether nat keeps the client's address
 */
record Way(String forwarding, int number, boolean ipv6, boolean crossing, boolean keep) {
    private static final List<Integer> PORTS = List.of(80, 53, 5201);

    /** Each method over each family, nat also with the client's address kept, tunnels also across families. */
    static List<Way> all() {
        List<Way> ways = new ArrayList<>();
        for (boolean ipv6 : List.of(false, true)) {
            ways.add(new Way("nat", 110, ipv6, false, false));
            ways.add(new Way("nat", 111, ipv6, false, true));
            ways.add(new Way("l2", 101, ipv6, false, false));
            ways.add(new Way("ipip", 102, ipv6, false, false));
            ways.add(new Way("gue", 103, ipv6, false, false));
            ways.add(new Way("ipip", 104, ipv6, true, false));
            ways.add(new Way("gue", 105, ipv6, true, false));
        }
        return ways;
    }

    /** A configuration with all of them; each vip has its own lookup table, of this algorithm. */
    static String configuration(String algorithm) {
        return configuration("    load_balancing: {algorithm: " + algorithm + ", maglev_table_size: 4093}\n",
                all().stream().map(Way::vips).collect(Collectors.joining()));
    }

    /**
     * A configuration with some of them.
     *
     * @param more lines below {@code ebpf.xdp}
     * @param vips lines, as {@link #vips} and {@link #web} make them
     */
    static String configuration(String more, String vips) {
        return """
                ebpf:
                  xdp:
                    interface: eth0
                %s  vips:
                %s  health_integration: {enabled: true, upstream: web4}
                upstreams:
                %s""".formatted(more, vips, upstreams());
    }

    /** Those that keep no state in Loom's place, as they neither translate nor wait for replies. */
    static List<Way> direct() {
        return all().stream().filter(way -> !way.nat()).toList();
    }

    /** Under nat each port is a vip, so that it can be another one on the backend. Affinity is for iperf3, which uses both protocols. */
    String vips() {
        return web("") + vip("iperf", "[5201]", ", connection_affinity: {enabled: true}") + (nat() ? vip("dns", "[53]", "") : "");
    }

    /** The vip of HTTP; of a direct method it is that of DNS too. @param more keys, each after a comma */
    String web(String more) {
        return vip("web", nat() ? "[80]" : "[80, 53]", more);
    }

    private String vip(String service, String ports, String more) {
        return "    - {name: " + this + "-" + service + ", addresses: \"" + address() + "\", protocol: [tcp, udp], ports: "
                + ports + ", forwarding: " + forwarding + ", upstream: " + upstream(service)
                + (keep ? ", client_address: keep" : "") + more + "}\n";
    }

    /** Whether packets to backends get headers in front, so that what fills the client's MTU does not fit. */
    boolean encapsulates() {
        return forwarding.equals("ipip") || forwarding.equals("gue");
    }

    private boolean nat() {
        return forwarding.equals("nat");
    }

    /** Name of the upstream behind a service. */
    String upstream(String service) {
        return service + (keep ? "keep" : "") + (ipv6 == crossing ? "4" : "6");
    }

    private static String upstreams() {
        return Stream.of("web", "dns", "iperf").flatMap(service -> Stream.of("4", "6", "keep4", "keep6").map(suffix ->
                "  - name: " + service + suffix + "\n" + "    health_check: " + Configurations.HEALTH_CHECK + "\n    servers:\n"
                + IntStream.of(11, 12, 13).mapToObj(host -> "      - {address: \"" + network(suffix) + host + "\", port: "
                + port(service) + "}\n").collect(Collectors.joining()))).collect(Collectors.joining());
    }

    private static int port(String service) {
        return PORTS.get(List.of("web", "dns", "iperf").indexOf(service));
    }

    /** What the addresses of an upstream with this suffix begin with. */
    static String network(String suffix) {
        return switch (suffix) {
            case "4" -> "10.77.0.";
            case "6" -> "fd77::";
            case "keep4" -> "10.76.0.";
            default -> "fd76::";
        };
    }

    String address() {
        return (ipv6 ? "fd77::" : "10.77.0.") + number;
    }

    String url(String path) {
        return "http://" + (ipv6 ? "[" + address() + "]" : address()) + path;
    }

    @Override
    public String toString() {
        return forwarding + (crossing ? "-across" : "") + (keep ? "-keep" : "") + (ipv6 ? "-6" : "-4");
    }
}
