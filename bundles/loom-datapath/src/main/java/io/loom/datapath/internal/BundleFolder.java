package io.loom.datapath.internal;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Plugins in a folder of bundles, found by their component descriptions, for a process without a framework. */
public final class BundleFolder {
    private static final Pattern CLASS = Pattern.compile("<implementation class=\"([^\"]+)\"");

    private BundleFolder() {}

    /**
     * One instance of each plugin of a kind, in the order of the files' names.
     *
     * @param kind {@code ForwardingMethod} or {@code Algorithm}
     * @throws IllegalStateException naming the bundle whose plugin cannot be made
     */
    public static <T> List<T> plugins(Path folder, Class<T> kind) {
        List<Path> bundles = new ArrayList<>();
        try (DirectoryStream<Path> jars = Files.newDirectoryStream(folder, "*.jar")) {
            jars.forEach(bundles::add);
        } catch (IOException unreadable) {
            throw new UncheckedIOException("cannot read " + folder, unreadable);
        }
        return bundles.stream().sorted().flatMap(bundle -> plugins(bundle.toFile(), kind).stream()).toList();
    }

    private static <T> List<T> plugins(File bundle, Class<T> kind) {
        String provides = "interface=\"" + kind.getName() + "\"";
        List<T> plugins = new ArrayList<>();
        try (JarFile jar = new JarFile(bundle)) {
            for (JarEntry entry : jar.stream().filter(any -> any.getName().matches("OSGI-INF/.*\\.xml")).toList()) {
                try (InputStream in = jar.getInputStream(entry)) {
                    String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
                    Matcher implementation = CLASS.matcher(text);
                    if (text.contains(provides) && implementation.find()) {
                        plugins.add(kind.cast(instance(bundle, implementation.group(1))));
                    }
                }
            }
            return plugins;
        } catch (IOException | ReflectiveOperationException | LinkageError failure) {
            throw new IllegalStateException("cannot read the bundle " + bundle + ": " + failure, failure);
        }
    }

    /** The loader stays open: a method may read its object only when it is asked for it. */
    private static Object instance(File bundle, String name) throws IOException, ReflectiveOperationException {
        URLClassLoader loader = new URLClassLoader(new URL[] {bundle.toURI().toURL()}, BundleFolder.class.getClassLoader());
        return loader.loadClass(name).getDeclaredConstructor().newInstance();
    }
}
