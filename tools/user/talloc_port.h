/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Userspace's answer to include/talloc_port.h, which says what this must
 * define: any hosted C11 with the builtins of gcc and clang.
 */
#ifndef TALLOC_PORT_H
#define TALLOC_PORT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

typedef u32 __attribute__((__may_alias__)) talloc_word;

#define BITS_PER_LONG	((int)(CHAR_BIT * sizeof(long)))

#define static_assert(expr)	_Static_assert(expr, #expr)

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)

#ifndef __always_inline
#define __always_inline	inline __attribute__((__always_inline__))
#endif
#ifndef noinline
#define noinline	__attribute__((__noinline__))
#endif
#ifndef __must_check
#define __must_check	__attribute__((__warn_unused_result__))
#endif

#define prefetchw(address)	__builtin_prefetch(address, 1)
#define OPTIMIZER_HIDE_VAR(var)	__asm__ ("" : "=r" (var) : "0" (var))

#define check_add_overflow(a, b, d)	__builtin_add_overflow(a, b, d)
#define check_sub_overflow(a, b, d)	__builtin_sub_overflow(a, b, d)

static inline unsigned long __ffs(unsigned long word)
{
	return (unsigned long)__builtin_ctzl(word);
}

static inline unsigned int __ffs64(u64 word)
{
	return (unsigned int)__builtin_ctzll(word);
}

static inline u64 ror64(u64 word, unsigned int shift)
{
	return word >> (shift & 63) | word << (-shift & 63);
}

static inline int fls64(u64 word)
{
	return word ? 64 - __builtin_clzll(word) : 0;
}

static inline unsigned long __fls(unsigned long word)
{
	return (unsigned long)((BITS_PER_LONG - 1) ^ __builtin_clzl(word));
}

#endif /* TALLOC_PORT_H */
