// SPDX-License-Identifier: GPL-2.0
/*
 * The heap once more: talloc.ko exports regions, not heaps, so the module that
 * tests heaps brings its own.
 */
#include "../talloc_core.c"
