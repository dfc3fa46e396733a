package io.loom.libbpf.internal;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.libbpf.Btf;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Decodes a {@code .BTF} section: a header, type records that refer to each other by their position (1 = first), and strings.
 * Source: Linux include/uapi/linux/btf.h.
 */
public final class BtfReader {
    private static final int MAGIC = 0xeb9f;
    private static final int POINTER_SIZE = 8;
    private static final int MAX_DEPTH = 32;

    private enum Kind {
        VOID, INT, PTR, ARRAY, STRUCT, UNION, ENUM, FWD, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC, FUNC_PROTO, VAR, DATASEC,
        FLOAT, DECL_TAG, TYPE_TAG, ENUM64
    }

    /** @param sizeOrType bytes or a type number, depending on kind; @param body where the kind's own data begin */
    private record Type(Kind kind, String name, int count, boolean flag, int sizeOrType, int body) {
    }

    private final ByteBuffer data;
    private final int strings;
    private final List<Type> types = new ArrayList<>();

    public BtfReader(byte[] section) {
        data = ByteBuffer.wrap(section).order(ByteOrder.LITTLE_ENDIAN);
        try {
            if (Short.toUnsignedInt(data.getShort(0)) != MAGIC) {
                throw malformed("wrong magic number");
            }
            int header = data.getInt(4);
            int typesBegin = header + data.getInt(8);
            int typesEnd = typesBegin + data.getInt(12);
            strings = header + data.getInt(16);
            types.add(new Type(Kind.VOID, "", 0, false, 0, 0));
            for (int at = typesBegin; at < typesEnd; ) {
                at = read(at);
            }
        } catch (IndexOutOfBoundsException truncated) {
            throw malformed("it is cut short");
        }
    }

    /** Named structs and unions, by name. */
    public Map<String, Btf.Struct> structs() {
        Map<String, Btf.Struct> found = new LinkedHashMap<>();
        for (Type type : types) {
            if ((type.kind == Kind.STRUCT || type.kind == Kind.UNION) && !type.name.isEmpty()) {
                found.put(type.name, new Btf.Struct(type.name, type.sizeOrType, members(type)));
            }
        }
        return found;
    }

    /** Variables of all data sections. */
    public List<Btf.Variable> variables() {
        List<Btf.Variable> found = new ArrayList<>();
        for (Type section : types) {
            for (int i = 0; section.kind == Kind.DATASEC && i < section.count; i++) {
                int entry = section.body + 12 * i;
                found.add(new Btf.Variable(section.name, type(data.getInt(entry)).name, data.getInt(entry + 4),
                        data.getInt(entry + 8)));
            }
        }
        return found;
    }

    private int read(int at) {
        int info = data.getInt(at + 4);
        int number = info >>> 24 & 0x1f;
        if (number == 0 || number >= Kind.values().length) {
            throw malformed("type kind " + number + " is unknown");
        }
        Type type = new Type(Kind.values()[number], string(data.getInt(at)), info & 0xffff, info < 0,
                data.getInt(at + 8), at + 12);
        types.add(type);
        return type.body + bodySize(type);
    }

    private static int bodySize(Type type) {
        return switch (type.kind) {
            case INT, VAR, DECL_TAG -> 4;
            case ARRAY -> 12;
            case STRUCT, UNION, DATASEC, ENUM64 -> 12 * type.count;
            case ENUM, FUNC_PROTO -> 8 * type.count;
            case VOID, PTR, FWD, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC, FLOAT, TYPE_TAG -> 0;
        };
    }

    private List<Btf.Member> members(Type struct) {
        List<Btf.Member> members = new ArrayList<>();
        for (int i = 0; i < struct.count; i++) {
            int entry = struct.body + 12 * i;
            int offset = data.getInt(entry + 8);
            int bits = struct.flag ? offset & 0xffffff : offset;
            members.add(new Btf.Member(string(data.getInt(entry)), bits / 8, size(data.getInt(entry + 4), 0)));
        }
        return members;
    }

    private int size(int number, int depth) {
        if (depth > MAX_DEPTH) {
            throw malformed("types are nested without end");
        }
        Type type = type(number);
        return switch (type.kind) {
            case INT, STRUCT, UNION, ENUM, ENUM64, FLOAT -> type.sizeOrType;
            case PTR -> POINTER_SIZE;
            case TYPEDEF, VOLATILE, CONST, RESTRICT, TYPE_TAG, VAR -> size(type.sizeOrType, depth + 1);
            case ARRAY -> data.getInt(type.body + 8) * size(data.getInt(type.body), depth + 1);
            case VOID, FWD, FUNC, FUNC_PROTO, DATASEC, DECL_TAG -> 0;
        };
    }

    private Type type(int number) {
        if (number < 0 || number >= types.size()) {
            throw malformed("type " + number + " does not exist");
        }
        return types.get(number);
    }

    private String string(int offset) {
        int begin = strings + offset;
        int end = begin;
        while (data.get(end) != 0) {
            end++;
        }
        return new String(data.array(), begin, end - begin, StandardCharsets.UTF_8);
    }

    private static LoomException malformed(String why) {
        return new LoomException(Problem.of(Diagnosis.CODE_OBJECT, "cannot read the BTF of a BPF object", why,
                "compile the object with clang -g -target bpf"));
    }
}
