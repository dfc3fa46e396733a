package io.loom.datapath;

import io.loom.datapath.internal.AbiCheck;
import io.loom.libbpf.ElfObject;
import io.loom.libbpf.ObjectLinker;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Links core, the connection table and forwarding methods into one program (docs/adr/0001-linking-as-composition.md). Pure
 * but for the memory files that libbpf's linker needs; any thread.
 */
public final class Composer {
    private static final String PLACEHOLDER = "_slotXX";

    private final ElfObject core;
    private final ElfObject connections;

    public Composer(byte[] core, byte[] connections) {
        this.core = ElfObject.parse(core);
        this.connections = ElfObject.parse(connections);
    }

    /** With the objects that this bundle carries. */
    public static Composer builtIn() {
        return new Composer(object("core"), object("conntrack_lru"));
    }

    /** A BPF object of this bundle: {@code core}, {@code conntrack_lru} or {@code nexthop}. */
    public static byte[] object(String name) {
        try (InputStream in = Composer.class.getResourceAsStream("/bpf/" + name + ".bpf.o")) {
            if (in == null) {
                throw new IllegalStateException("the bundle lacks bpf/" + name + ".bpf.o");
            }
            return in.readAllBytes();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /**
     * @param methods each with a slot of its own
     * @throws io.loom.api.LoomException LOOM-41xx if a method does not fit, LOOM-10xx if libbpf refuses to link
     */
    public Composition compose(Collection<SlottedMethod> methods, Tuning tuning) {
        SortedMap<Integer, SlottedMethod> bySlot = new TreeMap<>();
        List<ElfObject> objects = new ArrayList<>(List.of(core, connections));
        int openSlots = 0;
        int replySlots = 0;
        for (SlottedMethod method : methods) {
            if (bySlot.put(method.slot(), method) != null) {
                throw new IllegalArgumentException("two methods in slot " + method.slot());
            }
        }
        for (SlottedMethod method : bySlot.values()) {
            ElfObject plugin = ElfObject.parse(method.object());
            AbiCheck.require(method.name(), plugin, core.btf());
            openSlots |= plugin.symbols().contains("loom_open" + PLACEHOLDER) ? 1 << method.slot() : 0;
            replySlots |= plugin.symbols().contains("loom_reply" + PLACEHOLDER) ? 1 << method.slot() : 0;
            objects.add(plugin.renamed(PLACEHOLDER, method.suffix()));
        }
        Composition composition = new Composition(
                ObjectLinker.link(objects), bySlot, openSlots, replySlots, tuning, fingerprint(bySlot, tuning));
        AbiCheck.requireVersions(composition);
        return composition;
    }

    private String fingerprint(SortedMap<Integer, SlottedMethod> methods, Tuning tuning) {
        MessageDigest digest = sha256();
        digest.update(core.bytes());
        digest.update(connections.bytes());
        digest.update(text(tuning.hz() + " " + tuning.timeouts()));
        methods.forEach((slot, method) -> {
            digest.update(text(slot + " " + method.name() + " " + new TreeMap<>(method.description().constants())));
            digest.update(method.object());
        });
        return HexFormat.of().formatHex(digest.digest());
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException everyPlatformHasIt) {
            throw new IllegalStateException(everyPlatformHasIt);
        }
    }
}
