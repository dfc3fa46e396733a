package io.loom.datapath.internal.layout;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/** Every struct that crosses the border to the kernel, and the hash that a pinned instance is compared by. */
public final class Layouts {
    /** LOOM_ABI_VERSION of the header that the codecs follow. */
    public static final int ABI_VERSION = 5;
    /** LOOM_SLOTS. */
    public static final int SLOTS = 8;

    private Layouts() {}

    /** Structs of abi.h. */
    public static List<StructLayout> all() {
        Stream<StructLayout> whole = pinned().stream()
                .map(layout -> layout.name().equals(BackendEntry.LAYOUT.name()) ? BackendEntry.LAYOUT : layout);
        return Stream.concat(whole, Stream.of(TraceWanted.LAYOUT, TraceRecord.LAYOUT, StationRow.LAYOUT)).toList();
    }

    /**
     * Those without which nothing can be adopted. Not those of the trace, nor the stations: an instance from before them lacks
     * their maps, which the next program brings. And not what has been zeroed padding, which that program does not look at.
     */
    private static List<StructLayout> pinned() {
        return List.of(
                VerdictCount.LAYOUT, ListenerKeys.LAYOUT4, ListenerKeys.LAYOUT6, ListenerEntry.LAYOUT, ListenerKeys.BUCKET4, ListenerKeys.BUCKET6,
                 TableRows.LAYOUT,
                BackendEntry.LAYOUT.without("vlan"), FlowCount.LAYOUT, ConnectionKeys.LAYOUT4, ConnectionKeys.LAYOUT6,
                ConnectionSets.WAY_LAYOUT, ConnectionSets.LAYOUT4, ConnectionSets.LAYOUT6, Affinities.KEY_LAYOUT4,
                Affinities.KEY_LAYOUT6, Affinities.LAYOUT, GuardEntry.LAYOUT, LimitEntry.LAYOUT, MemberEntry.LAYOUT,
                AclKeys.LAYOUT4, AclKeys.LAYOUT6, SourceKeys.LAYOUT);
    }

    /** SHA-256 over their names, offsets and sizes: pinned maps of another hash are not adopted. */
    public static String hash() {
        StringBuilder text = new StringBuilder("abi ").append(ABI_VERSION);
        pinned().forEach(layout -> text.append('\n').append(layout));
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.toString().getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException everyPlatformHasIt) {
            throw new IllegalStateException(everyPlatformHasIt);
        }
    }
}
