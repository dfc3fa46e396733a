/**
 * Protocol handler {@code udp}: one BPF object (bpf-objects/protocol/udp) and which protocol it is for. Registers one service,
 * exports nothing.
 */
package io.loom.protocol.udp;
