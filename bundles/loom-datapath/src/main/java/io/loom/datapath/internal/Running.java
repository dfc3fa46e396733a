package io.loom.datapath.internal;

import io.loom.datapath.Composition;
import io.loom.datapath.SlottedMethod;
import io.loom.libbpf.BpfProgram;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The program in force.
 *
 * @param composition what it was made of; empty after adoption, until the bundles that it was made of have come
 * @param slots       its methods
 */
record Running(BpfProgram program, Optional<Composition> composition, SlotBook slots) {

    /** Its methods as far as their objects are known. */
    Collection<SlottedMethod> methods() {
        return composition.map(known -> known.methods().values()).orElse(List.of());
    }

    Map<String, MethodCode> code() {
        return methods().stream().collect(Collectors.toMap(
                SlottedMethod::name, method -> new MethodCode(method.description(), method.object(), options -> Map.of())));
    }
}
