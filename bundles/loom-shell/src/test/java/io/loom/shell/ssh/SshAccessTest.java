package io.loom.shell.ssh;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Problem;
import io.loom.api.config.Admin;
import io.loom.api.config.ConfigSource;
import io.loom.api.config.LoomConfig;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import org.apache.sshd.common.config.keys.KeyUtils;
import org.apache.sshd.common.config.keys.PublicKeyEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the server offers, and what is said of keys that are no use. */
class SshAccessTest {
    /** SHA-1 and MD5 in any part, CBC, and RSA signatures over SHA-1 (RFC 8332, 3). */
    private static final Pattern WEAK = Pattern.compile("sha1|md5|cbc|arcfour|3des|blowfish|^none$|^ssh-rsa|^ssh-dss");

    @TempDir
    Path directory;

    private SshKeys keys() {
        return SshKeys.in(directory.resolve("ssh"));
    }

    /** Key exchange, host keys, ciphers and MACs each way, as the server's first message lists them (RFC 4253, 7.1). */
    private static List<List<String>> offered(int port) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write("SSH-2.0-test\r\n".getBytes(StandardCharsets.US_ASCII));
            DataInputStream in = new DataInputStream(socket.getInputStream());
            while (in.readByte() != '\n') {
                // the server's version
            }
            in.readInt();
            in.readByte();
            assertEquals(20, in.readByte(), "SSH_MSG_KEXINIT");
            in.readFully(new byte[16]);
            List<List<String>> lists = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                byte[] names = new byte[in.readInt()];
                in.readFully(names);
                lists.add(List.of(new String(names, StandardCharsets.US_ASCII).split(",")));
            }
            return lists;
        }
    }

    @Test
    void nothingWeakIsOffered() throws IOException {
        SshKeys keys = keys();
        try (SshEndpoint endpoint = SshEndpoint.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), keys.hostKeyPair(),
                new AuthorizedKeys(keys.authorizedKeys()), null)) {
            List<List<String>> offered = offered(endpoint.port());
            for (List<String> names : offered) {
                assertEquals(List.of(), names.stream().filter(name -> WEAK.matcher(name).find()).toList());
            }
            assertTrue(offered.get(4).contains("hmac-sha2-256") && offered.get(2).contains("aes128-ctr"), offered::toString);
            assertTrue(offered.get(0).contains("curve25519-sha256") || offered.get(0).contains("ecdh-sha2-nistp256"), offered::toString);
        }
    }

    /** What is bound, and not only what it says that it is. */
    @Test
    void itListensOnThatAddressAloneAndNotAfterItsEnd() throws IOException {
        SshKeys keys = keys();
        InetAddress second = InetAddress.getByName("127.0.0.2");
        int port;
        try (SshEndpoint endpoint = SshEndpoint.open(new InetSocketAddress(second, 0), keys.hostKeyPair(),
                new AuthorizedKeys(keys.authorizedKeys()), null)) {
            port = endpoint.port();
            new Socket(second, port).close();
            assertThrows(ConnectException.class, () -> new Socket(InetAddress.getLoopbackAddress(), port).close());
        }
        assertThrows(ConnectException.class, () -> new Socket(second, port).close());
    }

    @Test
    void anAddressOfAnotherHostIsNotSaidToBeInUse() throws IOException {
        InetSocketAddress elsewhere = new InetSocketAddress(InetAddress.getByName("192.0.2.77"), 8101);
        SshKeys keys = keys();
        IOException failure = assertThrows(IOException.class, () ->
                SshEndpoint.open(elsewhere, keys.hostKeyPair(), new AuthorizedKeys(keys.authorizedKeys()), null).close());
        assertEquals("LOOM-5202 SSH cannot listen on " + elsewhere + ": 192.0.2.77 is no address of this host; "
                + "put it on an interface, or set admin.ssh to one that is (ip address); Loom tries again each second",
                SshAccess.cannotListen(elsewhere, failure).toString());
    }

    /** Of one port, such as the default, it was closed for an attempt that cannot succeed, each second. */
    @Test
    void whoIsInStaysWhileAnAddressOfAnotherHostIsTried() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        OneFile file = new OneFile();
        SshAccess access = new SshAccess(directory, file, null);
        try {
            file.says(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            await(() -> Files.exists(new SshKeys(directory).address()));
            try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port)) {
                client.setSoTimeout(2_500);
                file.says(new InetSocketAddress(InetAddress.getByName("192.0.2.77"), port));
                await(() -> !access.problems().isEmpty());
                assertEquals("LOOM-5202", access.problems().get(0).code());
                assertThrows(SocketTimeoutException.class, () -> client.getInputStream().transferTo(OutputStream.nullOutputStream()),
                        "closed, or not silent");
            }
        } finally {
            access.stop();
        }
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + 20_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, "nothing happened");
            Thread.sleep(20);
        }
    }

    /** A configuration file of which nothing counts but where SSH listens. */
    private static final class OneFile implements ConfigSource {
        private Listener listener;

        void says(InetSocketAddress ssh) {
            listener.accept(new LoomConfig(true, null, null, null, null, null, null, List.of(), List.of(), new Admin(ssh, ssh), List.of()));
        }

        @Override
        public Optional<LoomConfig> current() {
            return Optional.empty();
        }

        @Override
        public List<Problem> rejected() {
            return List.of();
        }

        @Override
        public String location() {
            return "";
        }

        @Override
        public AutoCloseable subscribe(Listener subscriber) {
            listener = subscriber;
            return () -> { };
        }
    }

    @Test
    void aHostKeyThatIsNoneIsTold() throws IOException {
        SshKeys keys = keys();
        keys.hostKeyPair();
        Path aside = directory.resolve("aside");
        for (String content : List.of("", "rubbish\n", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n")) {
            Files.writeString(keys.hostKey(), content);
            assertEquals("LOOM-5203", refusal(keys::hostKeyPair), content);
        }
        Files.delete(keys.hostKey());
        Files.createDirectory(keys.hostKey());
        assertEquals("LOOM-5203", refusal(keys::hostKeyPair), "a directory");
        Files.delete(keys.hostKey());
        assertFalse(Files.exists(aside));
        keys().hostKeyPair();
    }

    private static String refusal(Runnable use) {
        try {
            use.run();
            return "";
        } catch (io.loom.api.LoomException refused) {
            return refused.code();
        }
    }

    @Test
    void aLineThatIsNoKeyIsAProblemAndLocksOutNobodyElse() throws Exception {
        SshKeys keys = keys();
        AuthorizedKeys authorized = new AuthorizedKeys(keys.authorizedKeys());
        assertTrue(authorized.problem().isEmpty(), () -> authorized.problem().toString());
        KeyPair mine = KeyUtils.generateKeyPair("ecdsa-sha2-nistp256", 256);
        assertFalse(authorized.authenticate("loom", mine.getPublic(), null));
        Files.writeString(keys.authorizedKeys(), "# people\n\nssh-ed25519 AAAA nobody\n" + PublicKeyEntry.toString(mine.getPublic()) + " me\nrubbish\n");
        String problem = authorized.problem().orElseThrow().toString();
        assertTrue(problem.startsWith("LOOM-5204 ") && problem.contains("line 3, 5"), problem);
        assertTrue(authorized.authenticate("loom", mine.getPublic(), null));
        assertFalse(authorized.authenticate("root", mine.getPublic(), null));
        Files.writeString(keys.authorizedKeys(), PublicKeyEntry.toString(mine.getPublic()) + "\n");
        assertTrue(authorized.problem().isEmpty(), () -> authorized.problem().toString());
        Files.writeString(keys.authorizedKeys(), "# nobody\n");
        assertTrue(authorized.problem().orElseThrow().what().startsWith("nobody can come in by SSH"));
        assertFalse(authorized.authenticate("loom", mine.getPublic(), null));
        Files.delete(keys.authorizedKeys());
        assertTrue(authorized.problem().orElseThrow().toString().contains("LOOM-5204"));
        Files.writeString(keys.authorizedKeys(), PublicKeyEntry.toString(mine.getPublic()));
        assertTrue(authorized.authenticate("loom", mine.getPublic(), null), "and good again");
        assertTrue(authorized.problem().isEmpty());
    }
}
