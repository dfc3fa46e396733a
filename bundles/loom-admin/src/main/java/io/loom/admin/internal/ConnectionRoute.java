package io.loom.admin.internal;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.control.ConnectionQuery;
import io.loom.api.control.Connections;
import io.loom.observe.ConnectionJson;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;

/** {@code /ebpf/connections}: page by page, counted, or all of them as a stream. */
final class ConnectionRoute {
    static final int PAGE = 100;
    static final int LARGEST_PAGE = 1000;
    /** Streams at a time: each holds a thread for as long as its client takes to read. */
    static final int STREAMS = 2;
    private static final int LARGEST_STREAM = 999_999_999;
    private static final String NDJSON = "application/x-ndjson";

    private final Appliance appliance;
    private final Semaphore streams = new Semaphore(STREAMS);

    ConnectionRoute(Appliance appliance) {
        this.appliance = appliance;
    }

    List<Route> routes() {
        return List.of(new Route("GET", "/ebpf/connections", "tracked connections: a page, their number, or a JSON object each line",
                true, this::connections));
    }

    private Answer connections(Call call) {
        boolean stream = call.header("Accept").contains(NDJSON);
        Connections connections = appliance.connections();
        ConnectionQuery query = parse(call.query().get(), stream ? LARGEST_STREAM : LARGEST_PAGE);
        if (query.count()) {
            return Answer.json(200, ConnectionJson.count(connections.count(query.wanted())));
        }
        int limit = query.limit().orElse(stream ? LARGEST_STREAM : PAGE);
        Connections.Page first = connections.page(query.wanted(), query.after(), Math.min(limit, ConnectionStream.PAGE))
                .orElseThrow(() -> ConnectionQuery.noPlace(query.after(), "?"));
        if (!stream) {
            return Answer.json(200, ConnectionJson.page(first));
        }
        if (!streams.tryAcquire()) {
            return Answer.refusal(Refusal.BUSY, "", "there are " + STREAMS + " streams of connections already",
                    "each keeps a thread until its client has read it", "wait until one ends, which takes a minute at most, or ask for pages");
        }
        return Answer.streaming(NDJSON, new ConnectionStream(connections, query, first, streams::release));
    }

    private ConnectionQuery parse(Map<String, String> parameters, int maxLimit) {
        List<Problem> problems = new ArrayList<>(Call.unknown(parameters, new LinkedHashSet<>(ConnectionQuery.WORDS)));
        try {
            ConnectionQuery query = ConnectionQuery.parse(parameters, "?", maxLimit, appliance.control());
            if (problems.isEmpty()) {
                return query;
            }
        } catch (LoomException refused) {
            problems.addAll(refused.problems());
        }
        throw new LoomException(problems, null);
    }
}
