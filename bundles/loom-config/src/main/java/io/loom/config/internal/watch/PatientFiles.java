package io.loom.config.internal.watch;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Reads files that may be none, or not answer: on a mount whose server is gone even the question what a file is waits for
 * ever, and nothing ends that wait. So each file is asked on a thread apart. One that stays silent is given up, and asked again
 * after a pause that grows to a minute; a bounded number of threads waits for it. What is no regular file is not opened at
 * all: a named pipe would wait for a writer. Thread-safe.
 */
final class PatientFiles {
    /** A hung mount can be asked in vain so often; then its answers are waited for. */
    private static final int MOST_WAITING = 16;
    private static final long LONGEST_PAUSE_MILLIS = 60_000;
    private static final int CHUNK = 64 * 1024;

    private final long silenceMillis;
    private final Map<Path, Silent> silent = new ConcurrentHashMap<>();
    /** Questions that were given up and have not ended. */
    private final Map<FutureTask<?>, Silent> givenUp = new ConcurrentHashMap<>();

    /** @param silenceMillis how long a file may give nothing */
    PatientFiles(long silenceMillis) {
        this.silenceMillis = silenceMillis;
    }

    /** A file that did not answer. */
    private static final class Silent {
        private int failures;
        private int waiting;
        private long again;
    }

    private interface Question<T> {
        /** @param heard to be set to {@link System#nanoTime()} when there is progress */
        T ask(AtomicLong heard) throws IOException;
    }

    /**
     * The content, at most one byte more than {@code limit}.
     *
     * @throws IOException also if it is no regular file or does not answer
     */
    byte[] read(Path file, int limit) throws IOException {
        return ask(file, heard -> regular(file, limit, heard));
    }

    /** Tells versions of a file apart without reading them: they may be large. @throws IOException if that cannot be told */
    Object stamp(Path file) throws IOException {
        return ask(file, heard -> Files.readAttributes(file, "lastModifiedTime,size,fileKey").toString());
    }

    private static byte[] regular(Path file, int limit, AtomicLong heard) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        if (!attributes.isRegularFile()) {
            throw new IOException("it is " + kind(file) + ", not a regular file");
        }
        // Read each second, a file of megabytes is most of the garbage that there is, even if it is not copied as well.
        byte[] content = new byte[(int) Math.min(limit + 1L, Math.max(CHUNK, attributes.size()))];
        int length = 0;
        try (InputStream in = Files.newInputStream(file)) {
            for (int n = 0; n >= 0 && length <= limit; heard.set(System.nanoTime())) {
                if (length == content.length) {
                    int next = in.read();
                    if (next < 0) {
                        break;
                    }
                    content = Arrays.copyOf(content, Math.min(limit + 1, length + CHUNK));
                    content[length++] = (byte) next;
                } else {
                    n = in.read(content, length, Math.min(CHUNK, content.length - length));
                    length += Math.max(0, n);
                }
            }
        }
        return length == content.length ? content : Arrays.copyOf(content, length);
    }

    /** By the type in st_mode, see inode(7). */
    private static String kind(Path file) throws IOException {
        return switch ((Integer) Files.getAttribute(file, "unix:mode") & 0170000) {
            case 0010000 -> "a named pipe";
            case 0020000 -> "a character device";
            case 0040000 -> "a directory";
            case 0060000 -> "a block device";
            case 0140000 -> "a socket";
            default -> "something else";
        };
    }

    private <T> T ask(Path file, Question<T> question) throws IOException {
        Silent before = silent.get(file);
        if (before != null) {
            synchronized (before) {
                if (System.nanoTime() - before.again < 0 || before.waiting >= MOST_WAITING) {
                    throw silence();
                }
            }
        }
        AtomicLong heard = new AtomicLong(System.nanoTime());
        FutureTask<T> task = new FutureTask<>(() -> question.ask(heard));
        Thread thread = WatchedFile.daemon(() -> {
            task.run();
            ended(task);
        }, "loom-config-read");
        thread.start();
        return answer(file, task, heard);
    }

    private <T> T answer(Path file, FutureTask<T> task, AtomicLong heard) throws IOException {
        try {
            while (true) {
                long left = silenceMillis - (System.nanoTime() - heard.get()) / 1_000_000;
                try {
                    T answer = task.get(Math.max(1, left), TimeUnit.MILLISECONDS);
                    silent.remove(file);
                    return answer;
                } catch (TimeoutException waiting) {
                    if ((System.nanoTime() - heard.get()) / 1_000_000 >= silenceMillis) {
                        giveUp(file, task);
                        throw silence();
                    }
                }
            }
        } catch (ExecutionException failed) {
            silent.remove(file);
            throw failed.getCause() instanceof IOException reason ? reason : new IOException(failed.getCause().toString(), failed.getCause());
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            throw new IOException("the reading was interrupted", stopping);
        }
    }

    private IOException silence() {
        return new IOException("it does not answer within " + silenceMillis + " ms, as on a mount that hangs");
    }

    private void giveUp(Path file, FutureTask<?> task) {
        Silent entry = silent.computeIfAbsent(file, first -> new Silent());
        synchronized (entry) {
            entry.waiting++;
            entry.failures++;
            long pause = Math.min(LONGEST_PAUSE_MILLIS, 1000L << Math.min(entry.failures - 1, 6));
            entry.again = System.nanoTime() + pause * 1_000_000;
        }
        givenUp.put(task, entry);
        if (task.isDone()) {
            ended(task);
        }
    }

    /** Late as it is, an answer means that the next one may come in time. */
    private void ended(FutureTask<?> task) {
        Silent entry = givenUp.remove(task);
        if (entry != null) {
            synchronized (entry) {
                entry.waiting--;
                entry.again = System.nanoTime();
            }
        }
    }
}
