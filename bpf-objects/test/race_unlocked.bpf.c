/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The control of race.bpf.c: the same without locks, so that a test shows that it would see what they prevent. */
#define RACE_UNLOCKED
#include "race.bpf.c"
