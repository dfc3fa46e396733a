package io.loom.datapath;

import io.loom.api.Protocol;
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

    private final ElfObject cache;
    private final ElfObject hash;

    /**
     * @param cache core with the connection table that is Loom's own
     * @param hash  core with the one in a hash of the kernel
     */
    public Composer(byte[] cache, byte[] hash) {
        this.cache = ElfObject.parse(cache);
        this.hash = ElfObject.parse(hash);
    }

    /** With the objects that this bundle carries. */
    public static Composer builtIn() {
        return new Composer(object("core_cache"), object("core_hash"));
    }

    /** A BPF object of this bundle: {@code core_cache}, {@code core_hash}, {@code before} or {@code nexthop}. */
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
     * @param methods   each with a slot of its own
     * @param protocols objects of protocol handlers
     * @throws io.loom.api.LoomException LOOM-41xx if a method does not fit, LOOM-10xx if libbpf refuses to link
     */
    public Composition compose(
            Collection<SlottedMethod> methods, SortedMap<Protocol, byte[]> protocols, Tuning tuning) {
        SortedMap<Integer, SlottedMethod> bySlot = new TreeMap<>();
        ElfObject core = core(tuning);
        List<ElfObject> objects = new ArrayList<>(List.of(core));
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
        SortedMap<Integer, Protocol> handlers = new TreeMap<>();
        protocols.forEach((protocol, object) -> {
            ElfObject handler = ElfObject.parse(object);
            AbiCheck.requireHandler(protocol, handler, core.btf());
            objects.add(handler.renamed(PLACEHOLDER, "_slot0" + handlers.size()));
            handlers.put(handlers.size(), protocol);
        });
        Composition composition = new Composition(
                ObjectLinker.link(objects), bySlot, openSlots, replySlots, handlers, tuning,
                fingerprint(bySlot, protocols, tuning));
        AbiCheck.requireVersions(composition);
        return composition;
    }

    private ElfObject core(Tuning tuning) {
        return tuning.connections().isCache() ? cache : hash;
    }

    private String fingerprint(
            SortedMap<Integer, SlottedMethod> methods, SortedMap<Protocol, byte[]> protocols, Tuning tuning) {
        MessageDigest digest = sha256();
        digest.update(core(tuning).bytes());
        digest.update(text(tuning.hz() + " " + tuning.timeouts() + " " + tuning.affinity() + " " + tuning.late() + " " + tuning.seed()
                + " " + tuning.icmp() + " " + tuning.generic() + " " + tuning.software()));
        protocols.forEach((protocol, object) -> {
            digest.update(text(protocol.name()));
            digest.update(object);
        });
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
