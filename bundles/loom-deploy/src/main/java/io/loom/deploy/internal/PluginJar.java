package io.loom.deploy.internal;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Enumeration;
import java.util.HexFormat;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.osgi.framework.Constants;
import org.osgi.framework.Version;

/**
 * A jar that was read to its end and holds a bundle. Its content is kept, so that what is installed is what was looked at,
 * whatever is written to the file meanwhile.
 *
 * @param digest  of the content
 * @param content empty in a {@link #light} one
 */
record PluginJar(String symbolicName, Version version, String digest, byte[] content) {
    private static final long LARGEST = 64L << 20;
    /** All that it unpacks to. A few kilobytes can become gigabytes, and everything is read to its end. */
    private static final long LARGEST_UNPACKED = 4 * LARGEST;
    /** It is held in memory many times over while it is parsed. */
    private static final int LARGEST_MANIFEST = 1 << 20;

    /** Why a file holds no bundle, in one line. */
    static final class NoBundle extends Exception {
        private static final long serialVersionUID = 1L;

        NoBundle(String why) {
            super(why);
        }
    }

    /** Which of all bundles it is. */
    String identity() {
        return symbolicName + " " + version;
    }

    /** Without the content. */
    PluginJar light() {
        return new PluginJar(symbolicName, version, digest, new byte[0]);
    }

    InputStream open() {
        return new ByteArrayInputStream(content);
    }

    /** @param scratch a file for its own use, which it overwrites and removes */
    static PluginJar read(Path file, Path scratch) throws NoBundle {
        try {
            if (Files.size(file) > LARGEST) {
                throw new NoBundle("it is larger than " + (LARGEST >> 20) + " MiB");
            }
            byte[] content = Files.readAllBytes(file);
            if (content.length == 0) {
                throw new NoBundle("the file is empty");
            }
            try {
                Files.write(scratch, content);
                return of(content, scratch);
            } finally {
                Files.deleteIfExists(scratch);
            }
        } catch (ZipException damaged) {
            throw new NoBundle("it is no jar, or damaged, or not all of one: " + damaged.getMessage());
        } catch (AccessDeniedException refused) {
            throw new NoBundle("it cannot be read: access is denied");
        } catch (IOException | IllegalArgumentException failure) {
            throw new NoBundle("it cannot be read: " + failure.getMessage());
        }
    }

    private static PluginJar of(byte[] content, Path copy) throws IOException, NoBundle {
        try (ZipFile zip = new ZipFile(copy.toFile())) {
            long left = LARGEST_UNPACKED;
            for (Enumeration<? extends ZipEntry> entries = zip.entries(); entries.hasMoreElements();) {
                left -= requireWhole(zip, entries.nextElement(), left);
            }
            ZipEntry entry = zip.getEntry(JarFile.MANIFEST_NAME);
            if (entry == null) {
                throw new NoBundle("it is a jar without a manifest, and no OSGi bundle");
            }
            return of(content, manifest(zip, entry).getMainAttributes());
        }
    }

    private static Manifest manifest(ZipFile zip, ZipEntry entry) throws IOException, NoBundle {
        byte[] text;
        try (InputStream in = zip.getInputStream(entry)) {
            text = in.readNBytes(LARGEST_MANIFEST + 1);
        }
        if (text.length > LARGEST_MANIFEST) {
            throw new NoBundle("its manifest is larger than " + (LARGEST_MANIFEST >> 20) + " MiB");
        }
        return new Manifest(new ByteArrayInputStream(text));
    }

    private static PluginJar of(byte[] content, Attributes manifest) throws NoBundle {
        String name = manifest.getValue(Constants.BUNDLE_SYMBOLICNAME);
        if (name == null) {
            throw new NoBundle("its manifest has no Bundle-SymbolicName: it is no OSGi bundle");
        }
        if (manifest.getValue(Constants.FRAGMENT_HOST) != null) {
            throw new NoBundle("it is a fragment of another bundle, which cannot be a plugin");
        }
        String version = manifest.getValue(Constants.BUNDLE_VERSION);
        try {
            return new PluginJar(name.split(";")[0].strip(), Version.parseVersion(version), digest(content), content);
        } catch (IllegalArgumentException malformed) {
            throw new NoBundle("its Bundle-Version is malformed: " + version);
        }
    }

    /**
     * ZipFile itself does not compare sums.
     *
     * @param most bytes that it may unpack to
     * @return bytes that it unpacks to
     */
    private static long requireWhole(ZipFile zip, ZipEntry entry, long most) throws IOException, NoBundle {
        CRC32 sum = new CRC32();
        long size = 0;
        try (InputStream in = zip.getInputStream(entry)) {
            byte[] buffer = new byte[1 << 14];
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                sum.update(buffer, 0, read);
                size += read;
                if (size > most) {
                    throw new NoBundle("it unpacks to more than " + (LARGEST_UNPACKED >> 20) + " MiB");
                }
            }
        }
        if (entry.getCrc() >= 0 && sum.getValue() != entry.getCrc()) {
            throw new ZipException("the sum of " + entry.getName() + " does not match");
        }
        return size;
    }

    private static String digest(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (NoSuchAlgorithmException everyPlatformHasIt) {
            throw new IllegalStateException(everyPlatformHasIt);
        }
    }
}
