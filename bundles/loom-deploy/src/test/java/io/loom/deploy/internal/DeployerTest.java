package io.loom.deploy.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Problem;
import io.loom.api.control.DeployedFile;
import io.loom.api.control.DeployedFile.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.felix.framework.FrameworkFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.launch.Framework;

/** The folder and a real framework: bundles follow their files, and no file is passed over in silence. */
class DeployerTest {
    @TempDir(cleanup = CleanupMode.NEVER)
    Path work;

    private Path folder;
    private Framework framework;
    private Deployer deployer;

    @BeforeEach
    void start() throws Exception {
        folder = Files.createDirectory(work.resolve("deploy"));
        framework = new FrameworkFactory().newFramework(Map.of(
                "org.osgi.framework.storage", work.resolve("cache").toString(), "org.osgi.framework.startlevel.beginning", "50"));
        framework.start();
        await("start level 50", () -> framework.adapt(org.osgi.framework.startlevel.FrameworkStartLevel.class).getStartLevel() == 50);
        deployer = new Deployer(framework.getBundleContext(), folder, work.resolve("scratch"), () -> true);
    }

    @AfterEach
    void stop() throws Exception {
        deployer.close();
        framework.stop();
    }

    private static byte[] good(String name, String version) throws IOException {
        return TestJar.of(name, version, TestJar.Good.class);
    }

    private Path file(String name) {
        return folder.resolve(name);
    }

    private DeployedFile view(String name) {
        return deployer.files().stream().filter(one -> one.file().equals(name)).findFirst()
                .orElse(new DeployedFile(name, "", "", 0, State.IGNORED, "not listed"));
    }

