/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Types that Java writes but the compiler leaves out of the core objects' BTF. For LayoutsTest only; never loaded. */
#include <linux/bpf.h>
#include <loom/abi.h>

struct loom_table_row row;
struct bpf_fib_lookup lookup;
struct loom_conn_key4 conn_key4;
struct loom_conn_key6 conn_key6;
struct loom_affinity_key4 affinity_key4;
struct loom_affinity_key6 affinity_key6;
struct loom_trace_record trace_record;
