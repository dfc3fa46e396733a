package io.loom.shell.ssh;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import org.apache.karaf.shell.api.console.SignalListener;
import org.apache.karaf.shell.api.console.Terminal;
import org.apache.sshd.server.Environment;
import org.jline.terminal.Size;
import org.jline.terminal.impl.ExternalTerminal;

/**
 * The client's terminal as jline and Karaf see it. Karaf recognises an SSH session, and takes the branding for it, by the
 * simple name of this class.
 */
final class SshTerminal extends ExternalTerminal implements Terminal {
    private final Environment environment;

    SshTerminal(Environment environment, InputStream in, OutputStream out) throws IOException {
        super("loom", environment.getEnv().getOrDefault(Environment.ENV_TERM, "dumb"), in, out, StandardCharsets.UTF_8);
        this.environment = environment;
        resize();
        environment.addSignalListener((channel, signal) -> receive(signal));
    }

    private void receive(org.apache.sshd.server.Signal signal) {
        switch (signal) {
            case INT -> raise(Signal.INT);
            case QUIT -> raise(Signal.QUIT);
            case TSTP -> raise(Signal.TSTP);
            case CONT -> raise(Signal.CONT);
            case WINCH -> {
                resize();
                raise(Signal.WINCH);
            }
            default -> { }
        }
    }

    private void resize() {
        setSize(new Size(number(Environment.ENV_COLUMNS, 80), number(Environment.ENV_LINES, 24)));
    }

    /** What the client sent for the variable; clients without a terminal send nothing or zero. */
    private int number(String variable, int otherwise) {
        String text = environment.getEnv().getOrDefault(variable, "");
        return text.matches("[1-9]\\d{0,4}") ? Integer.parseInt(text) : otherwise;
    }

    @Override
    public int getWidth() {
        return getSize().getColumns();
    }

    @Override
    public int getHeight() {
        return getSize().getRows();
    }

    @Override
    public boolean isAnsiSupported() {
        return !"dumb".equals(getType());
    }

    @Override
    public boolean isEchoEnabled() {
        return echo();
    }

    @Override
    public void setEchoEnabled(boolean enabled) {
        echo(enabled);
    }

    /** Nobody listens through Karaf's interface: its console uses jline's, which this terminal serves too. */
    @Override
    public void addSignalListener(SignalListener listener, org.apache.karaf.shell.api.console.Signal... signals) {
        throw new UnsupportedOperationException("signals come through jline's Terminal.handle");
    }

    @Override
    public void addSignalListener(SignalListener listener, EnumSet<org.apache.karaf.shell.api.console.Signal> signals) {
        throw new UnsupportedOperationException("signals come through jline's Terminal.handle");
    }

    @Override
    public void addSignalListener(SignalListener listener) {
        throw new UnsupportedOperationException("signals come through jline's Terminal.handle");
    }

    @Override
    public void removeSignalListener(SignalListener listener) {
        throw new UnsupportedOperationException("signals come through jline's Terminal.handle");
    }
}
