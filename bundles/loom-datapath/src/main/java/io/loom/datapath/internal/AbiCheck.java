package io.loom.datapath.internal;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.Protocol;
import io.loom.datapath.Composition;
import io.loom.datapath.internal.layout.Field;
import io.loom.datapath.internal.layout.Layouts;
import io.loom.datapath.internal.layout.StructLayout;
import io.loom.libbpf.BpfObject;
import io.loom.libbpf.Btf;
import io.loom.libbpf.ElfObject;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * Holds a method's object against the ABI that core was compiled with: libbpf's linker notices neither a struct of another
 * layout behind a pointer nor another version number.
 */
public final class AbiCheck {
    private static final String FIX = "install a version of the bundle that was built against this Loom's include/loom";

    private AbiCheck() {}

    /**
     * Required hook there, and every struct that both sides name {@code loom_...} the same on both.
     *
     * @throws MethodRefused LOOM-4101 or LOOM-4103
     */
    public static void require(String method, ElfObject plugin, Btf core) {
        if (!plugin.symbols().contains("loom_forward_slotXX")) {
            throw refused("LOOM-4101", method, "its object does not define loom_forward_slotXX");
        }
        firstDifference(plugin, core).ifPresent(text -> {
            throw refused("LOOM-4103", method, text);
        });
    }

    /**
     * The same for a protocol handler.
     *
     * @throws LoomException LOOM-4101 or LOOM-4103
     */
    public static void requireHandler(Protocol protocol, ElfObject plugin, Btf core) {
        if (!plugin.symbols().contains("loom_protocol_slotXX")) {
            throw refused("LOOM-4101", protocol, "its object does not define loom_protocol_slotXX");
        }
        firstDifference(plugin, core).ifPresent(text -> {
            throw refused("LOOM-4103", protocol, text);
        });
    }

    private static Optional<String> firstDifference(ElfObject plugin, Btf core) {
        return plugin.btf().structs().stream()
                .filter(struct -> struct.name().startsWith("loom_"))
                .flatMap(struct -> difference(struct, core).stream())
                .findFirst();
    }

    /**
     * The ABI number that each method was compiled with. Looked up in the linked object: libbpf opens no plugin alone.
     *
     * @throws MethodRefused LOOM-4102
     */
    public static void requireVersions(Composition composition) {
        try (BpfObject object = BpfObject.open("loom", composition.elf())) {
            composition.methods().forEach((slot, method) -> {
                versionTrouble(object, "loom_abi_slot0" + slot).ifPresent(why -> {
                    throw refused("LOOM-4102", method.name(), why);
                });
            });
            composition.protocols().forEach((slot, protocol) -> {
                versionTrouble(object, "loom_protocol_abi_slot0" + slot).ifPresent(why -> {
                    throw refused("LOOM-4102", protocol, why);
                });
            });
        }
    }

    private static Optional<String> versionTrouble(BpfObject object, String constant) {
        Optional<Integer> version =
                object.constant(constant).map(value -> ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).getInt());
        if (version.isEmpty()) {
            return Optional.of("its object does not say for which ABI it was built");
        }
        return version.filter(there -> there != Layouts.ABI_VERSION)
                .map(there -> "it was built for ABI " + there + ", and this Loom has ABI " + Layouts.ABI_VERSION);
    }

    private static Optional<String> difference(Btf.Struct plugin, Btf core) {
        Optional<Btf.Struct> here = core.struct(plugin.name());
        if (here.isPresent()) {
            return isKnown(plugin, here.get())
                    ? Optional.empty()
                    : Optional.of("struct " + plugin.name() + " differs: there " + plugin + ", here " + here.get());
        }
        return Layouts.all().stream()
                .filter(layout -> layout.name().equals(plugin.name()))
                .findFirst()
                .flatMap(layout -> difference(plugin, layout));
    }

    /** What was padding when the plugin was compiled may be a member by now: it does not look there. */
    private static boolean isKnown(Btf.Struct plugin, Btf.Struct core) {
        return plugin.size() == core.size() && plugin.members().stream()
                .allMatch(member -> member.name().startsWith("pad") || core.members().contains(member));
    }

    /** The first member that a struct in an object has elsewhere than the codec; empty if there is none. */
    public static Optional<String> difference(Btf.Struct struct, StructLayout layout) {
        if (struct.size() != layout.size()) {
            return Optional.of("struct " + struct.name() + " has " + struct.size() + " bytes, not " + layout.size());
        }
        for (Field field : layout.fields()) {
            Optional<Btf.Member> member = struct.member(field.name());
            if (!member.equals(Optional.of(new Btf.Member(field.name(), field.offset(), field.size())))) {
                return Optional.of("struct " + struct.name() + " has " + member + ", not " + field);
            }
        }
        return Optional.empty();
    }

    private static MethodRefused refused(String code, String method, String why) {
        return new MethodRefused(method, Problem.of(code, "cannot link forwarding method " + method, why, FIX));
    }

    private static LoomException refused(String code, Protocol protocol, String why) {
        return new LoomException(Problem.of(code, "cannot link the protocol handler for " + protocol, why, FIX));
    }
}
