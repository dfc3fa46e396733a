package io.loom.datapath.internal.layout;

/**
 * Identifiers of 802.1Q tags, 1 to 4094.
 *
 * @param outer 0: none, whatever a packet has will do
 * @param inner 0: none
 */
public record VlanTags(int outer, int inner) {
    public static final VlanTags NONE = new VlanTags(0, 0);

    private static final int BITS = 16;

    /** As the struct has them. */
    long encode() {
        return outer | (long) inner << BITS;
    }

    static VlanTags decode(long value) {
        return new VlanTags((int) (value & 0xffff), (int) (value >> BITS));
    }
}
