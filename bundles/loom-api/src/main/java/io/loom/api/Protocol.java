package io.loom.api;

/** Transport protocols that a listener can have, with their IANA protocol numbers. */
public enum Protocol {
    TCP(6),
    UDP(17);

    private final int number;

    Protocol(int number) {
        this.number = number;
    }

    public int number() {
        return number;
    }
}
