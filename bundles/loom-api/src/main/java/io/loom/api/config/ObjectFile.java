package io.loom.api.config;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** The content of an object file. Immutable; equal to any other with the same bytes. */
public final class ObjectFile {
    private final byte[] bytes;
    private final String sha256;

    public ObjectFile(byte[] bytes) {
        this.bytes = bytes.clone();
        try {
            this.sha256 = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException everyPlatformHasIt) {
            throw new IllegalStateException(everyPlatformHasIt);
        }
    }

    public byte[] bytes() {
        return bytes.clone();
    }

    /** Hex digits. */
    public String sha256() {
        return sha256;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ObjectFile file && sha256.equals(file.sha256);
    }

    @Override
    public int hashCode() {
        return sha256.hashCode();
    }

    @Override
    public String toString() {
        return bytes.length + " bytes, sha256 " + sha256;
    }
}
