package io.loom.admin.internal;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/** Strong entity tags (RFC 9110, 8.8.3): a digest of the representation, so that any visible change makes another. */
final class EntityTag {
    private static final int BYTES = 12;

    private EntityTag() {}

    /** With its quotes. */
    static String of(String representation) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(representation.getBytes(StandardCharsets.UTF_8));
            return '"' + HexFormat.of().formatHex(digest, 0, BYTES) + '"';
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java platform has SHA-256", impossible);
        }
    }

    /** @param condition value of an If-Match header: {@code *}, or a list of tags. Weak ones never match (13.1.1) */
    static boolean matches(String condition, String current) {
        return condition.trim().equals("*")
                || Arrays.stream(condition.split(",")).map(String::trim).anyMatch(current::equals);
    }
}
