package io.loom.deploy.internal;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Something that is asked of the framework about one bundle, on a thread of its own: the bundle's activator and constructors of
 * its components run there, and may never come back. Thread-safe.
 */
final class Errand {
    /** What is asked. */
    interface Task {
        void run() throws Exception;
    }

    private final String what;
    private final Thread thread;
    private final CountDownLatch over = new CountDownLatch(1);
    private final long began = System.nanoTime();
    private volatile Throwable failure;

    private Errand(String what, Task task) {
        this.what = what;
        this.thread = new Thread(() -> run(task), "loom-deploy " + what);
        thread.setDaemon(true);
    }

    static Errand start(String what, Task task) {
        Errand errand = new Errand(what, task);
        errand.thread.start();
        return errand;
    }

    private void run(Task task) {
        try {
            task.run();
        } catch (Throwable anything) {
            failure = anything;
        } finally {
            over.countDown();
        }
    }

    String what() {
        return what;
    }

    /** Waits so long; true if it is over. */
    boolean await(long millis) {
        try {
            return over.await(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
            return isOver();
        }
    }

    boolean isOver() {
        return over.getCount() == 0;
    }

    long seconds() {
        return TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - began);
    }

    void interrupt() {
        thread.interrupt();
    }

    /** What it ended with; null if with success, or not at all yet. */
    Throwable failure() {
        return failure;
    }

    /** The frame at which it is, for people: the first that is not of the JDK. */
    String place() {
        for (StackTraceElement frame : thread.getStackTrace()) {
            if (!frame.getClassName().startsWith("java.") && !frame.getClassName().startsWith("jdk.")) {
                return frame.getClassName() + "." + frame.getMethodName();
            }
        }
        return "";
    }
}
