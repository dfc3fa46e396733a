package io.loom.shell.ssh;

import io.loom.api.LoomException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.PrivilegedActionException;
import java.security.PrivilegedExceptionAction;
import javax.security.auth.Subject;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.api.console.SessionFactory;
import org.apache.karaf.shell.support.CommandException;
import org.apache.sshd.server.command.AbstractCommandSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One command of a client that asked for just that. Results go to standard output, errors to standard error; the exit status
 * is the number that the command returned, 0 without one, 1 if it failed, 2 if there is no such command or option.
 */
final class CommandRun extends AbstractCommandSupport {
    private static final Logger LOG = LoggerFactory.getLogger(CommandRun.class);
    private static final int FAILED = 1;
    private static final int MISUSED = 2;

    private final SessionFactory sessions;

    CommandRun(SessionFactory sessions, String command) {
        super(command, null);
        this.sessions = sessions;
    }

    @Override
    public void run() {
        PrintStream out = new PrintStream(getOutputStream(), false, StandardCharsets.UTF_8);
        PrintStream err = new PrintStream(getErrorStream(), true, StandardCharsets.UTF_8);
        int status = execute(out, err);
        out.flush();
        err.flush();
        onExit(status);
    }

    private int execute(PrintStream out, PrintStream err) {
        Session session = sessions.create(getInputStream(), out, err, null);
        try {
            Operator.prepare(session);
            Object result = Subject.doAs(Operator.subject(),
                    (PrivilegedExceptionAction<Object>) () -> session.execute(withoutTerminal(session, getCommand())));
            return result instanceof Integer status ? status : 0;
        } catch (PrivilegedActionException failure) {
            return explain(failure.getException(), err);
        } catch (RuntimeException failure) {
            return explain(failure, err);
        } finally {
            session.close();
        }
    }

    /** Karaf's help on one command fails where there is no terminal; the command's own option says the same. */
    private static String withoutTerminal(Session session, String command) {
        String[] words = command.trim().split("\\s+");
        if (words.length != 2 || !words[0].equals("help")) {
            return command;
        }
        String name = session.resolveCommand(words[1]);
        boolean known = session.getRegistry().getCommands().stream()
                .anyMatch(candidate -> name.equals(candidate.getScope() + ":" + candidate.getName()));
        return known ? name + " --help" : command;
    }

    private int explain(Exception failure, PrintStream err) {
        if (failure instanceof CommandException refused) {
            err.println(plain(refused.getNiceHelp()).stripTrailing());
            // The commands of Loom report failures this way too, because the shell then leaves the stack trace out.
            return refused.getCause() instanceof LoomException ? FAILED : MISUSED;
        }
        // The shell's own class for this is not exported.
        if (failure.getClass().getSimpleName().equals("CommandNotFoundException")) {
            err.println("no such command: " + getCommand() + "; try: help");
            return MISUSED;
        }
        LOG.debug("command {} failed", getCommand(), failure);
        err.println(failure.getMessage() == null ? failure.toString() : failure.getMessage());
        return FAILED;
    }

    /** Karaf colours its help whether or not there is a terminal. */
    private static String plain(String text) {
        return text.replaceAll("\u001b\\[[0-9;]*m", "");
    }
}
