package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.jna.Function;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** A network namespace of one thread, which test runs on that thread are in, and which is gone when the thread ends. */
final class OwnNetwork {
    private static final int CLONE_NEWNET = 0x40000000;

    private OwnNetwork() {}

    /** Runs the body on a thread with a namespace of its own, in which loopback is up and forwards (so may be asked for routes). */
    static void run(Callable<Void> body) throws Exception {
        FutureTask<Void> task = new FutureTask<>(() -> {
            assertEquals(0, Function.getFunction("c", "unshare").invokeInt(new Object[] {CLONE_NEWNET}), "unshare needs CAP_SYS_ADMIN");
            shell("ip link set lo up; echo 1 > /proc/sys/net/ipv4/conf/lo/forwarding; echo 1 > /proc/sys/net/ipv6/conf/lo/forwarding");
            return body.call();
        });
        Thread thread = new Thread(task, "own-network");
        thread.start();
        try {
            task.get();
        } catch (ExecutionException failure) {
            if (failure.getCause() instanceof Error error) {
                throw error;
            }
            throw (Exception) failure.getCause();
        } finally {
            thread.join();
        }
    }

    /** A child is in the namespace of the thread that starts it. Returns what it prints. */
    static String shell(String commands) throws Exception {
        Process process = new ProcessBuilder("sh", "-ec", commands).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), commands + ": " + output);
        return output.strip();
    }
}
