package io.loom.libbpf.internal;

import com.sun.jna.Callback;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;

/**
 * libbpf.so.1, mapped directly. Signatures follow bpf/libbpf.h, bpf/bpf.h and bpf/btf.h of libbpf 1.1: pointers and size_t are
 * {@code long}, 0 is NULL. Functions returning int return -errno; those returning a pointer return 0 and set errno.
 */
public final class LibBpf {
    public static final String SONAME = "libbpf.so.1";

    static {
        Native.register(LibBpf.class, NativeLibrary.getInstance(SONAME));
        LibbpfMessages.capture();
    }

    private LibBpf() {
    }

    /** {@code libbpf_print_fn_t}; the arguments are a format and a va_list, passed on to vasprintf. */
    public interface Print extends Callback {
        int print(int level, Pointer format, Pointer arguments);
    }

    public static native int libbpf_major_version();

    public static native int libbpf_minor_version();

    public static native int libbpf_num_possible_cpus();

    /** Returns the previous function, which nobody needs. */
    public static native Pointer libbpf_set_print(Print print);

    public static native long bpf_linker__new(String path, long options);

    public static native int bpf_linker__add_file(long linker, String path, long options);

    public static native int bpf_linker__finalize(long linker);

    public static native void bpf_linker__free(long linker);

    public static native long bpf_object__open_mem(long elf, long size, long options);

    public static native int bpf_object__load(long object);

    public static native void bpf_object__close(long object);

    public static native long bpf_object__btf(long object);

    public static native long bpf_object__next_map(long object, long previous);

    public static native long bpf_object__next_program(long object, long previous);

    public static native long btf__raw_data(long btf, int[] size);

    /** Before the load: the map is made by the driver of that interface, for its card. */
    public static native int bpf_map__set_ifindex(long map, int ifindex);

    /** Before the load: the program is for that interface's card. */
    public static native void bpf_program__set_ifindex(long program, int ifindex);

    public static native String bpf_program__name(long program);

    public static native String bpf_program__section_name(long program);

    public static native int bpf_program__set_type(long program, int type);

    public static native int bpf_program__set_expected_attach_type(long program, int type);

    public static native int bpf_program__set_autoload(long program, int load);

    /** After loading: as the kernel got them. */
    public static native long bpf_program__insns(long program);

    public static native long bpf_program__insn_cnt(long program);

    public static native int bpf_program__fd(long program);

    public static native int bpf_program__set_log_level(long program, int level);

    public static native int bpf_program__set_log_buf(long program, long buffer, long size);

    public static native String bpf_map__name(long map);

    public static native int bpf_map__fd(long map);

    public static native int bpf_map__key_size(long map);

    public static native int bpf_map__value_size(long map);

    public static native int bpf_map__set_max_entries(long map, int entries);

    public static native int bpf_map__set_type(long map, int type);

    public static native int bpf_map__type(long map);

    public static native int bpf_map__max_entries(long map);

    public static native int bpf_map__map_flags(long map);

    public static native int bpf_map__reuse_fd(long map, int fd);

    public static native long bpf_map__initial_value(long map, long[] size);

    public static native int bpf_map_create(int type, String name, int keySize, int valueSize, int entries, long options);

    public static native int bpf_map_get_fd_by_id(int id);

    public static native int bpf_map_lookup_elem(int fd, byte[] key, byte[] value);

    public static native int bpf_map_update_elem(int fd, byte[] key, byte[] value, long flags);

    public static native int bpf_map_delete_elem(int fd, byte[] key);

    public static native int bpf_map_get_next_key(int fd, byte[] key, byte[] next);

    public static native int bpf_map_lookup_batch(int fd, long in, long out, long keys, long values, int[] count,
                                                  long options);

    public static native int bpf_map_update_batch(int fd, long keys, long values, int[] count, long options);

    public static native int bpf_prog_load(int type, String name, String license, long instructions, long count, long options);

    public static native int bpf_prog_test_run_opts(int fd, long options);

    public static native int bpf_obj_pin(int fd, String path);

    public static native int bpf_obj_get(String path);

    public static native int bpf_obj_get_info_by_fd(int fd, long info, int[] length);

    public static native int bpf_link_create(int program, int target, int type, long options);

    public static native int bpf_link_update(int link, int program, long options);

    public static native int bpf_link_detach(int link);

    public static native int bpf_xdp_query(int ifindex, int flags, long options);
}
