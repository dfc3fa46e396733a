package io.loom.algorithm.weighted;

import io.loom.api.plugin.Algorithm;
import io.loom.api.plugin.BackendSet;
import io.loom.api.plugin.LookupTable;
import org.osgi.service.component.annotations.Component;

/** The service. Stateless: whose turn it is, is counted in the data plane, for each listener and CPU. */
@Component
public final class Weighted implements Algorithm {

    @Override
    public String name() {
        return "weighted";
    }

    /** As many entries as the weights need in lowest terms, but at most {@code size}; then shares are rounded. */
    @Override
    public LookupTable build(BackendSet backends, int size) {
        int[] weights = backends.members().stream().mapToInt(BackendSet.Member::weight).toArray();
        return new LookupTable(LookupTable.Index.COUNTER, Interleaving.of(Shares.of(weights, size)));
    }
}
