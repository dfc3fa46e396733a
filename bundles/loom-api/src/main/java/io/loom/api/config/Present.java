package io.loom.api.config;

import java.util.List;

/**
 * What a file may name and a host may lack, as it is at the moment.
 *
 * @param methods    names of the forwarding methods that are deployed
 * @param algorithms names of the algorithms that are deployed
 * @param interfaces names of the network interfaces
 */
public record Present(List<String> methods, List<String> algorithms, List<String> interfaces) {
    public Present {
        methods = methods.stream().sorted().toList();
        algorithms = algorithms.stream().sorted().toList();
        interfaces = interfaces.stream().sorted().toList();
    }
}
