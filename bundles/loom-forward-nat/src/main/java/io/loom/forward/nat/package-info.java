/**
 * Forwarding method {@code nat}: one BPF object (bpf-objects/forward/nat) and what the control plane must know of it. Registers
 * one service and exports nothing; knows neither the other methods nor the kernel.
 */
package io.loom.forward.nat;
