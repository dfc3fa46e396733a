/**
 * Forwarding method {@code ipip}: one BPF object (bpf-objects/forward/ipip) and what the control plane must know of it, and the
 * object that a backend without a tunnel module attaches (bpf/decap.bpf.o in the jar). Registers one service, exports nothing.
 */
package io.loom.forward.ipip;
