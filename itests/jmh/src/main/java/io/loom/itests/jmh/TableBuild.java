package io.loom.itests.jmh;

import io.loom.algorithm.maglev.Maglev;
import io.loom.algorithm.roundrobin.RoundRobin;
import io.loom.algorithm.weighted.Weighted;
import io.loom.api.Endpoint;
import io.loom.api.IpAddress;
import io.loom.api.plugin.Algorithm;
import io.loom.api.plugin.BackendSet;
import io.loom.api.plugin.LookupTable;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** A lookup table of 65537 entries, built from nothing, as each change of a backend or of its health does. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class TableBuild {
    private static final int SIZE = 65537;
    private static final List<Algorithm> ALGORITHMS = List.of(new Maglev(), new RoundRobin(), new Weighted());

    @Param({"maglev", "round_robin", "weighted"})
    public String algorithm;

    @Param({"10", "100", "1000", "10000"})
    public int backends;

    /** mixed: from 1 to 1000, in no order and without a common divisor. */
    @Param({"equal", "mixed"})
    public String weights;

    private Algorithm chosen;
    private BackendSet set;

    @Setup
    public void prepare() {
        chosen = ALGORITHMS.stream().filter(one -> one.name().equals(algorithm)).findFirst().orElseThrow();
        set = new BackendSet(IntStream.range(0, backends)
                .mapToObj(i -> new BackendSet.Member(endpoint(i), weights.equals("equal") ? 100 : 1 + i * 7919 % 1000))
                .toList());
    }

    private static Endpoint endpoint(int number) {
        return new Endpoint(IpAddress.parse("10.77." + (number >> 8) + "." + (number & 255)).orElseThrow(), 80);
    }

    @Benchmark
    public LookupTable build() {
        return chosen.build(set, SIZE);
    }
}
