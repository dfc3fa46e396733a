/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Core with Loom's own connection table, a set-associative cache. */
#include "../conntrack/cache.h"
#include "balance.h"
