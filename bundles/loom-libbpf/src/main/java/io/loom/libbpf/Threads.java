package io.loom.libbpf;

import static io.loom.libbpf.internal.Check.libc;

import com.sun.jna.Memory;
import io.loom.libbpf.internal.Action;
import io.loom.libbpf.internal.LibC;
import io.loom.libbpf.internal.Options;
import java.util.Set;

/** CPUs of threads of this host, kernel threads included. */
public final class Threads {
    /** Of a cpu_set_t, bytes: 8192 CPUs, as many as Linux can have. */
    private static final int SET_SIZE = 1024;

    private Threads() {
    }

    /**
     * Lets a thread run on these CPUs only.
     *
     * @throws BpfException EPERM without CAP_SYS_NICE, EINVAL if none of them is online, ESRCH if it is gone
     */
    public static void bind(int thread, Set<Integer> cpus) {
        Memory set = Options.zeroed(SET_SIZE);
        for (int cpu : cpus) {
            set.setByte(cpu / 8, (byte) (set.getByte(cpu / 8) | 1 << cpu % 8));
        }
        libc(LibC.sched_setaffinity(thread, SET_SIZE, Options.address(set)), Action.BIND, "thread " + thread);
    }
}
