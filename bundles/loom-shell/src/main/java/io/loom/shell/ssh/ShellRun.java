package io.loom.shell.ssh;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.PrivilegedAction;
import javax.security.auth.Subject;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.api.console.SessionFactory;
import org.apache.sshd.server.command.AbstractCommandSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An interactive shell: completion, history, line editing; ends with {@code logout} or Ctrl-D, which ends nothing else. */
final class ShellRun extends AbstractCommandSupport {
    private static final Logger LOG = LoggerFactory.getLogger(ShellRun.class);

    private final SessionFactory sessions;

    ShellRun(SessionFactory sessions) {
        super("interactive shell", null);
        this.sessions = sessions;
    }

    @Override
    public void run() {
        try (SshTerminal terminal = new SshTerminal(getEnvironment(), getInputStream(), getOutputStream())) {
            PrintStream out = new PrintStream(terminal.output(), true, StandardCharsets.UTF_8);
            Session session = sessions.create(
                    terminal.input(), out, out, terminal, StandardCharsets.UTF_8.name(), () -> { });
            Operator.prepare(session);
            Subject.doAs(Operator.subject(), (PrivilegedAction<Void>) () -> {
                session.run();
                return null;
            });
            onExit(0);
        } catch (IOException failure) {
            LOG.warn("shell session ended: {}", failure.toString());
            onExit(1, failure.getMessage());
        }
    }
}
