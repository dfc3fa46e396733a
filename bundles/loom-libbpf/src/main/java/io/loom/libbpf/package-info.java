/**
 * The kernel's BPF interface for Java: libbpf 1.1 or later through JNA. The only place with native calls, and it knows nothing
 * of load balancing. Callers (loom-datapath, forwarding bundles, tests) see objects that own a file descriptor each, are
 * {@link java.lang.AutoCloseable} and idempotent to close, and one exception, {@link io.loom.libbpf.BpfException}, that says
 * what failed, why and what to do. Call {@link io.loom.libbpf.Kernel#require} first.
 *
 * <p>Threads: every object may be used by several threads at once, because each call is one system call; a
 * {@link io.loom.libbpf.BpfObject} may not, until it is loaded. Closing while another thread uses the object is an error.
 */
@org.osgi.annotation.bundle.Export
@org.osgi.annotation.versioning.Version("1.0.0")
package io.loom.libbpf;
