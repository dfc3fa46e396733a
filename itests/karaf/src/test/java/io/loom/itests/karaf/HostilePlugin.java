package io.loom.itests.karaf;

import io.loom.api.plugin.Algorithm;
import io.loom.api.plugin.BackendSet;
import io.loom.api.plugin.LookupTable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/** Bundles of algorithms as anybody might write them, with a component each. */
final class HostilePlugin {
    private HostilePlugin() {}

    /** Never comes back from being made. */
    public static class HangsWhenMade implements Algorithm {
        public HangsWhenMade() {
            while (true) {
                try {
                    Thread.sleep(60_000);
                } catch (InterruptedException ignored) {
                    continue;
                }
            }
        }

        @Override
        public String name() {
            return "hangs";
        }

        @Override
        public LookupTable build(BackendSet backends, int size) {
            return null;
        }
    }

    /** Wants more memory than Loom has. */
    public static class TakesTooMuchWhenMade implements Algorithm {
        private final long[] taken;

        public TakesTooMuchWhenMade() {
            taken = new long[1_000_000_000];
        }

        @Override
        public String name() {
            return "takes " + taken.length;
        }

        @Override
        public LookupTable build(BackendSet backends, int size) {
            return null;
        }
    }

    /** Nothing is wrong with this one. */
    public static class Harmless implements Algorithm {
        @Override
        public String name() {
            return "harmless";
        }

        @Override
        public LookupTable build(BackendSet backends, int size) {
            return new LookupTable(LookupTable.Index.FLOW_HASH, new int[backends.size() == 0 ? 0 : size]);
        }
    }

    /** @param immediate its component is made when the bundle starts, not when somebody asks for it */
    static void write(Path file, String name, Class<?> algorithm, boolean immediate) throws IOException {
        Manifest manifest = new Manifest();
        Attributes main = manifest.getMainAttributes();
        main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        main.putValue("Bundle-ManifestVersion", "2");
        main.putValue("Bundle-SymbolicName", name);
        main.putValue("Bundle-Version", "1.0.0");
        main.putValue("Import-Package", "io.loom.api.plugin;version=\"[1,2)\"");
        main.putValue("Service-Component", "OSGI-INF/component.xml");
        Path beside = file.resolveSibling(file.getFileName() + ".new");
        try (OutputStream out = Files.newOutputStream(beside); JarOutputStream jar = new JarOutputStream(out, manifest)) {
            for (Class<?> one : new Class<?>[] {HostilePlugin.class, algorithm}) {
                String path = one.getName().replace('.', '/') + ".class";
                jar.putNextEntry(new JarEntry(path));
                try (InputStream in = HostilePlugin.class.getClassLoader().getResourceAsStream(path)) {
                    in.transferTo(jar);
                }
            }
            jar.putNextEntry(new JarEntry("OSGI-INF/component.xml"));
            jar.write("""
                    <scr:component xmlns:scr="http://www.osgi.org/xmlns/scr/v1.3.0" name="%s" immediate="%s">
                      <implementation class="%s"/>
                      <service><provide interface="io.loom.api.plugin.Algorithm"/></service>
                    </scr:component>
                    """.formatted(name, immediate, algorithm.getName()).getBytes(StandardCharsets.UTF_8));
        }
        Files.move(beside, file, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
    }
}
