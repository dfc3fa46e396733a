package io.loom.api.control;

import io.loom.api.Endpoint;
import io.loom.api.IpAddress;
import io.loom.api.Problem;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;

/** A backend to add. @param weight 0 to 65535; 0 drains */
public record NewBackend(Endpoint endpoint, int weight) {
    public static final int DEFAULT_WEIGHT = 100;
    public static final int MAX_WEIGHT = 65535;

    /** Everything that keeps it from being a backend, each with the JSON path of its field; empty if it can be one. */
    public List<Problem> problems() {
        List<Problem> problems = new ArrayList<>();
        String kind = unusable(endpoint.address());
        if (!kind.isEmpty()) {
            problems.add(new Problem("LOOM-3417", "$.address",
                    IpAddress.format(endpoint.address()) + " cannot be a backend", "it is " + kind,
                    "give the address by which the balancer's interface reaches the server"));
        }
        problems.addAll(weightProblems(weight));
        return problems;
    }

    /** The problem of a weight that is out of range, if it is. */
    public static List<Problem> weightProblems(long weight) {
        return weight >= 0 && weight <= MAX_WEIGHT ? List.of() : List.of(new Problem("LOOM-3416", "$.weight",
                "weight " + weight + " is out of range", "weights go from 0 (drain) to " + MAX_WEIGHT,
                "give a weight in that range"));
    }

    private static String unusable(InetAddress address) {
        if (address.isAnyLocalAddress()) {
            return "the unspecified address";
        }
        if (address.isLoopbackAddress()) {
            return "a loopback address, which never leaves this host";
        }
        if (address.isMulticastAddress()) {
            return "a multicast address";
        }
        if (address instanceof Inet6Address && address.isLinkLocalAddress()) {
            return "a link-local address, which means nothing without an interface";
        }
        boolean ipv4Reserved = address.getAddress().length == 4 && (address.getAddress()[0] & 0xf0) == 0xf0;
        return ipv4Reserved ? "a broadcast or reserved address" : "";
    }
}
