package io.loom.health.internal;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/** How many descriptors this process may have: RLIMIT_NOFILE, which can be changed while it runs. */
interface Descriptors {
    /** Connections that probes may have open at a time are half of the descriptors, and no more than this. */
    int MOST = 65_536;

    long limit();

    /** Of this process, by the kernel. */
    static Descriptors ofThisProcess() {
        UnixOperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(UnixOperatingSystemMXBean.class);
        return system::getMaxFileDescriptorCount;
    }

    /** The other half is for everything else: maps, programs, clients of REST, files. */
    default int places() {
        return (int) Math.max(1, Math.min(MOST, limit() / 2));
    }
}
