/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the kernels that talloc builds for, 6.1 to 7.3, and the
 * only place that asks for a kernel's version. In a kernel tree of its own this
 * file shrinks to the branch for that kernel.
 */
#ifndef _LINUX_TALLOC_COMPAT_H
#define _LINUX_TALLOC_COMPAT_H

#include <linux/errno.h>
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/version.h>

/* The namespace became a string in 6.13. */
#if KERNEL_VERSION(6, 13, 0) <= LINUX_VERSION_CODE
#define EXPORT_SYMBOL_TALLOC(symbol)	EXPORT_SYMBOL_NS_GPL(symbol, "TALLOC")
#define TALLOC_IMPORT_NS()	MODULE_IMPORT_NS("TALLOC")
#else
#define EXPORT_SYMBOL_TALLOC(symbol)	EXPORT_SYMBOL_NS_GPL(symbol, TALLOC)
#define TALLOC_IMPORT_NS()	MODULE_IMPORT_NS(TALLOC)
#endif

/* reserve_mem= is new in 6.12. Returns 0 or a negative errno. */
#if KERNEL_VERSION(6, 12, 0) <= LINUX_VERSION_CODE
static inline int talloc_reserve_mem_find(const char *label, phys_addr_t *start, phys_addr_t *size)
{
	return reserve_mem_find_by_name(label, start, size) ? 0 : -ENOENT;
}
#else
static inline int talloc_reserve_mem_find(const char *label, phys_addr_t *start, phys_addr_t *size)
{
	return -EOPNOTSUPP;
}
#endif

/*
 * Whether an address is in page tables of its own, as vmalloc()'s memory and a
 * module's variables are. 6.1 does not export the kernel's own function; there, a module's
 * variables only count on these two architectures.
 */
#if KERNEL_VERSION(6, 12, 0) <= LINUX_VERSION_CODE
static inline bool talloc_is_vmalloc_addr(const void *addr)
{
	return is_vmalloc_or_module_addr(addr);
}
#elif defined(CONFIG_X86_64) || defined(CONFIG_ARM64)
static inline bool talloc_is_vmalloc_addr(const void *addr)
{
	return is_vmalloc_addr(addr) || ((unsigned long)addr >= MODULES_VADDR &&
					 (unsigned long)addr < MODULES_END);
}
#else
static inline bool talloc_is_vmalloc_addr(const void *addr)
{
	return is_vmalloc_addr(addr);
}
#endif

/* By which gen_pool finds the pool of a node that has no label. */
#if KERNEL_VERSION(6, 12, 0) <= LINUX_VERSION_CODE
#define talloc_pool_node_name(np)	of_node_full_name(np)
#else
#define talloc_pool_node_name(np)	((np)->name)
#endif

#endif /* _LINUX_TALLOC_COMPAT_H */
