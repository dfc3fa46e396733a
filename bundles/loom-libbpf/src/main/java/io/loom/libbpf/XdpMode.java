package io.loom.libbpf;

/** How an XDP program is attached; flags are XDP_FLAGS_* of linux/if_link.h, numbers XDP_ATTACHED_*. */
public enum XdpMode {
    /** In the driver. */
    NATIVE(1 << 2, 1),
    /** On socket buffers, by the network stack: any device, slower. */
    GENERIC(1 << 1, 2),
    /** In the network card. */
    OFFLOAD(1 << 3, 3);

    private final int flag;
    private final int attached;

    XdpMode(int flag, int attached) {
        this.flag = flag;
        this.attached = attached;
    }

    int flag() {
        return flag;
    }

    int attached() {
        return attached;
    }
}
