package io.loom.libbpf;

/**
 * A map that is to be made.
 *
 * @param flags BPF_F_* of linux/bpf.h
 */
public record MapPlan(String name, MapType type, int keySize, int valueSize, int maxEntries, int flags) {
    private static final int BPF_F_NO_PREALLOC = 1;
    private static final int BPF_F_MMAPABLE = 1 << 10;
    private static final long PAGE = 4096;
    /** struct htab_elem and struct bucket of kernel/bpf/hashtab.c. */
    private static final long ELEMENT = 48;
    private static final long BUCKET = 16;
    private static final long POINTER = 8;

    /**
     * Kernel memory that it takes from the moment it is made, about: what the kernel keeps beside the entries is small. Of a hash
     * that grows, the buckets alone.
     *
     * @param cpus possible ones, each of which has values of its own in some maps
     */
    public long bytes(int cpus) {
        long value = rounded(valueSize, 8);
        return switch (type) {
            case ARRAY -> (flags & BPF_F_MMAPABLE) != 0 ? rounded(value * maxEntries, PAGE) : value * maxEntries;
            case PERCPU_ARRAY -> (POINTER + value * cpus) * maxEntries;
            case ARRAY_OF_MAPS, PROG_ARRAY, DEVMAP, CPUMAP -> POINTER * maxEntries;
            case HASH, LRU_HASH, LPM_TRIE, HASH_OF_MAPS -> hash(ELEMENT + rounded(keySize, 8) + value, cpus);
            case PERCPU_HASH, LRU_PERCPU_HASH -> hash(ELEMENT + rounded(keySize, 8) + POINTER + value * cpus, cpus);
            case DEVMAP_HASH -> POINTER * buckets();
            case RINGBUF -> maxEntries;
            case OTHER -> 0;
        };
    }

    /** Unless entries are taken as they come, all are there at once, and some more for each CPU. */
    private long hash(long element, int cpus) {
        boolean grows = (flags & BPF_F_NO_PREALLOC) != 0;
        long spare = type == MapType.HASH ? cpus : 0;
        return buckets() * BUCKET + (grows ? 0 : (maxEntries + spare) * element);
    }

    private long buckets() {
        return maxEntries <= 1 ? 1 : Long.highestOneBit(maxEntries - 1L) << 1;
    }

    private static long rounded(long bytes, long unit) {
        return (bytes + unit - 1) / unit * unit;
    }
}
