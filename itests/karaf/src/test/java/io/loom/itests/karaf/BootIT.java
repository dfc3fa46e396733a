package io.loom.itests.karaf;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;
import static org.junit.Assert.fail;
import static org.ops4j.pax.exam.CoreOptions.options;
import static org.ops4j.pax.exam.CoreOptions.systemProperty;
import static org.ops4j.pax.exam.karaf.options.KarafDistributionOption.configureConsole;
import static org.ops4j.pax.exam.karaf.options.KarafDistributionOption.editConfigurationFilePut;
import static org.ops4j.pax.exam.karaf.options.KarafDistributionOption.karafDistributionConfiguration;
import static org.ops4j.pax.exam.karaf.options.KarafDistributionOption.keepRuntimeFolder;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import javax.inject.Inject;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.api.console.SessionFactory;
import org.junit.Before;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.junit.PaxExam;
import org.ops4j.pax.exam.spi.reactors.ExamReactorStrategy;
import org.ops4j.pax.exam.spi.reactors.PerClass;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;

/**
 * The distribution as a Karaf: its bundles resolve, their components are satisfied, and a plugin comes and goes with its
 * file in deploy/. No interface is configured: nothing is attached. What loomd does is LoomdIT's matter.
 */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class BootIT {
    private static final int REST_PORT = 19391;
    private static final int SSH_PORT = 18401;
    private static final String INSTANCE = "itest-boot";

    @Inject
    private BundleContext context;

    @Inject
    private SessionFactory sessions;

    @Configuration
    public Option[] distribution() throws IOException {
        Path work = Path.of(System.getProperty("loom.itest.work")).toAbsolutePath();
        Path data = Files.createDirectories(work.resolve("boot-data"));
        Path config = Files.writeString(work.resolve("boot.yaml"), configuration());
        return options(
                karafDistributionConfiguration()
                        .frameworkUrl(work.resolve("distribution.tar.gz").toUri().toString())
                        .karafVersion(System.getProperty("loom.itest.karaf")).name("Loom")
                        .unpackDirectory(work.resolve("exam").toFile()).useDeployFolder(false),
                keepRuntimeFolder(),
                configureConsole().ignoreLocalConsole().ignoreRemoteShell(),
                systemProperty("loom.config").value(config.toString()),
                systemProperty("loom.data").value(data.toString()),
                systemProperty("loom.bpffs").value("/sys/fs/bpf"),
                systemProperty("loom.instance").value(INSTANCE),
                // Loom runs without the features service; Pax Exam installs its own bundles by it. It may only come last.
                editConfigurationFilePut("etc/startup.properties", featuresService(), "90"),
                editConfigurationFilePut("etc/org.ops4j.pax.url.mvn.cfg", "org.ops4j.pax.url.mvn.localRepository",
                        System.getProperty("org.ops4j.pax.url.mvn.localRepository")));
    }

    private static String featuresService() {
        String version = System.getProperty("loom.itest.karaf");
        return "reference:file:org/apache/karaf/features/org.apache.karaf.features.core/" + version
                + "/org.apache.karaf.features.core-" + version + ".jar";
    }

    private static String configuration() {
        return """
                ebpf:
                  enabled: true
                admin:
                  rest: {address: 127.0.0.1, port: %d}
                  ssh: {address: 127.0.0.1, port: %d}
                """.formatted(REST_PORT, SSH_PORT);
    }

    @Before
    public void ready() {
        await("GET /readyz says what is missing", () -> get("/readyz").contains("no packet reaches Loom"));
    }

    @Test
    public void everyBundleIsActive() {
        List<String> others = Arrays.stream(context.getBundles())
                .filter(bundle -> bundle.getState() != Bundle.ACTIVE)
                .filter(bundle -> bundle.getHeaders().get(Constants.FRAGMENT_HOST) == null)
                .map(Bundle::toString).toList();
        assertEquals(List.of(), others);
    }

    @Test
    public void everyPluginIsInForce() {
        String status = run("loom:status --json");
        for (String plugin : List.of("nat", "ipip", "gue", "l2", "maglev")) {
            assertTrue(status, status.contains('"' + plugin + '"'));
        }
    }

    @Test
    public void aPluginComesAndGoesWithItsFile() throws IOException {
        Path deployed = Path.of(context.getProperty("karaf.base"), "deploy", "loom-algorithm-maglev.jar");
        Path away = Path.of(context.getProperty("karaf.base"), "loom-algorithm-maglev.away");
        Files.move(deployed, away);
        await("maglev is gone from loom:status", () -> !run("loom:status --json").contains("\"maglev\""));
        Files.move(away, deployed);
        await("maglev is back in loom:status", () -> run("loom:status --json").contains("\"maglev\""));
    }

    @Test
    public void commandsOfLoomAreThere() {
        String help = run("help loom");
        for (String command : List.of("status", "vip-list", "backend-list", "backend-add", "backend-remove", "backend-weight", "connection-list")) {
            assertTrue(command + " in " + help, help.contains(command));
        }
    }

    private static String get(String path) {
        try {
            HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + REST_PORT + path)).build();
            return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body();
        } catch (IOException notYet) {
            return "";
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    private String run(String command) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        Session session = sessions.create(new ByteArrayInputStream(new byte[0]), out, out);
        try {
            session.execute(command);
        } catch (Exception failure) {
            throw new IllegalStateException(command + " failed after: " + bytes.toString(StandardCharsets.UTF_8), failure);
        } finally {
            session.close();
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    private static void await(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + 30_000_000_000L;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                fail("not within 30 s: " + what);
            }
            try {
                Thread.sleep(50);
            } catch (InterruptedException interrupted) {
                throw new IllegalStateException(interrupted);
            }
        }
    }
}
