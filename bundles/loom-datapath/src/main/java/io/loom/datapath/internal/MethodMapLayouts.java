package io.loom.datapath.internal;

import io.loom.api.Problem;
import io.loom.datapath.MethodMaps;
import io.loom.datapath.SlottedMethod;
import io.loom.libbpf.Btf;
import io.loom.libbpf.ElfObject;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Guards the pinned maps of forwarding methods against a version of the method that reads their entries differently: the
 * kernel compares sizes, not meanings. A method's own types begin with its name; their hash stands in loom_meta.
 */
final class MethodMapLayouts {
    private static final String META = "types.";

    private final Instance instance;

    MethodMapLayouts(Instance instance) {
        this.instance = instance;
    }

    /**
     * @param used backends refer to the method
     * @throws MethodRefused LOOM-4111 if entries that are in use have another layout
     */
    void require(SlottedMethod method, boolean used) {
        if (used && differs(method)) {
            throw new MethodRefused(method.name(), Problem.of(
                    "LOOM-4111", "forwarding method " + method.name() + " cannot replace the version that runs",
                    "it keeps its connections in another form, and vips use the present one",
                    "move its vips to another method first, or run loomd --detach (connections are lost)"));
        }
    }

    private boolean differs(SlottedMethod method) {
        Optional<String> present = instance.meta().get(META + method.name());
        return present.isPresent() && !present.equals(Optional.of(hash(method)));
    }

    /** Notes the layout; maps with entries of another one, which nobody uses, are given up. */
    void adopt(SlottedMethod method) {
        if (differs(method)) {
            instance.maps().keySet().stream()
                    .filter(map -> MethodMaps.isOfMethod(map) && map.startsWith(method.name() + "_"))
                    .forEach(instance::giveUp);
        }
        instance.meta().put(META + method.name(), hash(method));
    }

    private static String hash(SlottedMethod method) {
        String types = ElfObject.parse(method.object()).btf().structs().stream()
                .filter(struct -> struct.name().startsWith(method.name() + "_"))
                .sorted(Comparator.comparing(Btf.Struct::name))
                .map(Btf.Struct::toString)
                .collect(Collectors.joining("\n"));
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(types.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException everyPlatformHasIt) {
            throw new IllegalStateException(everyPlatformHasIt);
        }
    }
}
