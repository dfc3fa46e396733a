package io.loom.datapath.internal;

/** What a plugin answered is not what was asked for; the message says why, in a form that follows "it failed:". */
final class Unfit extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Unfit(String why) {
        super(why);
    }

    @Override
    public String toString() {
        return getMessage();
    }
}