    private static void await(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + 60_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, "waited in vain: " + what);
            try {
                Thread.sleep(10);
            } catch (InterruptedException stopped) {
                throw new IllegalStateException(stopped);
            }
        }
    }

    private DeployedFile await(String name, State state) {
        await(name + " " + state + " in " + deployer.files(), () -> view(name).state() == state);
        return view(name);
    }

    private DeployedFile awaitVersion(String name, String version) {
        await(name + " " + version, () -> view(name).version().equals(version) && view(name).state() == State.ACTIVE);
        return view(name);
    }

    private long running(String symbolicName) {
        return Arrays.stream(framework.getBundleContext().getBundles())
                .filter(bundle -> symbolicName.equals(bundle.getSymbolicName()) && bundle.getState() == Bundle.ACTIVE).count();
    }

    private List<String> problems() {
        return deployer.problems().stream().map(Problem::toString).toList();
    }

    @Test
    void aBundleIsThereAsLongAsItsFile() throws Exception {
        TestJar.put(file("a.jar"), good("one", "1.2.0"));
        deployer.start();
        DeployedFile view = await("a.jar", State.ACTIVE);
        assertEquals(List.of("one", "1.2.0", ""), List.of(view.symbolicName(), view.version(), view.reason()));
        assertEquals(1, framework.getBundleContext().getServiceReferences(Runnable.class, null).size());
        Files.delete(file("a.jar"));
        await("its end", () -> running("one") == 0 && deployer.files().isEmpty());
        TestJar.put(file("a.jar"), good("one", "1.2.0"));
        await("a.jar", State.ACTIVE);
    }

    @Test
    void ofTwoFilesWithOneBundleEitherMayGo() throws Exception {
        TestJar.put(file("a.jar"), good("one", "1.0.0"));
        deployer.start();
        long bundle = await("a.jar", State.ACTIVE).bundle();
        TestJar.put(file("b.jar"), good("one", "1.0.0"));
        assertEquals("the same bundle as a.jar; it takes over when that goes", await("b.jar", State.DUPLICATE).reason());
        assertEquals(List.of(), problems());
        Files.delete(file("a.jar"));
        assertEquals(bundle, await("b.jar", State.ACTIVE).bundle(), "it has not even been restarted");
        TestJar.put(file("a.jar"), good("one", "1.0.0"));
        await("a.jar", State.DUPLICATE);
        Files.delete(file("a.jar"));
        await("a.jar is not listed", () -> deployer.files().size() == 1);
        assertEquals(1, running("one"));
        assertEquals(bundle, view("b.jar").bundle());
        Files.delete(file("b.jar"));
        await("its end", () -> running("one") == 0);
    }

    @Test
    void aFileThatGetsAnotherBundleLeavesItsOldOneToTheOtherFile() throws Exception {
        TestJar.put(file("a.jar"), good("one", "1.0.0"));
        TestJar.put(file("b.jar"), good("one", "1.0.0"));
        deployer.start();
        await("b.jar", State.DUPLICATE);
        TestJar.put(file("a.jar"), good("one", "2.0.0"));
        awaitVersion("a.jar", "2.0.0");
        awaitVersion("b.jar", "1.0.0");
        TestJar.put(file("b.jar"), good("other", "1.0.0"));
        await("other", () -> view("b.jar").symbolicName().equals("other") && running("other") == 1);
        assertEquals(1, running("one"));
    }

    @Test
    void aNewVersionInTheSameFileTakesItsPlaceAndInAnotherRunsBesideIt() throws Exception {
        TestJar.put(file("a.jar"), good("one", "1.0.0"));
        deployer.start();
        long bundle = await("a.jar", State.ACTIVE).bundle();
        TestJar.put(file("a.jar"), good("one", "1.1.0"));
        assertEquals(bundle, awaitVersion("a.jar", "1.1.0").bundle());
        TestJar.put(file("b.jar"), good("one", "1.2.0"));
        awaitVersion("b.jar", "1.2.0");
        assertEquals(2, running("one"));
    }

    @Test
    void whatCannotBeUsedSaysWhy() throws Exception {
        byte[] whole = good("one", "1.0.0");
        Files.write(file("truncated.jar"), Arrays.copyOf(whole, whole.length - 40));
        byte[] damaged = whole.clone();
        for (int i = 0; i < 40; i++) {
            damaged[whole.length / 2 + i] ^= 0x55;
        }
        Files.write(file("damaged.jar"), damaged);
        Files.write(file("empty.jar"), new byte[0]);
        Files.writeString(file("text.jar"), "no jar at all");
        Files.write(file("plain.jar"), good("", "1.0.0"));
        Files.write(file("version.jar"), good("three", "one.two"));
        Files.write(file("needy.jar"), TestJar.of("two", "1.0.0", TestJar.Good.class, "Import-Package", "org.osgi.framework,no.such"));
        Files.write(file("throwing.jar"), TestJar.of("four", "1.0.0", TestJar.Throwing.class));
        Files.write(file("lost.jar"), TestJar.of("five", "1.0.0", TestJar.Good.class, "Bundle-Activator", "no.such.Activator"));
        Files.write(file("manifest.jar"), TestJar.of("seven", "1.0.0", TestJar.Good.class, "Large", "x".repeat(1 << 20)));
        Files.write(file("bomb.jar"), TestJar.unpackingTo(257));
        Files.createSymbolicLink(file("link.jar"), Path.of("nowhere"));
        assertEquals(0, new ProcessBuilder("mkfifo", file("fifo.jar").toString()).start().waitFor());
        Files.createDirectory(file("folder.jar"));
        Files.write(file("good.jar"), good("six", "1.0.0"));
        deployer.start();
        assertReason("truncated.jar", State.BROKEN, "not all of one");
        assertReason("damaged.jar", State.BROKEN, "damaged");
        assertReason("empty.jar", State.BROKEN, "the file is empty");
        assertReason("text.jar", State.BROKEN, "it is no jar");
        assertReason("plain.jar", State.BROKEN, "no Bundle-SymbolicName");
        assertReason("version.jar", State.BROKEN, "one.two");
        assertReason("needy.jar", State.UNRESOLVED, "no.such");
        assertReason("throwing.jar", State.FAILED, "StackOverflowError: too deep");
        assertReason("lost.jar", State.FAILED, "no.such.Activator");
        assertReason("manifest.jar", State.BROKEN, "its manifest is larger than 1 MiB");
        assertReason("bomb.jar", State.BROKEN, "it unpacks to more than 256 MiB");
        assertReason("link.jar", State.BROKEN, "does not exist");
        assertReason("fifo.jar", State.BROKEN, "no regular file");
        assertReason("folder.jar", State.BROKEN, "a folder");
        assertEquals(14, problems().size(), problems().toString());
        assertEquals(State.ACTIVE, view("good.jar").state());
        for (DeployedFile file : deployer.files()) {
            Files.delete(file(file.file()));
        }
        await("no problems", () -> problems().isEmpty() && deployer.files().isEmpty());
    }

    private void assertReason(String name, State state, String part) {
        DeployedFile view = await(name, state);
        assertTrue(view.reason().contains(part), view.toString());
        assertEquals(1, view.reason().lines().count());
        assertTrue(problems().stream().anyMatch(problem -> problem.contains(name) && problem.contains(part)), problems().toString());
    }

    @Test
    void whatIsNoJarIsOfNoConcernButListed() throws Exception {
        Files.writeString(file("README"), "hello");
        Files.writeString(file(".hidden.jar"), "");
        Files.writeString(file("a.jar.part"), "");
        Files.createDirectory(file("folder"));
        deployer.start();
        await("the files", () -> deployer.files().size() == 4);
        assertTrue(deployer.files().stream().allMatch(one -> one.state() == State.IGNORED && !one.reason().isEmpty()));
        assertEquals(List.of(), problems());
    }

    @Test
    void aFileThatIsWrittenInPlaceIsTakenWhenItIsWhole() throws Exception {
        byte[] whole = good("one", "1.0.0");
        deployer.start();
        Files.write(file("a.jar"), Arrays.copyOf(whole, whole.length / 2));
        await("a.jar", State.WRITING);
        assertEquals(List.of(), problems());
        Files.write(file("a.jar"), whole);
        await("a.jar", State.ACTIVE);
        Files.write(file("a.jar"), Arrays.copyOf(good("one", "2.0.0"), 300));
        assertTrue(await("a.jar", State.BROKEN).reason().contains("what was in it before runs on"));
        assertEquals(1, running("one"));
        Files.write(file("a.jar"), good("one", "2.0.0"));
        awaitVersion("a.jar", "2.0.0");
        assertEquals(List.of(), problems());
    }

    @Test
    void whatIsMissingMayComeLater() throws Exception {
        TestJar.put(file("a.jar"), TestJar.of("one", "1.0.0", TestJar.Good.class, "Import-Package", "org.osgi.framework,io.lib"));
        deployer.start();
        await("a.jar", State.UNRESOLVED);
        TestJar.put(file("lib.jar"), TestJar.of("lib", "1.0.0", TestJar.Good.class, "Export-Package", "io.lib"));
        await("a.jar", State.ACTIVE);
        assertEquals(List.of(), problems());
    }

    @Test
    void aBundleThatHangsHoldsUpNoOther() throws Exception {
        TestJar.put(file("a.jar"), TestJar.of("one", "1.0.0", TestJar.Hanging.class));
        TestJar.put(file("b.jar"), good("two", "1.0.0"));
        deployer.start();
        await("b.jar", State.ACTIVE);
        await("the first look", deployer::isSettled);
        DeployedFile view = await("a.jar", State.HANGING);
        assertTrue(view.reason().contains("TestJar"), view.reason());
        assertTrue(problems().get(0).startsWith("LOOM-4116"), problems().toString());
        TestJar.put(file("c.jar"), good("three", "1.0.0"));
        await("c.jar", State.ACTIVE);
        // The same name and version: a corrected build.
        TestJar.put(file("a.jar"), good("one", "1.0.0"));
        await("a.jar", State.ACTIVE);
        assertTrue(problems().get(0).contains("restart loomd"), problems().toString());
    }

    @Test
    void aBundleThatHangsWhenItIsStoppedHoldsUpNoOther() throws Exception {
        TestJar.put(file("a.jar"), TestJar.of("one", "1.0.0", TestJar.HangingAtTheEnd.class));
        deployer.start();
        await("a.jar", State.ACTIVE);
        Files.delete(file("a.jar"));
        TestJar.put(file("b.jar"), good("two", "1.0.0"));
        await("b.jar", State.ACTIVE);
        await("the problem", () -> problems().size() == 1);
        assertTrue(problems().get(0).contains("bundle one does not come back"), problems().toString());
    }

    @Test
    void theProcessIsEndedWhenABundleDoesNotEnd() throws Exception {
        TestJar.put(file("a.jar"), TestJar.of("one", "1.0.0", TestJar.HangingAtTheEnd.class));
        deployer.start();
        await("a.jar", State.ACTIVE);
        CountDownLatch halted = new CountDownLatch(1);
        ShutdownWatch watch = new ShutdownWatch(framework.getBundleContext(), work, deployer::busy, 300, status -> halted.countDown());
        framework.getBundleContext().addBundleListener(watch);
        assertFalse(halted.await(600, TimeUnit.MILLISECONDS), "it does not begin by itself");
        framework.stop();
        assertTrue(halted.await(60, TimeUnit.SECONDS));
        assertEquals(Bundle.STOPPING, framework.getState());
    }

    /** The end of the JVM is held until the bundles have ended, and has the status that says why. */
    @Test
    void withoutKarafsDirectoryTheProcessEndsWithAStatusOfItsOwn() throws Exception {
        Path directory = Files.createDirectory(work.resolve("karaf"));
        List<Integer> statuses = new CopyOnWriteArrayList<>();
        ShutdownWatch watch = new ShutdownWatch(framework.getBundleContext(), directory, List::of, 60_000, statuses::add);
        watch.end();
        assertEquals(List.of(), statuses, "an end like any other");
        Files.delete(directory);
        framework.stop();
        watch.end();
        assertEquals(List.of(73), statuses);
        assertEquals(Bundle.RESOLVED, framework.getState());
    }
}
