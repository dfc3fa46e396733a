package io.loom.shell.ssh;

import java.util.Set;
import javax.security.auth.Subject;
import org.apache.karaf.jaas.boot.principal.RolePrincipal;
import org.apache.karaf.jaas.boot.principal.UserPrincipal;
import org.apache.karaf.shell.api.console.Session;

/** The one user that there is. Whoever may log in may run every command; Karaf asks for the roles of some of its own. */
final class Operator {
    static final String NAME = "loom";

    private Operator() {}

    static Subject subject() {
        return new Subject(true,
                Set.of(new UserPrincipal(NAME), new RolePrincipal("admin"), new RolePrincipal("manager"),
                        new RolePrincipal("viewer"), new RolePrincipal("systembundles")),
                Set.of(), Set.of());
    }

    /** Makes {@code status} mean {@code loom:status}, before the commands of Karaf that have the same name. */
    static void prepare(Session session) {
        session.put(Session.SCOPE, "loom:shell:bundle:*");
        session.put(Subject.class.getName(), subject());
        session.put("USER", NAME);
    }
}
