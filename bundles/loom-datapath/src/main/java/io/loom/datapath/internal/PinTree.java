package io.loom.datapath.internal;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.stream.Stream;

/**
 * Where an instance's pins are: {@code BPFFS/loom/INSTANCE/} with {@code maps/NAME}, {@code tables/NUMBER}, {@code prog},
 * {@code links/DEVICE}, and {@code chains/NUMBER_array} and {@code chains/NUMBER_entry} where there are programs of the operator.
 * A bpffs takes no dots in names, so %2E stands for them.
 */
public record PinTree(Path root) {

    /** @throws LoomException LOOM-5103 if the name cannot be a directory on a bpffs */
    public static PinTree of(Path bpffs, String instance) {
        if (!instance.matches("[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")) {
            throw new LoomException(Problem.of(
                    "LOOM-5103", "bad instance name '" + instance + "'", "",
                    "use letters, digits, hyphens, underscores and dots, at most 64, no dot at the beginning"));
        }
        return new PinTree(bpffs.resolve("loom").resolve(name(instance)));
    }

    /**
     * Of all that have pins there, in the order of names.
     *
     * @throws LoomException LOOM-5104 if this process may not look
     */
    public static List<String> instances(Path bpffs) {
        PinTree all = new PinTree(bpffs.resolve("loom"));
        return all.exists() ? pins(all.root()).stream().filter(Files::isDirectory).map(PinTree::text).toList() : List.of();
    }

    /** @throws LoomException LOOM-5104 if this process may not look: that is not "no" */
    boolean exists() {
        try {
            return Files.readAttributes(root, BasicFileAttributes.class).isDirectory();
        } catch (NoSuchFileException none) {
            return false;
        } catch (IOException failure) {
            throw unusable(root, failure);
        }
    }

    /** Where everybody's pins are. */
    Path bpffs() {
        return root.getParent().getParent();
    }

    Path maps() {
        return root.resolve("maps");
    }

    Path links() {
        return root.resolve("links");
    }

    /** Of the lookup tables, by number. */
    Path tables() {
        return root.resolve("tables");
    }

    /** Of programs of the operator. */
    Path chains() {
        return root.resolve("chains");
    }

    Path chainArray(int number) {
        return chains().resolve(number + "_array");
    }

    Path chainEntry(int number) {
        return chains().resolve(number + "_entry");
    }

    static int chainNumber(Path pin) {
        return Integer.parseInt(pin.getFileName().toString().replaceFirst("_.*", ""));
    }

    Path map(String name) {
        return maps().resolve(name);
    }

    Path meta() {
        return map(Meta.NAME);
    }

    Path program() {
        return root.resolve("prog");
    }

    /** Of a program that is about to replace the one that is pinned. */
    Path nextProgram() {
        return root.resolve("prog_next");
    }

    /** Of maps that are about to take the place of those below {@link #maps}; there only meanwhile. */
    Path nextMaps() {
        return root.resolve("maps_next");
    }

    /** Of the program that worked with the former maps, as long as a link may have it. */
    Path formerProgram() {
        return root.resolve("prog_former");
    }

    Path link(String device) {
        return links().resolve(name(device));
    }

    private static String name(String text) {
        return text.replace("%", "%25").replace(".", "%2E");
    }

    static String device(Path link) {
        return text(link);
    }

    private static String text(Path pin) {
        return pin.getFileName().toString().replace("%2E", ".").replace("%25", "%");
    }

    void createDirectories() {
        try {
            Files.createDirectories(maps());
            Files.createDirectories(links());
            Files.createDirectories(tables());
            Files.createDirectories(chains());
        } catch (IOException failure) {
            throw unusable(root, failure);
        }
    }

    /** Files below a directory, in the order of names; empty if there is no such directory. */
    static List<Path> pins(Path directory) {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.sorted().toList();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** Names of the files below a directory: there may be thousands, and each second asks for them. */
    static List<String> names(Path directory) {
        String[] names = directory.toFile().list();
        return names == null ? List.of() : List.of(names);
    }

    /** Removes a pin, or an empty directory; what it held lives on if something else refers to it. */
    static boolean remove(Path pin) {
        try {
            return Files.deleteIfExists(pin);
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot remove " + pin, failure);
        }
    }

    /** Puts the next program's pin in the place of the present one's, in one step. */
    void promoteNextProgram() {
        move(nextProgram(), program());
    }

    /** Puts a pin in the place of another, in one step. */
    static void move(Path next, Path pin) {
        try {
            Files.move(next, pin, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException failure) {
            throw unusable(pin, failure);
        }
    }

    /** Puts a map's pin in the place of the one of the same name, in one step. */
    void promoteNextMap(Path next) {
        try {
            Files.move(next, maps().resolve(next.getFileName()), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException failure) {
            throw unusable(root, failure);
        }
    }

    void createNextMaps() {
        try {
            Files.createDirectories(nextMaps());
        } catch (IOException failure) {
            throw unusable(root, failure);
        }
    }

    private static LoomException unusable(Path path, IOException failure) {
        return new LoomException(Problem.of(
                "LOOM-5104", "cannot use " + path, failure.toString(), "mount a bpffs there that this process may write"), failure);
    }
}
