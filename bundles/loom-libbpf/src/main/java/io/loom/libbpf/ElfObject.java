package io.loom.libbpf;

import io.loom.libbpf.internal.ElfReader;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/**
 * A relocatable BPF object in memory: which globals it defines, its types, and renaming of placeholders, which libbpf's linker
 * cannot do. Immutable; every rename gives a new one.
 */
public final class ElfObject {
    private final byte[] bytes;
    private final Set<String> symbols;
    private final Btf btf;

    private ElfObject(byte[] bytes) {
        ElfReader reader = new ElfReader(bytes);
        this.bytes = bytes;
        this.symbols = reader.globals();
        this.btf = Btf.parse(reader.content(".BTF"));
    }

    /** @throws io.loom.api.LoomException (LOOM-1007) if this is not a little-endian 64-bit BPF object with BTF */
    public static ElfObject parse(byte[] bytes) {
        return new ElfObject(bytes.clone());
    }

    /** Globals, weak ones included, that the object defines. */
    public Set<String> symbols() {
        return symbols;
    }

    public Btf btf() {
        return btf;
    }

    /** @throws io.loom.api.LoomException (LOOM-1007) if it says none */
    public String license() {
        return new String(new ElfReader(bytes).content("license"), StandardCharsets.UTF_8).split("\0", 2)[0];
    }

    /**
     * Replaces a part of names, in symbols and type information alike, because libbpf refuses either alone.
     *
     * @param from a part that stands for nothing else, such as {@code _slotXX}
     * @param to   of the same length, since it is patched in place
     * @throws IllegalArgumentException     if lengths differ
     * @throws io.loom.api.LoomException (LOOM-1007) if no name contains {@code from}
     */
    public ElfObject renamed(String from, String to) {
        return new ElfObject(new ElfReader(bytes).renamed(from, to));
    }

    public byte[] bytes() {
        return bytes.clone();
    }
}
