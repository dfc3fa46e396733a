package io.loom.datapath.internal.layout;

import java.nio.ByteBuffer;

/**
 * Value of loom_members: whose member the backend of a number is.
 *
 * @param group names the upstream
 * @param limit entry of loom_blimits that counts its connections; 0: none
 */
public record MemberEntry(long group, int limit) {
    private static final Field GROUP = new Field("group", 0, 8);
    private static final Field LIMIT = new Field("limit", 8, 4);
    static final StructLayout LAYOUT = new StructLayout("loom_member", 16, GROUP, LIMIT);

    public byte[] encode() {
        ByteBuffer struct = LAYOUT.create();
        GROUP.put(struct, group);
        LIMIT.put(struct, limit);
        return struct.array();
    }

    public static MemberEntry decode(byte[] value) {
        ByteBuffer struct = LAYOUT.at(value);
        return new MemberEntry(GROUP.get(struct), (int) LIMIT.get(struct));
    }
}
