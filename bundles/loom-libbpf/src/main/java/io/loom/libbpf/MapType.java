package io.loom.libbpf;

/** Kinds of BPF maps that Loom uses; numbers are enum bpf_map_type of linux/bpf.h. */
public enum MapType {
    HASH(1),
    ARRAY(2),
    PROG_ARRAY(3),
    PERCPU_HASH(5),
    PERCPU_ARRAY(6),
    LRU_HASH(9),
    LRU_PERCPU_HASH(10),
    LPM_TRIE(11),
    ARRAY_OF_MAPS(12),
    HASH_OF_MAPS(13),
    DEVMAP(14),
    CPUMAP(16),
    DEVMAP_HASH(25),
    RINGBUF(27),
    /** Any other; such a map can be opened and described. */
    OTHER(-1);

    private final int number;

    MapType(int number) {
        this.number = number;
    }

    int number() {
        if (this == OTHER) {
            throw new IllegalArgumentException("a map of type OTHER cannot be made");
        }
        return number;
    }

    static MapType of(int number) {
        for (MapType type : values()) {
            if (type.number == number) {
                return type;
            }
        }
        return OTHER;
    }

    /** True if an entry holds one value for each possible CPU. */
    public boolean perCpu() {
        return this == PERCPU_HASH || this == PERCPU_ARRAY || this == LRU_PERCPU_HASH;
    }
}
