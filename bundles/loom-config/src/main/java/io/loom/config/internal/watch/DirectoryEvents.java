package io.loom.config.internal.watch;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls back after anything happened in the directory of a file. Any event counts: a rename or the symlink swap of a mounted
 * ConfigMap never names the file itself.
 */
final class DirectoryEvents implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DirectoryEvents.class);

    private final Path directory;
    private final Runnable changed;
    private volatile WatchService watcher;
    private volatile boolean closed;

    DirectoryEvents(Path file, Runnable changed) {
        this.directory = file.toAbsolutePath().getParent();
        this.changed = changed;
    }

    /** All of it on a thread apart: on a mount that hangs not even the asking ends. */
    void start() {
        WatchedFile.daemon(this::watch, "loom-config-events").start();
    }

    /** Without notifications (no inotify watches left, say) changes are only found by polling. */
    private void watch() {
        try {
            watcher = directory.getFileSystem().newWatchService();
            directory.register(watcher, StandardWatchEventKinds.ENTRY_CREATE, StandardWatchEventKinds.ENTRY_MODIFY,
                    StandardWatchEventKinds.ENTRY_DELETE);
            if (closed) {
                close();
            } else {
                run();
            }
        } catch (IOException | ClosedWatchServiceException unavailable) {
            LOG.info("no notifications for {}: {}; changes are found within a second anyway", directory, unavailable.toString());
        }
    }

    private void run() {
        try {
            boolean watching = true;
            while (watching) {
                WatchKey key = watcher.take();
                key.pollEvents();
                changed.run();
                watching = key.reset();
            }
        } catch (InterruptedException | ClosedWatchServiceException stopping) {
            LOG.debug("stopped watching {}", directory);
        }
    }

    @Override
    public void close() {
        closed = true;
        try {
            if (watcher != null) {
                watcher.close();
            }
        } catch (IOException unclosable) {
            LOG.warn("cannot stop watching {}: {}", directory, unclosable.toString());
        }
    }
}
