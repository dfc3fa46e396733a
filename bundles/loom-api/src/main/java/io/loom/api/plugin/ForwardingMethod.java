package io.loom.api.plugin;

import io.loom.api.Family;
import java.util.Map;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * How a packet reaches its backend. The BPF object implements the hooks of {@code include/loom/forward.h} under their
 * placeholder names ({@code ..._slotXX}); the data path gives it a slot and links it into the program, without a compiler.
 */
@ConsumerType
public interface ForwardingMethod {

    /** Facts about the method that do not change while the bundle is active. */
    Description describe();

    /** The relocatable BPF ELF object, compiled with {@code -g}. A fresh copy. */
    byte[] object();

    /**
     * Values of the object's {@code const volatile} globals that follow from the operator's options, such as a port; they win
     * over those of the {@link Description}. Called before each load, on any thread; pure.
     */
    default Map<String, Long> constants(MethodOptions options) {
        return Map.of();
    }

    /**
     * How many connections of one protocol can lead to one backend of that family at a time; 0: as many as the connection table
     * holds. A method with a limit has the object's globals {@code <name>_capacity4} and {@code <name>_capacity6} for it. Pure.
     */
    default long capacity(MethodOptions options, Family backend) {
        return 0;
    }
}
