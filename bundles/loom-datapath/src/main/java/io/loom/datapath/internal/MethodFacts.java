package io.loom.datapath.internal;

import io.loom.api.Family;
import io.loom.api.plugin.Description;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What must be known of a method in the running program even when its bundle is gone; kept in loom_meta as a text such as
 * {@code nat balanced stateful 4:4 6:6}.
 *
 * @param encapsulates true: the packet is inside another one; only direct methods do that
 */
record MethodFacts(String name, boolean direct, boolean encapsulates, boolean stateful, Map<Family, Set<Family>> pairs) {
    private static final String ENCAPSULATING = "encapsulating";
    private static final String DIRECT = "direct";

    static MethodFacts of(Description description) {
        return new MethodFacts(
                description.name(), description.direct(), description.encapsulates(), description.stateful(),
                description.pairs());
    }

    static MethodFacts parse(String text) {
        String[] words = text.split(" ");
        Map<Family, Set<Family>> pairs = new EnumMap<>(Family.class);
        for (String pair : Arrays.copyOfRange(words, 3, words.length)) {
            pairs.computeIfAbsent(family(pair.charAt(0)), vip -> EnumSet.noneOf(Family.class)).add(family(pair.charAt(2)));
        }
        boolean encapsulates = words[1].equals(ENCAPSULATING);
        return new MethodFacts(
                words[0], encapsulates || words[1].equals(DIRECT), encapsulates, words[2].equals("stateful"), pairs);
    }

    private static Family family(char version) {
        return version == '4' ? Family.IPV4 : Family.IPV6;
    }

    String text() {
        String reaches = pairs.entrySet().stream()
                .flatMap(entry -> entry.getValue().stream().map(to -> entry.getKey().version() + ":" + to.version()))
                .sorted()
                .collect(Collectors.joining(" "));
        String way = encapsulates ? ENCAPSULATING : direct ? DIRECT : "balanced";
        return name + " " + way + " " + (stateful ? "stateful" : "stateless") + " " + reaches;
    }
}
