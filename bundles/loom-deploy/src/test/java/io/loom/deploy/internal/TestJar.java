package io.loom.deploy.internal;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;

/** Jars as plugins bring them, and worse ones. */
final class TestJar {
    private TestJar() {}

    /** Starts and stops as it should. */
    public static final class Good implements BundleActivator {
        @Override
        public void start(BundleContext context) {
            context.registerService(Runnable.class, () -> {}, null);
        }

        @Override
        public void stop(BundleContext context) {}
    }

    /** Throws what nobody expects. */
    public static final class Throwing implements BundleActivator {
        @Override
        public void start(BundleContext context) {
            throw new StackOverflowError("too deep");
        }

        @Override
        public void stop(BundleContext context) {}
    }

    /** Does not come back, whatever it is asked. */
    public static final class Hanging implements BundleActivator {
        @Override
        public void start(BundleContext context) {
            hang();
        }

        @Override
        public void stop(BundleContext context) {}
    }

    /** Starts, and does not come back from being stopped. */
    public static final class HangingAtTheEnd implements BundleActivator {
        @Override
        public void start(BundleContext context) {}

        @Override
        public void stop(BundleContext context) {
            hang();
        }
    }

    private static void hang() {
        while (true) {
            try {
                Thread.sleep(60_000);
            } catch (InterruptedException ignored) {
                continue;
            }
        }
    }

    /** Small, until it is unpacked. */
    static byte[] unpackingTo(int mebibytes) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JarOutputStream jar = new JarOutputStream(bytes)) {
            jar.putNextEntry(new JarEntry("zeros"));
            byte[] zeros = new byte[1 << 20];
            for (int i = 0; i < mebibytes; i++) {
                jar.write(zeros);
            }
        }
        return bytes.toByteArray();
    }

    static byte[] of(String name, String version, Class<?> activator, String... headers) throws IOException {
        Manifest manifest = new Manifest();
        Attributes main = manifest.getMainAttributes();
        main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        main.putValue("Bundle-ManifestVersion", "2");
        if (!name.isEmpty()) {
            main.putValue("Bundle-SymbolicName", name);
        }
        main.putValue("Bundle-Version", version);
        main.putValue("Import-Package", "org.osgi.framework");
        main.putValue("Bundle-Activator", activator.getName());
        for (int i = 0; i < headers.length; i += 2) {
            main.putValue(headers[i], headers[i + 1]);
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JarOutputStream jar = new JarOutputStream(bytes, manifest)) {
            for (Class<?> one : new Class<?>[] {TestJar.class, activator}) {
                String path = one.getName().replace('.', '/') + ".class";
                jar.putNextEntry(new JarEntry(path));
                try (InputStream in = TestJar.class.getClassLoader().getResourceAsStream(path)) {
                    in.transferTo(jar);
                }
            }
        }
        return bytes.toByteArray();
    }

    /** As people are told to: written elsewhere, then renamed. */
    static void put(Path file, byte[] content) throws IOException {
        Path beside = file.resolveSibling("." + file.getFileName() + ".new");
        Files.write(beside, content);
        Files.move(beside, file, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
    }
}
