package io.loom.datapath.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Family;
import io.loom.api.Problem;
import io.loom.api.Protocol;
import io.loom.api.plugin.Algorithm;
import io.loom.api.plugin.Description;
import io.loom.api.plugin.ForwardingMethod;
import io.loom.api.plugin.MethodOptions;
import io.loom.api.plugin.ProtocolHandler;
import io.loom.api.plugin.SelfTest;
import java.time.Duration;
import java.util.AbstractSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.osgi.framework.ServiceReference;

/** Plugins are asked what they are, and nothing that they do then is anybody else's trouble. */
class IntroductionsTest {
    private final Introductions introductions = new Introductions(Duration.ofMillis(200));
    private final List<String> in = new CopyOnWriteArrayList<>();
    private final AtomicInteger told = new AtomicInteger();
    private final CountDownLatch released = new CountDownLatch(1);

    @AfterEach
    void release() {
        released.countDown();
    }

    private ServiceReference<Algorithm> come(Supplier<String> name) {
        ServiceReference<Algorithm> reference = FakeReference.ofVersion("1.0.0");
        introductions.<Algorithm>come(reference, "algorithm", () -> (Algorithm) java.lang.reflect.Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {Algorithm.class}, (proxy, method, arguments) -> name.get()),
                algorithm -> {
                    String said = algorithm.name();
                    return () -> in.add(said);
                }, told::incrementAndGet);
        return reference;
    }

    private String hang() {
        while (released.getCount() > 0) {
            try {
                released.await();
            } catch (InterruptedException ignored) {
                continue;
            }
        }
        return "late";
    }

    private List<String> codes() {
        return introductions.problems().stream().map(Problem::code).toList();
    }

    @Test
    void oneThatAnswersIsIn() throws Exception {
        come(() -> "mine");
        TestHost.await("it", () -> in.equals(List.of("mine")) && told.get() == 1);
        assertEquals(List.of(), codes());
        assertFalse(introductions.isWaiting(Duration.ofDays(1)));
    }

    @Test
    void oneThatHangsHoldsUpNobodyIsToldAndComesInLate() throws Exception {
        come(this::hang);
        come(() -> "other");
        TestHost.await("the other", () -> in.equals(List.of("other")));
        assertTrue(introductions.isWaiting(Duration.ofDays(1)));
        assertFalse(introductions.isWaiting(Duration.ZERO));
        TestHost.await("the problem", () -> codes().equals(List.of("LOOM-4116")));
        assertEquals("its algorithm hangs", introductions.facts().get(0).reason());
        released.countDown();
        TestHost.await("the late one", () -> in.equals(List.of("other", "late")));
        assertEquals(List.of(), codes());
    }

    @Test
    void oneThatHasGoneMeanwhileIsNotLetIn() throws Exception {
        ServiceReference<Algorithm> reference = come(this::hang);
        introductions.go(reference, () -> in.add("left"));
        released.countDown();
        TestHost.await("its answer", () -> told.get() == 1);
        assertEquals(List.of("left"), in);
    }

    @Test
    void whatItThrowsIsSaidUntilItGoes() throws Exception {
        for (Error error : List.of(new StackOverflowError("deep"), new OutOfMemoryError("much"), new ThreadDeath(), new LinkageError("loose"))) {
            ServiceReference<Algorithm> reference = come(() -> {
                throw error;
            });
            TestHost.await("the problem", () -> codes().equals(List.of("LOOM-4113")));
            assertTrue(introductions.problems().get(0).why().contains(error.toString()));
            introductions.go(reference, () -> {});
            assertEquals(List.of(), codes());
        }
    }

    @Test
    void aComponentThatCannotBeMadeIsSaid() throws Exception {
        ServiceReference<Algorithm> reference = FakeReference.ofVersion("1.0.0");
        introductions.come(reference, "algorithm", () -> null, algorithm -> () -> in.add("nobody"), told::incrementAndGet);
        TestHost.await("the problem", () -> codes().equals(List.of("LOOM-4113")));
        assertEquals(List.of(), in);
    }

    private static ForwardingMethod method(Map<Family, Set<Family>> pairs, List<Description.Reason> reasons, byte[] object) {
        return BrokenMethods.method(new Description("mine", true, false, 0, pairs, Map.of(), reasons, new SelfTest(Map.of(), List.of())), object);
    }

    /** A set that is asked on threads of Loom must not be the plugin's. */
    @Test
    void whatAMethodSaysIsCopied() {
        Set<Family> theirs = new AbstractSet<>() {
            private boolean asked;

            @Override
            public Iterator<Family> iterator() {
                if (asked) {
                    throw new IllegalStateException("asked again");
                }
                asked = true;
                return Set.of(Family.IPV4).iterator();
            }

            @Override
            public int size() {
                return 1;
            }
        };
        byte[] object = {1, 2, 3};
        MethodCode code = MethodCode.of(BrokenMethods.method(
                new Description("mine", true, false, 0, Map.of(Family.IPV4, theirs), Map.of(), List.of(), new SelfTest(Map.of(), List.of())),
                object), () -> {});
        for (int i = 0; i < 3; i++) {
            assertTrue(code.description().pairs().get(Family.IPV4).contains(Family.IPV4));
        }
    }

    @Test
    void whatNoMethodCanBeIsRefused() {
        assertThrows(Unfit.class, () -> MethodCode.of(method(Map.of(), List.of(new Description.Reason(null, "")), new byte[1]), () -> {}));
        assertThrows(Unfit.class, () -> MethodCode.of(method(Map.of(), List.of(new Description.Reason("a b", "")), new byte[1]), () -> {}));
        assertThrows(Unfit.class, () -> MethodCode.of(method(Map.of(), List.of(), new byte[(16 << 20) + 1]), () -> {}));
        assertThrows(NullPointerException.class, () -> MethodCode.of(BrokenMethods.method(
                new Description("mine", true, false, 0, Map.of(), Map.of(), List.of(), null), new byte[1]), () -> {}));
        assertThrows(NullPointerException.class, () -> Handlers.Code.of(handler(null, new byte[1])));
        assertThrows(NullPointerException.class, () -> Handlers.Code.of(handler(Protocol.TCP, null)));
    }

    static ProtocolHandler handler(Protocol protocol, byte[] object) {
        return new ProtocolHandler() {
            @Override
            public Protocol protocol() {
                return protocol;
            }

            @Override
            public byte[] object() {
                return object;
            }
        };
    }

    private static ForwardingMethod asked(Supplier<Map<String, Long>> constants) {
        return new ForwardingMethod() {
            @Override
            public Description describe() {
                return method(Map.of(), List.of(), new byte[1]).describe();
            }

            @Override
            public byte[] object() {
                return new byte[1];
            }

            @Override
            public Map<String, Long> constants(MethodOptions options) {
                return constants.get();
            }
        };
    }

    /** Nor are they waited for more than once: each program would be 2 s later. */
    @Test
    void constantsThatAreNotToldRefuseTheMethodAndAreAskedForOnce() {
        AtomicInteger asked = new AtomicInteger();
        MethodCode code = MethodCode.of(asked(() -> {
            asked.incrementAndGet();
            hang();
            return Map.of();
        }), () -> {});
        assertTimeout(Duration.ofSeconds(20), () -> {
            for (int i = 0; i < 20; i++) {
                MethodRefused refused = assertThrows(MethodRefused.class, () -> code.description(MethodOptions.DEFAULT));
                assertTrue(refused.getMessage().contains("LOOM-4113"), refused.getMessage());
            }
        });
        assertEquals(1, asked.get());
    }

    /** Each reload of the file may have other options. */
    @Test
    void noMoreThanTwoThreadsOfOneMethodAreLeftHanging() throws Exception {
        CountDownLatch hung = new CountDownLatch(1);
        CountDownLatch told = new CountDownLatch(2);
        AtomicInteger asked = new AtomicInteger();
        MethodCode code = MethodCode.of(asked(() -> {
            asked.incrementAndGet();
            try {
                hung.await();
            } catch (InterruptedException hurried) {
                throw new IllegalStateException(hurried);
            }
            return Map.of();
        }), told::countDown);
        for (int port = 1; port <= 4; port++) {
            MethodOptions options = options(port);
            assertThrows(MethodRefused.class, () -> code.description(options));
        }
        assertEquals(2, asked.get());
        String refused = assertThrows(MethodRefused.class, () -> code.description(options(5))).getMessage();
        assertTrue(refused.contains("LOOM-4113") && refused.contains("2 times with other options"), refused);
        hung.countDown();
        assertTrue(told.await(60, TimeUnit.SECONDS));
        code.description(options(4));
        assertEquals(3, asked.get());
    }

    private static MethodOptions options(int guePort) {
        return new MethodOptions(guePort, Optional.empty(), Optional.empty(), List.of());
    }

    /** As on a host that is busy for seconds. */
    @Test
    void constantsThatComeLateAreTakenAndToldOf() throws Exception {
        CountDownLatch busy = new CountDownLatch(1);
        CountDownLatch told = new CountDownLatch(1);
        MethodCode code = MethodCode.of(asked(() -> {
            try {
                busy.await();
            } catch (InterruptedException hurried) {
                throw new IllegalStateException(hurried);
            }
            return Map.of("late", 7L);
        }), told::countDown);
        MethodRefused refused = assertThrows(MethodRefused.class, () -> code.description(MethodOptions.DEFAULT));
        assertTrue(refused.getMessage().contains("it is taken in when it does"), refused.getMessage());
        assertEquals(1, told.getCount());
        busy.countDown();
        assertTrue(told.await(60, TimeUnit.SECONDS));
        assertEquals(7L, code.description(MethodOptions.DEFAULT).constants().get("late"));
    }
}
