package io.loom.algorithm.roundrobin;

import io.loom.api.plugin.Algorithm;
import io.loom.api.plugin.BackendSet;
import io.loom.api.plugin.LookupTable;
import java.util.stream.IntStream;
import org.osgi.service.component.annotations.Component;

/** The service. Stateless: whose turn it is, is counted in the data plane, for each listener and CPU. */
@Component
public final class RoundRobin implements Algorithm {

    @Override
    public String name() {
        return "round_robin";
    }

    /** One entry for each backend, whatever {@code size} says: a longer table would hold the same round again. */
    @Override
    public LookupTable build(BackendSet backends, int size) {
        return new LookupTable(LookupTable.Index.COUNTER, IntStream.range(0, backends.size()).toArray());
    }
}
