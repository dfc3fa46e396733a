package io.loom.libbpf;

import io.loom.libbpf.internal.BtfReader;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Type information of a BPF object: structs and unions with their members, and the variables of each data section. Immutable.
 * Source: Linux Documentation/bpf/btf.rst.
 */
public final class Btf {
    private final Map<String, Struct> structs;
    private final List<Variable> variables;

    private Btf(Map<String, Struct> structs, List<Variable> variables) {
        this.structs = Map.copyOf(structs);
        this.variables = List.copyOf(variables);
    }

    /**
     * @param section content of a {@code .BTF} section, little endian
     * @throws io.loom.api.LoomException if it is none
     */
    public static Btf parse(byte[] section) {
        BtfReader reader = new BtfReader(section);
        return new Btf(reader.structs(), reader.variables());
    }

    /**
     * A named struct or union.
     *
     * @param size bytes
     */
    public record Struct(String name, int size, List<Member> members) {
        public Struct {
            members = List.copyOf(members);
        }

        public Optional<Member> member(String member) {
            return members.stream().filter(candidate -> candidate.name().equals(member)).findFirst();
        }
    }

    /**
     * A member as it lies in its struct; members of anonymous structs and unions are not unfolded.
     *
     * @param name   empty for an anonymous struct or union
     * @param offset bytes; for a bit field those before its first bit
     * @param size   bytes, arrays with all their elements
     */
    public record Member(String name, int offset, int size) {
    }

    /**
     * A variable of a data section.
     *
     * @param section such as {@code .rodata}
     * @param offset  bytes from the section's beginning; 0 for all in an object that neither was linked nor opened by libbpf
     * @param size    bytes
     */
    public record Variable(String section, String name, int offset, int size) {
    }

    public Optional<Struct> struct(String name) {
        return Optional.ofNullable(structs.get(name));
    }

    public Collection<Struct> structs() {
        return structs.values();
    }

    public List<Variable> variables() {
        return variables;
    }
}
