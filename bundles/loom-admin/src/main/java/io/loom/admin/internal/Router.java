package io.loom.admin.internal;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.observe.ViewJson;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds the route of a call and turns every failure into a JSON answer. Thread-safe. */
final class Router {
    private static final Logger LOG = LoggerFactory.getLogger(Router.class);

    private final List<Route> routes;

    Router(List<Route> routes) {
        this.routes = List.copyOf(routes);
    }

    List<Route> routes() {
        return routes;
    }

    Answer answer(Call call) {
        try {
            return dispatch(call);
        } catch (LoomException refused) {
            return Answer.json(Refusal.statusOf(refused), ViewJson.errors(refused.problems()));
        } catch (RuntimeException defect) {
            LOG.error("{} {} failed", call.method(), call.path(), defect);
            return Answer.refusal(Refusal.INTERNAL, "", "the request failed inside Loom", "this is a defect",
                    "please report it with the stack trace in the log");
        }
    }

    private Answer dispatch(Call call) {
        // HEAD is GET without the body; the transport leaves the body out.
        String method = call.method().equals("HEAD") ? "GET" : call.method();
        List<Route> known = new ArrayList<>();
        for (Route route : routes) {
            Optional<List<Integer>> ids = route.match(call.path());
            if (ids.isPresent() && route.method().equals(method)) {
                if (!route.anyQuery()) {
                    requireNoQuery(call);
                }
                return route.resource().answer(call.withMethod(method).withIds(ids.get()));
            }
            ids.ifPresent(shape -> known.add(route));
        }
        return known.isEmpty() ? notFound(call) : methodNotAllowed(call, known);
    }

    /** A filter that does not filter, or a rehearsal that is none, misleads. */
    private static void requireNoQuery(Call call) {
        List<Problem> problems = Call.unknown(call.query().get(), Set.of());
        if (!problems.isEmpty()) {
            throw new LoomException(problems, null);
        }
    }

    private Answer notFound(Call call) {
        if (call.path().startsWith("/ebpf/backends/")) {
            return Answer.refusal(Refusal.NOT_FOUND, "", "there is no " + call.path(), "backends are addressed by number",
                    "GET /ebpf/backends lists them with their ids");
        }
        TreeSet<String> paths = new TreeSet<>();
        routes.forEach(route -> paths.add(route.path()));
        return Answer.refusal(Refusal.NOT_FOUND, "", "there is no " + call.path(), "", "use one of " + String.join(", ", paths));
    }

    private static Answer methodNotAllowed(Call call, List<Route> known) {
        TreeSet<String> allowed = new TreeSet<>();
        for (Route route : known) {
            allowed.add(route.method());
            if (route.method().equals("GET")) {
                allowed.add("HEAD");
            }
        }
        String list = String.join(", ", allowed);
        return Answer.refusal(Refusal.METHOD, "", call.path() + " does not do " + call.method(), "", "use " + list)
                .with("Allow", list);
    }
}
