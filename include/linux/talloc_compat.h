/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the kernels that talloc builds for, 6.1 to 7.3, and the
 * only place that asks for a kernel's version. In a kernel tree of its own this
 * file shrinks to the branch for that kernel.
 */
#ifndef _LINUX_TALLOC_COMPAT_H
#define _LINUX_TALLOC_COMPAT_H

#include <linux/export.h>
#include <linux/module.h>
#include <linux/version.h>

/* The namespace became a string in 6.13. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define TALLOC_EXPORT(symbol)	EXPORT_SYMBOL_NS_GPL(symbol, "TALLOC")
#define TALLOC_IMPORT_NS()	MODULE_IMPORT_NS("TALLOC")
#else
#define TALLOC_EXPORT(symbol)	EXPORT_SYMBOL_NS_GPL(symbol, TALLOC)
#define TALLOC_IMPORT_NS()	MODULE_IMPORT_NS(TALLOC)
#endif

#endif /* _LINUX_TALLOC_COMPAT_H */
