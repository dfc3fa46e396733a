/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Core with connections in a hash of the kernel. */
#include "../conntrack/hash.h"
#include "balance.h"
