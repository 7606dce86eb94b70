// SPDX-License-Identifier: GPL-2.0
/*
 * lib/genalloc from the source of the kernel that this is built for, where that kernel
 * is without. Nothing of it is exported.
 */
#define __DISABLE_EXPORTS
#include <genalloc.c>
