package io.loom.shell.ssh;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.KeyPair;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.karaf.shell.api.console.SessionFactory;
import org.apache.sshd.common.NamedResource;
import org.apache.sshd.common.io.nio2.Nio2ServiceFactoryFactory;
import org.apache.sshd.common.keyprovider.KeyPairProvider;
import org.apache.sshd.core.CoreModuleProperties;
import org.apache.sshd.server.SshServer;
import org.apache.sshd.server.auth.pubkey.PublickeyAuthenticator;
import org.apache.sshd.server.auth.pubkey.UserAuthPublicKeyFactory;
import org.apache.sshd.server.forward.RejectAllForwardingFilter;

/** A listening SSH server on one address: public keys only, commands and shells only. */
final class SshEndpoint implements AutoCloseable {
    private static final Duration IDLE = Duration.ofMinutes(30);
    private static final int SESSIONS = 32;
    /** Names as RFC 4253 and 8332 have them: ssh-rsa signs with SHA-1, rsa-sha2-* do not. */
    private static final Pattern WEAK = Pattern.compile("sha1|md5|-cbc|arcfour|3des|blowfish|^none$|^ssh-(rsa|dss)(-cert|$)|group1-");

    private final SshServer server;

    private SshEndpoint(SshServer server) {
        this.server = server;
    }

    /** @throws IOException if the address cannot be bound */
    static SshEndpoint open(InetSocketAddress address, KeyPair host, PublickeyAuthenticator operators, SessionFactory sessions) throws IOException {
        SshServer server = SshServer.setUpDefaultServer();
        server.setHost(address.getAddress().getHostAddress());
        server.setPort(address.getPort());
        server.setIoServiceFactoryFactory(new Nio2ServiceFactoryFactory());
        server.setKeyPairProvider(KeyPairProvider.wrap(host));
        server.setUserAuthFactories(List.of(UserAuthPublicKeyFactory.INSTANCE));
        server.setPublickeyAuthenticator(operators);
        server.setForwardingFilter(RejectAllForwardingFilter.INSTANCE);
        server.setSubsystemFactories(List.of());
        server.setShellFactory(channel -> new ShellRun(sessions));
        server.setCommandFactory((channel, command) -> new CommandRun(sessions, command));
        strongOnly(server);
        CoreModuleProperties.IDLE_TIMEOUT.set(server, IDLE);
        CoreModuleProperties.MAX_CONCURRENT_SESSIONS.set(server, SESSIONS);
        CoreModuleProperties.NIO_WORKERS.set(server, 1);
        server.start();
        return new SshEndpoint(server);
    }

    /** What rests on SHA-1, MD5 or CBC is left out, whatever the library's defaults are. */
    private static void strongOnly(SshServer server) {
        server.setKeyExchangeFactories(strong(server.getKeyExchangeFactories()));
        server.setCipherFactories(strong(server.getCipherFactories()));
        server.setMacFactories(strong(server.getMacFactories()));
        server.setSignatureFactories(strong(server.getSignatureFactories()));
    }

    private static <T extends NamedResource> List<T> strong(List<T> all) {
        return all.stream().filter(one -> !WEAK.matcher(one.getName()).find()).toList();
    }

    /** Where it listens, with the real port if 0 was wanted. */
    int port() {
        return server.getPort();
    }

    /** Ends open sessions at once: Loom must end within seconds, whoever has a shell open. */
    @Override
    public void close() throws IOException {
        server.stop(true);
    }
}
