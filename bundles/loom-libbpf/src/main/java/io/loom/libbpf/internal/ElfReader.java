package io.loom.libbpf.internal;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Just enough of ELF64 (System V ABI, chapter 4) to list a BPF object's globals and to patch names in its string tables.
 */
public final class ElfReader {
    private static final byte[] MAGIC = {0x7f, 'E', 'L', 'F', 2 /* 64-bit */, 1 /* little endian */};
    private static final int MACHINE_BPF = 247;
    private static final int SECTION_HEADER_SIZE = 64;
    private static final int SYMBOL_SIZE = 24;
    private static final int SYMTAB = 2;
    private static final int BIND_GLOBAL = 1;
    private static final int BIND_WEAK = 2;
    private static final int UNDEFINED = 0;

    /** @param offset and size in bytes; @param link number of a symbol table's string table */
    private record Section(String name, int type, int offset, int size, int link) {
    }

    private final ByteBuffer elf;
    private final List<Section> sections = new ArrayList<>();

    /** @param bytes not copied; must not change */
    public ElfReader(byte[] bytes) {
        elf = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.length < SECTION_HEADER_SIZE || !Arrays.equals(Arrays.copyOf(bytes, MAGIC.length), MAGIC)
                || Short.toUnsignedInt(elf.getShort(18)) != MACHINE_BPF) {
            throw malformed("it is not a little-endian 64-bit BPF object");
        }
        try {
            readSections();
        } catch (IndexOutOfBoundsException truncated) {
            throw malformed("it is cut short");
        }
    }

    private void readSections() {
        int table = Math.toIntExact(elf.getLong(40));
        int count = Short.toUnsignedInt(elf.getShort(60));
        int names = table + Short.toUnsignedInt(elf.getShort(62)) * SECTION_HEADER_SIZE;
        int nameTable = Math.toIntExact(elf.getLong(names + 24));
        for (int i = 0; i < count; i++) {
            int header = table + i * SECTION_HEADER_SIZE;
            sections.add(new Section(string(nameTable + elf.getInt(header)), elf.getInt(header + 4),
                    Math.toIntExact(elf.getLong(header + 24)), Math.toIntExact(elf.getLong(header + 32)),
                    elf.getInt(header + 40)));
        }
    }

    /** Global and weak symbols that are defined here; hidden ones, too. */
    public Set<String> globals() {
        Set<String> names = new TreeSet<>();
        for (Section table : sections) {
            if (table.type != SYMTAB) {
                continue;
            }
            int strings = sections.get(table.link).offset;
            for (int at = table.offset; at < table.offset + table.size; at += SYMBOL_SIZE) {
                int bind = (elf.get(at + 4) & 0xff) >> 4;
                if ((bind == BIND_GLOBAL || bind == BIND_WEAK) && elf.getShort(at + 6) != UNDEFINED) {
                    names.add(string(strings + elf.getInt(at)));
                }
            }
        }
        return Set.copyOf(names);
    }

    /** Content of the section of that name. */
    public byte[] content(String name) {
        Section section = section(name);
        return Arrays.copyOfRange(elf.array(), section.offset, section.offset + section.size);
    }

    /** A copy in which {@code to} stands wherever {@code from} stood in the names of symbols and of types. */
    public byte[] renamed(String from, String to) {
        byte[] old = from.getBytes(StandardCharsets.UTF_8);
        byte[] replacement = to.getBytes(StandardCharsets.UTF_8);
        if (old.length != replacement.length || old.length == 0) {
            throw new IllegalArgumentException("names are patched in place: '" + from + "' and '" + to + "' differ in length");
        }
        byte[] copy = elf.array().clone();
        Section symbols = section(".strtab");
        Section btf = section(".BTF");
        int strings = btf.offset + elf.getInt(btf.offset + 4) + elf.getInt(btf.offset + 16);
        int inSymbols = replace(copy, symbols.offset, symbols.offset + symbols.size, old, replacement);
        int inTypes = replace(copy, strings, strings + elf.getInt(btf.offset + 20), old, replacement);
        if (inSymbols == 0 || inTypes == 0) {
            throw malformed("no " + (inSymbols == 0 ? "symbol" : "type") + " has '" + from + "' in its name");
        }
        return copy;
    }

    private static int replace(byte[] data, int begin, int end, byte[] old, byte[] replacement) {
        int count = 0;
        for (int at = begin; at + old.length <= end; at++) {
            if (Arrays.equals(data, at, at + old.length, old, 0, old.length)) {
                System.arraycopy(replacement, 0, data, at, replacement.length);
                count++;
            }
        }
        return count;
    }

    private Section section(String name) {
        return sections.stream().filter(section -> section.name.equals(name)).findFirst()
                .orElseThrow(() -> malformed("it has no section " + name));
    }

    private String string(int begin) {
        int end = begin;
        while (elf.get(end) != 0) {
            end++;
        }
        return new String(elf.array(), begin, end - begin, StandardCharsets.UTF_8);
    }

    private static LoomException malformed(String why) {
        return new LoomException(Problem.of(Diagnosis.CODE_OBJECT, "cannot read a BPF object", why,
                "use an object compiled by clang -g -target bpf (bpf-objects/compile)"));
    }
}
