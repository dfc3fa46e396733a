package io.loom.shell.ssh;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.time.Duration;
import java.util.EnumSet;
import org.apache.sshd.client.SshClient;
import org.apache.sshd.client.channel.ClientChannel;
import org.apache.sshd.client.channel.ClientChannelEvent;
import org.apache.sshd.client.keyverifier.RequiredServerKeyVerifier;
import org.apache.sshd.client.session.ClientSession;
import org.apache.sshd.common.config.keys.PublicKeyEntry;
import org.apache.sshd.common.config.keys.PublicKeyEntryResolver;
import org.apache.sshd.common.io.nio2.Nio2ServiceFactoryFactory;
import org.apache.sshd.common.keyprovider.FileKeyPairProvider;

/** What {@code bin/loom} runs on a host without OpenSSH: one command, or a shell, with the keys below DATA. No OSGi. */
public final class Client {
    private static final Duration CONNECT = Duration.ofSeconds(5);
    private static final int UNAVAILABLE = 69;

    private Client() {}

    /** Arguments: directory of the keys, host, port and, unless a shell is wanted, the command. */
    public static void main(String[] arguments) {
        System.exit(run(arguments));
    }

    private static int run(String[] arguments) {
        Path keys = Path.of(arguments[0]);
        try (SshClient client = SshClient.setUpDefaultClient()) {
            client.setIoServiceFactoryFactory(new Nio2ServiceFactoryFactory());
            client.setServerKeyVerifier(new RequiredServerKeyVerifier(serverKey(keys)));
            client.setKeyIdentityProvider(new FileKeyPairProvider(keys.resolve("client_key")));
            client.start();
            try (ClientSession session = client
                    .connect(Operator.NAME, arguments[1], Integer.parseInt(arguments[2])).verify(CONNECT).getSession()) {
                session.auth().verify(CONNECT);
                return arguments.length > 3 ? command(session, arguments[3]) : shell(session);
            }
        } catch (IOException | GeneralSecurityException failure) {
            System.err.println("loom: cannot talk to Loom on " + arguments[1] + " port " + arguments[2] + ": " + failure);
            return UNAVAILABLE;
        }
    }

    /** known_hosts has one line, {@code loom TYPE KEY}. */
    private static PublicKey serverKey(Path keys) throws IOException, GeneralSecurityException {
        String line = Files.readString(keys.resolve("known_hosts")).strip();
        return PublicKeyEntry.parsePublicKeyEntry(line.substring(line.indexOf(' ') + 1))
                .resolvePublicKey(null, null, PublicKeyEntryResolver.IGNORING);
    }

    private static int command(ClientSession session, String command) throws IOException {
        try (ClientChannel channel = session.createExecChannel(command)) {
            channel.setIn(InputStream.nullInputStream());
            return exchange(channel);
        }
    }

    private static int shell(ClientSession session) throws IOException {
        try (ClientChannel channel = session.createShellChannel()) {
            channel.setIn(System.in);
            return exchange(channel);
        }
    }

    private static int exchange(ClientChannel channel) throws IOException {
        channel.setOut(System.out);
        channel.setErr(System.err);
        channel.open().verify(CONNECT);
        channel.waitFor(EnumSet.of(ClientChannelEvent.CLOSED), Duration.ZERO);
        Integer status = channel.getExitStatus();
        return status == null ? UNAVAILABLE : status;
    }
}
