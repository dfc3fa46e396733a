package io.loom.config.internal.model;

import io.loom.api.Family;
import io.loom.api.config.TableSize;
import java.util.List;

/**
 * The sizes of lookup tables of vips that say nothing of them: large as long as there are few, by the number of backends where that
 * would take more memory than a balancer should for a default.
 */
final class TableSizes {
    /** In {@link io.loom.api.config.Vip#tableSize()} of a vip that says nothing, before {@link #settle}. */
    static final int UNSAID = -1;
    static final int LARGE = 65537;
    /** Of 256 KiB each: 64 MiB. */
    static final int MOST_LARGE = 256;

    private TableSizes() {}

    /** Tables that a vip takes: at least one where the addresses are not known before the interface has them. */
    static int count(VipEntry vip) {
        long families = vip.addresses().stream().map(address -> Family.of(address.value())).distinct().count();
        return vip.services().isEmpty() ? 0 : Math.max(1, (int) families);
    }

    static List<VipEntry> settle(List<VipEntry> vips) {
        int unsaid = vips.stream().filter(entry -> entry.vip().tableSize() == UNSAID).mapToInt(TableSizes::count).sum();
        int size = unsaid > MOST_LARGE ? TableSize.AUTO : LARGE;
        return vips.stream().map(entry -> entry.vip().tableSize() == UNSAID ? entry.with(entry.vip().withTableSize(size)) : entry).toList();
    }
}
