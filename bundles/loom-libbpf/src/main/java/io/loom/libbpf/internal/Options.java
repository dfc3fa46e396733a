package io.loom.libbpf.internal;

import com.sun.jna.Memory;

/**
 * Structs passed to libbpf and the kernel: zeroed memory, and where their fields are (64-bit; offsets in bytes, from bpf/bpf.h,
 * bpf/libbpf.h and linux/bpf.h, which only ever append). libbpf's option structs begin with their own size.
 */
public final class Options {
    public static final int TEST_RUN_SIZE = 80;
    public static final int TEST_RUN_DATA_IN = 8;
    public static final int TEST_RUN_DATA_OUT = 16;
    public static final int TEST_RUN_SIZE_IN = 24;
    public static final int TEST_RUN_SIZE_OUT = 28;
    public static final int TEST_RUN_CONTEXT_IN = 32;
    public static final int TEST_RUN_CONTEXT_SIZE_IN = 48;
    public static final int TEST_RUN_RETVAL = 56;
    public static final int TEST_RUN_REPEAT = 60;
    public static final int TEST_RUN_DURATION = 64;
    public static final int TEST_RUN_FLAGS = 68;
    public static final int TEST_RUN_BATCH_SIZE = 76;

    /** struct xdp_md. */
    public static final int XDP_CONTEXT_SIZE = 24;
    public static final int XDP_CONTEXT_DATA_END = 4;
    public static final int XDP_CONTEXT_INGRESS = 12;

    public static final int LINK_CREATE_SIZE = 64;
    public static final int LINK_CREATE_FLAGS = 8;

    public static final int LINK_UPDATE_SIZE = 16;
    public static final int LINK_UPDATE_FLAGS = 8;
    public static final int LINK_UPDATE_OLD_PROGRAM = 12;

    public static final int MAP_CREATE_SIZE = 48;
    public static final int MAP_CREATE_FLAGS = 28;

    public static final int PROGRAM_LOAD_SIZE = 104;
    public static final int PROGRAM_LOAD_ATTACH_TYPE = 12;
    public static final int PROGRAM_LOAD_IFINDEX = 24;
    public static final int PROGRAM_LOAD_LOG_SIZE = 92;
    public static final int PROGRAM_LOAD_LOG = 96;

    public static final int OBJECT_OPEN_SIZE = 80;
    public static final int OBJECT_OPEN_NAME = 8;
    public static final int OBJECT_OPEN_PIN_ROOT = 24;

    public static final int XDP_QUERY_SIZE = 32;
    public static final int XDP_QUERY_PROGRAM = 8;
    public static final int XDP_QUERY_MODE = 24;

    /** struct bpf_map_info. */
    public static final int MAP_INFO_SIZE = 88;
    public static final int MAP_INFO_TYPE = 0;
    public static final int MAP_INFO_ID = 4;
    public static final int MAP_INFO_KEY_SIZE = 8;
    public static final int MAP_INFO_VALUE_SIZE = 12;
    public static final int MAP_INFO_MAX_ENTRIES = 16;
    public static final int MAP_INFO_FLAGS = 20;
    public static final int MAP_INFO_NAME = 24;

    /** struct bpf_prog_info. */
    public static final int PROGRAM_INFO_SIZE = 232;
    public static final int PROGRAM_INFO_ID = 4;
    public static final int PROGRAM_INFO_TAG = 8;
    public static final int PROGRAM_TAG_LENGTH = 8;
    public static final int PROGRAM_INFO_NAME = 64;

    /** struct bpf_link_info. */
    public static final int LINK_INFO_SIZE = 48;
    public static final int LINK_INFO_TYPE = 0;
    public static final int LINK_INFO_ID = 4;
    public static final int LINK_INFO_PROGRAM = 8;
    public static final int LINK_INFO_IFINDEX = 16;
    public static final int LINK_TYPE_XDP = 6;

    private Options() {
    }

    /** Zeroed memory. */
    public static Memory zeroed(int size) {
        Memory memory = new Memory(size);
        memory.clear();
        return memory;
    }

    /** An option struct of libbpf: zeroed, its size set. */
    public static Memory sized(int size) {
        Memory memory = zeroed(size);
        memory.setLong(0, size);
        return memory;
    }

    /** Address of a memory block, as the direct mappings take it. Keep the block reachable during the call. */
    public static long address(Memory memory) {
        return com.sun.jna.Pointer.nativeValue(memory);
    }

    /** What the kernel says about a program, map or link. */
    public static Memory info(int fd, int size, String subject) {
        Memory info = zeroed(size);
        Check.check(LibBpf.bpf_obj_get_info_by_fd(fd, address(info), new int[] {size}), Action.INFO, subject);
        return info;
    }
}
