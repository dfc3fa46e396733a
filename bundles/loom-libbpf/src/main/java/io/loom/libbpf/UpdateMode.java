package io.loom.libbpf;

/** What an update does about an entry that is there, or is not. */
public enum UpdateMode {
    /** Insert or replace. */
    ANY(0),
    /** Insert; EEXIST if it is there. */
    NOEXIST(1),
    /** Replace; ENOENT if it is not there. */
    EXIST(2);

    private final int flag;

    UpdateMode(int flag) {
        this.flag = flag;
    }

    int flag() {
        return flag;
    }
}
