package io.loom.itests.jmh;

import io.loom.api.Endpoint;
import io.loom.api.IpAddress;
import io.loom.api.plugin.LookupTable;
import io.loom.datapath.Composer;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.Tuning;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A table of 65537 entries put in the place of another: an array is made, filled through shared memory and put into the map
 * of maps, where the kernel waits until no program reads the old one. Needs root.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
public class TablePublish {
    private static final int SIZE = 65537;
    private static final int BACKENDS = 1000;
    private static final int TIMER_HZ = 250;

    private final Endpoint vip = new Endpoint(IpAddress.parse("10.77.0.100").orElseThrow(), 80);
    private final List<Integer> numbers = IntStream.range(0, SIZE).mapToObj(entry -> 1 + entry % BACKENDS).toList();
    private ScratchPlane plane;

    @Setup
    public void open() {
        plane = ScratchPlane.open(
                Composer.builtIn().compose(List.of(), Collections.emptySortedMap(), Tuning.small(TIMER_HZ)), Map.of());
    }

    @TearDown
    public void close() {
        plane.close();
    }

    @Benchmark
    public void publish() {
        plane.putVip(0, vip, LookupTable.Index.FLOW_HASH, numbers);
    }
}
