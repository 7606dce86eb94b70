// SPDX-License-Identifier: GPL-2.0
/* The heap once more: talloc.ko exports regions, not heaps. */
#include <talloc_core.c>
