package io.loom.datapath.internal;

import io.loom.api.plugin.ForwardingMethod;
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
    private static final String PROVIDES = "interface=\"" + ForwardingMethod.class.getName() + "\"";
    private static final Pattern CLASS = Pattern.compile("<implementation class=\"([^\"]+)\"");

    private BundleFolder() {}

    /**
     * One instance of each forwarding method, in the order of the files' names.
     *
     * @throws IllegalStateException naming the bundle whose method cannot be made
     */
    public static List<ForwardingMethod> methods(Path folder) {
        List<Path> bundles = new ArrayList<>();
        try (DirectoryStream<Path> jars = Files.newDirectoryStream(folder, "*.jar")) {
            jars.forEach(bundles::add);
        } catch (IOException unreadable) {
            throw new UncheckedIOException("cannot read " + folder, unreadable);
        }
        return bundles.stream().sorted().flatMap(bundle -> methodsOf(bundle).stream()).toList();
    }

    private static List<ForwardingMethod> methodsOf(Path bundle) {
        List<ForwardingMethod> methods = new ArrayList<>();
        try (JarFile jar = new JarFile(bundle.toFile())) {
            for (JarEntry entry : jar.stream().filter(any -> any.getName().matches("OSGI-INF/.*\\.xml")).toList()) {
                try (InputStream in = jar.getInputStream(entry)) {
                    String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
                    Matcher implementation = CLASS.matcher(text);
                    if (text.contains(PROVIDES) && implementation.find()) {
                        methods.add(instance(bundle, implementation.group(1)));
                    }
                }
            }
            return methods;
        } catch (IOException | ReflectiveOperationException | LinkageError failure) {
            throw new IllegalStateException("cannot read the bundle " + bundle + ": " + failure, failure);
        }
    }

    /** The loader stays open: the method may read its object only when it is asked for it. */
    private static ForwardingMethod instance(Path bundle, String name) throws IOException, ReflectiveOperationException {
        URLClassLoader loader = new URLClassLoader(new URL[] {bundle.toUri().toURL()}, BundleFolder.class.getClassLoader());
        return (ForwardingMethod) loader.loadClass(name).getDeclaredConstructor().newInstance();
    }
}
