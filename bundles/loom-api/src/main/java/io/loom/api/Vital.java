package io.loom.api;

/**
 * Work that Loom cannot do without, on threads that keep failures to themselves, as those of executors do. Where Java itself
 * fails below it, out of memory above all, nobody knows how much of it was done: the failure goes to whoever handles the
 * uncaught ones, who ends the process. What is pinned forwards on, and the next start takes it over.
 */
public final class Vital {
    private Vital() {}

    /** The same work, whose {@link VirtualMachineError} is told to the thread's handler of uncaught exceptions, and thrown on. */
    public static Runnable work(Runnable work) {
        return () -> {
            try {
                work.run();
            } catch (VirtualMachineError broken) {
                Thread thread = Thread.currentThread();
                Thread.UncaughtExceptionHandler handler = thread.getUncaughtExceptionHandler();
                handler.uncaughtException(thread, broken);
                throw broken;
            }
        };
    }
}
