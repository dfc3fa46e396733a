/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Types that Java writes but the compiler leaves out of the core objects' BTF. For LayoutsTest only; never loaded. */
#include <linux/bpf.h>
#include <loom/abi.h>

struct loom_table_row row;
struct bpf_fib_lookup lookup;
