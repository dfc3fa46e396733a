package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.datapath.Composer;
import io.loom.datapath.SlottedMethod;
import io.loom.datapath.Tuning;
import io.loom.datapath.Tuning.Connections.Kind;
import io.loom.libbpf.BpfObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Linux 5.10 and 6.1 allow a chain of calls 512 bytes of stack, each function in steps of 32. The kernel that runs the tests counts
 * in smaller steps; so what core takes is looked at here, and not only where those kernels are tried.
 */
class StackIT {
    /** nat's replies that move their connection take what is left, to the byte. */
    private static final int OF_CORE = 64;

    @ParameterizedTest
    @EnumSource(value = Kind.class, names = {"CACHE", "LRU_HASH"})
    void coreLeavesMethodsTheirStack(Kind table) {
        List<SlottedMethod> methods = new ArrayList<>();
        Linked.methods().forEach(method -> methods.add(SlottedMethod.of(methods.size(), method)));
        Tuning tuning = Tuning.small(Linked.HZ).withConnections(new Tuning.Connections(1024, table));
        try (BpfObject program = Composer.builtIn().compose(methods, Linked.handlers(), tuning).open(Map.of())) {
            int stack = program.loadCounted().stack();
            assertTrue(stack > 0 && stack <= OF_CORE, stack + " bytes");
        }
    }
}
