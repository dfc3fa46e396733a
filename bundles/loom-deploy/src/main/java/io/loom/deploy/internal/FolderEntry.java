package io.loom.deploy.internal;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a folder shows of one name, without opening it: a FIFO would never come back from that.
 *
 * @param mark   differs when the content may differ
 * @param reason why it is no jar to be read; empty if it may be one
 * @param broken whether that is a fault, rather than something that is of no concern here
 */
record FolderEntry(Path path, String mark, String reason, boolean broken) {

    /** By name. @throws IOException if the folder cannot be listed */
    static SortedMap<String, FolderEntry> list(Path folder) throws IOException {
        SortedMap<String, FolderEntry> entries = new TreeMap<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(folder)) {
            all.forEach(path -> entries.put(path.getFileName().toString(), of(path)));
        } catch (java.nio.file.DirectoryIteratorException failure) {
            throw failure.getCause();
        }
        return entries;
    }

    static FolderEntry of(Path path) {
        String name = path.getFileName().toString();
        if (name.startsWith(".")) {
            return new FolderEntry(path, name, "hidden", false);
        }
        if (!name.endsWith(".jar")) {
            return new FolderEntry(path, name, Files.isDirectory(path) ? "a folder" : "not named *.jar", false);
        }
        if (!Files.isRegularFile(path)) {
            boolean link = Files.isSymbolicLink(path) && !Files.exists(path);
            String what = link ? "a link to a file that does not exist" : Files.isDirectory(path) ? "a folder" : "no regular file";
            return new FolderEntry(path, what, what, Files.exists(path, LinkOption.NOFOLLOW_LINKS));
        }
        try {
            return new FolderEntry(path, Files.readAttributes(path, "unix:ino,size,lastModifiedTime,ctime").toString(), "", false);
        } catch (IOException failure) {
            return new FolderEntry(path, failure.toString(), "cannot be looked at: " + failure, true);
        }
    }
}
