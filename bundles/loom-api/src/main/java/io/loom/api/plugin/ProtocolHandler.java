package io.loom.api.plugin;

import io.loom.api.Protocol;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Reads one transport protocol: ports, lengths, and what a packet does to its connection. The BPF object implements the
 * function of {@code include/loom/protocol.h} under its placeholder name ({@code loom_protocol_slotXX}); the data path gives
 * it a slot and links it into the program, without a compiler.
 */
@ConsumerType
public interface ProtocolHandler {

    Protocol protocol();

    /** The relocatable BPF ELF object, compiled with {@code -g}. A fresh copy. */
    byte[] object();
}
