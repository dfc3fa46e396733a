package io.loom.control.internal;

import static io.loom.control.internal.Fixtures.endpoint;
import static io.loom.control.internal.Fixtures.key;
import static io.loom.control.internal.Fixtures.server;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.config.ConfigSource;
import io.loom.api.config.LoomConfig;
import io.loom.api.control.BackendView;
import io.loom.api.control.BackendView.State;
import io.loom.api.control.DeployedFile;
import io.loom.api.control.Deployment;
import io.loom.api.control.NewBackend;
import io.loom.api.control.PluginView;
import io.loom.api.control.ProblemSource;
import io.loom.api.control.VipView;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.BundleContext;

/** As the component runtime has it: services come and go. */
@Timeout(60)
class ControlComponentTest {
    @TempDir
    Path data;

    private final FakeDataPlane plane = new FakeDataPlane();
    private final FakeHealth probes = new FakeHealth();
    private ControlComponent component;

    private final ConfigSource source = new ConfigSource() {
        @Override
        public Optional<LoomConfig> current() {
            return Optional.empty();
        }

        @Override
        public List<Problem> rejected() {
            return List.of(Problem.of("LOOM-2001", "bad", "", ""));
        }

        @Override
        public String location() {
            return "/etc/loom/loom.yaml";
        }

        @Override
        public AutoCloseable subscribe(Listener listener) {
            listener.accept(Fixtures.config(List.of(Fixtures.vip("nat")), Fixtures.checked(server("10.0.0.1"), server("10.0.0.2"))));
            return () -> { };
        }
    };

    @BeforeEach
    void start() throws InterruptedException {
        BundleContext context = (BundleContext) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] {BundleContext.class},
                (proxy, method, arguments) -> Map.of("loom.data", data.toString()).get((String) arguments[0]));
        component = new ControlComponent(context, source, plane);
        component.bindHealth(probes);
        await(() -> probes.targets.size() == 2);
        probes.up("10.0.0.1");
        probes.up("10.0.0.2");
        await(() -> component.status().ready());
    }

    @AfterEach
    void stop() {
        component.deactivate();
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + 20_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, "waited too long");
            Thread.sleep(2);
        }
    }

    @Test
    void whatIsAskedIsAnswered() {
        assertEquals("/etc/loom/loom.yaml", component.status().config());
        assertEquals(List.of("LOOM-2001"), component.status().rejected().stream().map(Problem::code).toList());
        assertEquals(List.of("web"), component.vips().stream().map(VipView::name).toList());
        assertEquals(List.of(1, 2), component.backends().stream().map(BackendView::id).toList());
        assertEquals(endpoint("10.0.0.2"), component.backend(2).endpoint());
        assertEquals(3, component.addBackend("", new NewBackend(endpoint("10.0.0.3"), 40)).id());
        assertEquals(50, component.changeBackend(3, OptionalInt.of(50)).weight());
        component.removeBackend(3);
        assertEquals("LOOM-3404", assertThrows(LoomException.class, () -> component.backend(3)).code());
        assertTrue(Files.exists(data.resolve("runtime.json")), "where the property says");
    }

    @Test
    void withoutHealthChecksTheLastResultsHold() throws InterruptedException {
        probes.down("10.0.0.2");
        await(() -> component.backend(2).state() == State.DOWN);
        component.unbindHealth(probes);
        component.changeBackend(1, OptionalInt.of(7));
        assertEquals(State.DOWN, component.backend(2).state());
        FakeHealth next = new FakeHealth();
        component.bindHealth(next);
        await(() -> next.targets.size() == 2);
        next.up("10.0.0.2");
        await(() -> component.backend(2).state() == State.UP);
        assertEquals(Set.of(key("10.0.0.1", "nat"), key("10.0.0.2", "nat")), plane.applied().tables().get(Bench.webTable()).weights().keySet());
    }

    @Test
    void problemsOfOthersAreInTheStatusWhileTheyAreThere() {
        Problem taken = Problem.of("LOOM-3521", "cannot listen", "", "");
        ProblemSource other = () -> List.of(taken);
        component.bindProblems(other);
        assertEquals(List.of(taken), component.status().warnings());
        component.unbindProblems(other);
        assertEquals(List.of(), component.status().warnings());
    }

    @Test
    void filesOfTheFolderAreListedWhileSomebodyWatchesIt() {
        assertEquals(List.of(), component.plugins());
        component.deployment = new Deployment() {
            @Override
            public List<DeployedFile> files() {
                return List.of(new DeployedFile("a.jar", "one", "1.0.0", 0, DeployedFile.State.BROKEN, "empty"));
            }

            @Override
            public List<Problem> problems() {
                return List.of();
            }

            @Override
            public boolean isSettled() {
                return true;
            }
        };
        assertEquals(List.of("a.jar"), component.plugins().stream().map(PluginView::file).toList());
    }

    @Test
    void whenItStopsNoChangeIsMade() {
        component.deactivate();
        assertEquals("LOOM-3505", assertThrows(LoomException.class, () -> component.removeBackend(1)).code());
    }
}
