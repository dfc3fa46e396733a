package io.loom.shell.ssh;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.util.Set;
import org.apache.sshd.common.config.keys.KeyUtils;
import org.apache.sshd.common.config.keys.PublicKeyEntry;
import org.apache.sshd.common.config.keys.writer.openssh.OpenSSHKeyPairResourceWriter;
import org.apache.sshd.common.util.io.resource.PathResource;
import org.apache.sshd.common.util.security.SecurityUtils;

/**
 * The files of {@code DATA/ssh}, in OpenSSH's formats: who the server is ({@code host_key}), who may come in
 * ({@code authorized_keys}, to which operators add their own keys), and what {@code bin/loom} needs to do so
 * ({@code client_key}, {@code known_hosts}). Missing ones are made; existing ones are never changed.
 */
record SshKeys(Path directory) {
    /** The name that stands for the server in known_hosts, whatever address and port it has. */
    static final String HOST_ALIAS = "loom";

    private static final long MOST_BYTES = 1 << 20;
    private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY_DIRECTORY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    /** @throws LoomException LOOM-5201 if the files cannot be written */
    static SshKeys in(Path directory) {
        SshKeys keys = new SshKeys(directory);
        try {
            Files.createDirectories(directory, OWNER_ONLY_DIRECTORY);
            keys.makeMissing();
            return keys;
        } catch (IOException | GeneralSecurityException failure) {
            throw new LoomException(Problem.of("LOOM-5201", "cannot make the SSH keys in " + directory, failure.toString(),
                    "make the data directory writable; without keys nobody can use the shell"), failure);
        }
    }

    Path hostKey() {
        return directory.resolve("host_key");
    }

    /** @throws LoomException LOOM-5203 if there is none that can be read */
    KeyPair hostKeyPair() {
        return keyPair(hostKey(), "SSH cannot say who it is", "put it back, or remove it and known_hosts beside it: both are made anew");
    }

    /** Whether bin/loom can use its key. @throws LoomException LOOM-5203 if not */
    void requireClientKey() {
        keyPair(directory.resolve("client_key"), "bin/loom has no key", "put it back, or remove it and restart: a new one is made");
    }

    private static KeyPair keyPair(Path file, String what, String fix) {
        try (InputStream in = new ByteArrayInputStream(read(file))) {
            Iterable<KeyPair> pairs = SecurityUtils.loadKeyPairIdentities(null, new PathResource(file), in, null);
            if (pairs != null && pairs.iterator().hasNext()) {
                return pairs.iterator().next();
            }
            throw new IOException("there is no private key in it");
        } catch (IOException | GeneralSecurityException | RuntimeException unusable) {
            throw new LoomException(Problem.of("LOOM-5203", what + ": " + file + " is no private key that can be read",
                    String.valueOf(unusable.getMessage()).lines().findFirst().orElse(""), fix), unusable);
        }
    }

    /** Whole. @throws IOException also if it is no file, which reading would wait for, or far too large for keys */
    static byte[] read(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new IOException(Files.exists(file) ? "it is no regular file" : "it does not exist");
        }
        if (Files.size(file) > MOST_BYTES) {
            throw new IOException("it has more than " + MOST_BYTES + " bytes");
        }
        return Files.readAllBytes(file);
    }

    Path authorizedKeys() {
        return directory.resolve("authorized_keys");
    }

    /** Host and port, separated by a space, while the server listens there. */
    Path address() {
        return directory.resolve("address");
    }

    /** Public parts come first: if that is interrupted, the private key is missing and all is made anew. */
    private void makeMissing() throws IOException, GeneralSecurityException {
        if (!Files.exists(hostKey())) {
            KeyPair host = newKey();
            write(directory.resolve("known_hosts"), HOST_ALIAS + " " + publicLine(host) + "\n");
            write(hostKey(), privateText(host, "loom host key"));
        }
        Path clientKey = directory.resolve("client_key");
        if (!Files.exists(clientKey)) {
            KeyPair client = newKey();
            String line = publicLine(client) + " loom client made at the first start\n";
            String others = Files.exists(authorizedKeys()) ? new String(read(authorizedKeys()), StandardCharsets.UTF_8) : "";
            write(authorizedKeys(), others + line);
            write(clientKey, privateText(client, "loom client"));
        }
    }

    /** ECDSA on P-256: made in milliseconds (RSA takes a second), and every SSH client knows it. */
    private static KeyPair newKey() throws GeneralSecurityException {
        return KeyUtils.generateKeyPair("ecdsa-sha2-nistp256", 256);
    }

    private static String publicLine(KeyPair pair) {
        return PublicKeyEntry.toString(pair.getPublic());
    }

    private static String privateText(KeyPair pair, String comment) throws IOException, GeneralSecurityException {
        var text = new java.io.ByteArrayOutputStream();
        OpenSSHKeyPairResourceWriter.INSTANCE.writePrivateKey(pair, comment, null, text);
        return text.toString(StandardCharsets.US_ASCII);
    }

    /** Replaces a file in one step; readable by its owner only from the beginning. */
    static void write(Path file, String text) throws IOException {
        Path draft = Files.createTempFile(file.getParent(), file.getFileName().toString(), ".new", OWNER_ONLY);
        try (OutputStream out = Files.newOutputStream(draft)) {
            out.write(text.getBytes(StandardCharsets.US_ASCII));
        }
        Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
