package io.loom.shell.ssh;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import org.apache.karaf.shell.api.console.SessionFactory;
import org.apache.sshd.common.io.nio2.Nio2ServiceFactoryFactory;
import org.apache.sshd.common.keyprovider.FileKeyPairProvider;
import org.apache.sshd.core.CoreModuleProperties;
import org.apache.sshd.server.SshServer;
import org.apache.sshd.server.auth.pubkey.PublickeyAuthenticator;
import org.apache.sshd.server.auth.pubkey.UserAuthPublicKeyFactory;
import org.apache.sshd.server.config.keys.AuthorizedKeysAuthenticator;
import org.apache.sshd.server.forward.RejectAllForwardingFilter;

/** A listening SSH server on one address: public keys only, commands and shells only. */
final class SshEndpoint implements AutoCloseable {
    private static final Duration IDLE = Duration.ofMinutes(30);
    private static final int SESSIONS = 32;

    private final SshServer server;

    private SshEndpoint(SshServer server) {
        this.server = server;
    }

    /** @throws IOException if the address cannot be bound */
    static SshEndpoint open(InetSocketAddress address, SshKeys keys, SessionFactory sessions) throws IOException {
        SshServer server = SshServer.setUpDefaultServer();
        server.setHost(address.getAddress().getHostAddress());
        server.setPort(address.getPort());
        server.setIoServiceFactoryFactory(new Nio2ServiceFactoryFactory());
        server.setKeyPairProvider(new FileKeyPairProvider(keys.hostKey()));
        server.setUserAuthFactories(List.of(UserAuthPublicKeyFactory.INSTANCE));
        server.setPublickeyAuthenticator(operatorOnly(keys));
        server.setForwardingFilter(RejectAllForwardingFilter.INSTANCE);
        server.setSubsystemFactories(List.of());
        server.setShellFactory(channel -> new ShellRun(sessions));
        server.setCommandFactory((channel, command) -> new CommandRun(sessions, command));
        CoreModuleProperties.IDLE_TIMEOUT.set(server, IDLE);
        CoreModuleProperties.MAX_CONCURRENT_SESSIONS.set(server, SESSIONS);
        CoreModuleProperties.NIO_WORKERS.set(server, 1);
        server.start();
        return new SshEndpoint(server);
    }

    /** Reads the file again when it has changed, so that a key added to it counts at once. */
    private static PublickeyAuthenticator operatorOnly(SshKeys keys) {
        PublickeyAuthenticator authorized = new AuthorizedKeysAuthenticator(keys.authorizedKeys());
        return (user, key, session) -> user.equals(Operator.NAME) && authorized.authenticate(user, key, session);
    }

    /** Ends open sessions at once: Loom must end within seconds, whoever has a shell open. */
    @Override
    public void close() throws IOException {
        server.stop(true);
    }
}
