package io.loom.shell.ssh;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.LoomException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.util.List;
import org.apache.sshd.common.config.keys.PublicKeyEntry;
import org.apache.sshd.common.keyprovider.FileKeyPairProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SshKeysTest {
    @TempDir
    Path directory;

    @Test
    void theFirstStartMakesKeysThatBelongTogether() throws IOException {
        SshKeys keys = SshKeys.in(directory.resolve("ssh"));
        assertEquals("loom " + publicPart("host_key") + "\n", read("known_hosts"));
        assertTrue(read("authorized_keys").startsWith(publicPart("client_key") + " "));
        assertEquals(directory.resolve("ssh/authorized_keys"), keys.authorizedKeys());
    }

    @Test
    void onlyTheOwnerReadsThem() throws IOException {
        SshKeys.in(directory.resolve("ssh"));
        assertEquals("rwx------", permissions("ssh"));
        for (String file : List.of("host_key", "client_key", "authorized_keys", "known_hosts")) {
            assertEquals("rw-------", permissions("ssh/" + file), file);
        }
    }

    @Test
    void theNextStartChangesNothing() throws IOException {
        SshKeys.in(directory.resolve("ssh"));
        String before = read("host_key") + read("client_key") + read("authorized_keys") + read("known_hosts");
        SshKeys.in(directory.resolve("ssh"));
        assertEquals(before, read("host_key") + read("client_key") + read("authorized_keys") + read("known_hosts"));
    }

    @Test
    void aLostClientKeyIsReplacedAndOperatorsKeepTheirOwn() throws IOException {
        SshKeys keys = SshKeys.in(directory.resolve("ssh"));
        String lost = publicPart("client_key");
        Files.writeString(keys.authorizedKeys(), "ssh-ed25519 AAAA operator\n");
        Files.delete(directory.resolve("ssh/client_key"));
        SshKeys.in(directory.resolve("ssh"));
        assertTrue(read("authorized_keys").startsWith("ssh-ed25519 AAAA operator\n"));
        assertTrue(read("authorized_keys").contains(publicPart("client_key")));
        assertTrue(!lost.equals(publicPart("client_key")));
    }

    @Test
    void anUnusableDirectoryIsSaidWithCodeAndFix() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "");
        LoomException failure = assertThrows(LoomException.class, () -> SshKeys.in(file.resolve("ssh")));
        assertEquals("LOOM-5201", failure.code());
    }

    private String read(String file) throws IOException {
        return Files.readString(directory.resolve("ssh").resolve(file));
    }

    private String permissions(String path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve(path)));
    }

    private String publicPart(String file) {
        KeyPair pair = new FileKeyPairProvider(directory.resolve("ssh").resolve(file)).loadKeys(null).iterator().next();
        return PublicKeyEntry.toString(pair.getPublic());
    }
}
