package io.loom.control.dataplane;

/** What a listener remembers of its connections. */
public enum Tracking {
    /** Every connection has an entry in the connection table. */
    FULL,
    /** Only connections whose backend two generations of the lookup table see differently (Beamer, NSDI'18). */
    MINIMAL,
    /** None: each packet goes where the lookup table says. */
    NONE
}
