package io.loom.itests.bench;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** A list of 100,000 sources is asked where connections begin: those that are established hardly pay for it. */
class AclCostIT {
    /** Of the same packets to a vip without a list, by the side in one run. */
    private static final double ALLOWED = 1.15;
    /** What disturbs the machine only ever makes one of them dearer: the best of a few runs is the program's. */
    private static final int RUNS = 4;
    private static final Arguments FEW = Arguments.parse(List.of("--only", "acl", "--rounds", "15", "--entries", "65536"));

    @Test
    void aHundredThousandPrefixesCostEstablishedConnectionsLittle() throws IOException, InterruptedException {
        Map<String, Double> best = new TreeMap<>();
        for (int run = 0; run < RUNS && (best.isEmpty() || !met(best)); run++) {
            parts(new Bench(FEW).run()).forEach((name, part) -> best.merge(name, part, Math::min));
        }
        System.out.println("with 100,000 prefixes, of what it costs without: " + best);
        assertTrue(best.size() == 4, "one flow and thousands, IPv4 and IPv6: " + best);
        assertTrue(met(best), "of what it costs without a list: " + best);
    }

    private static boolean met(Map<String, Double> parts) {
        return parts.values().stream().allMatch(part -> part <= ALLOWED);
    }

    /** What each case with the list costs, of the one that lacks it. */
    private static Map<String, Double> parts(Report report) {
        Map<String, Long> net = report.lines().stream().collect(Collectors.toMap(Report.Line::name, Report.Line::net));
        Map<String, Double> parts = new TreeMap<>();
        net.forEach((name, cost) -> {
            if (name.startsWith("ipip_acl_")) {
                parts.put(name, (double) cost / net.get(name.replace("_acl_", "_no_acl_")));
            }
        });
        return parts;
    }
}
