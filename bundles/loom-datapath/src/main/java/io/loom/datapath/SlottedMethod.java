package io.loom.datapath;

import io.loom.api.plugin.Description;
import io.loom.api.plugin.ForwardingMethod;

/**
 * A forwarding method with its place in the program.
 *
 * @param slot   0 to 7
 * @param object the method's relocatable BPF object
 */
public record SlottedMethod(int slot, Description description, byte[] object) {

    public SlottedMethod {
        object = object.clone();
    }

    public static SlottedMethod of(int slot, ForwardingMethod method) {
        return new SlottedMethod(slot, method.describe(), method.object());
    }

    @Override
    public byte[] object() {
        return object.clone();
    }

    public String name() {
        return description.name();
    }

    /** What the linker puts in the place of {@code _slotXX}: {@code _slot00} to {@code _slot07}. */
    String suffix() {
        return "_slot0" + slot;
    }
}
