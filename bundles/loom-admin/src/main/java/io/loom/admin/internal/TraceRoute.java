package io.loom.admin.internal;

import io.loom.api.control.Tracing;
import java.util.List;
import java.util.Optional;

/** {@code /ebpf/trace}: packets as they come. */
final class TraceRoute {
    private static final String NDJSON = "application/x-ndjson";

    private final Appliance appliance;

    TraceRoute(Appliance appliance) {
        this.appliance = appliance;
    }

    List<Route> routes() {
        return List.of(new Route("GET", "/ebpf/trace", "packets as they come and what became of them, a JSON object each line",
                true, this::trace));
    }

    private Answer trace(Call call) {
        TraceQuery query = TraceQuery.parse(call.query().get(), appliance);
        Optional<Tracing.Reader> reader = appliance.tracing().read(query.wanted());
        if (reader.isEmpty()) {
            return Answer.refusal(Refusal.BUSY, "", "there are " + Tracing.READERS + " traces already",
                    "each costs time with every packet", "wait until one ends, which takes a minute at most, or end it");
        }
        return Answer.streaming(NDJSON, new TraceStream(reader.get(), query));
    }
}
