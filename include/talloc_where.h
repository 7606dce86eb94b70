/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What the address of a block has to be like.
 */
#ifndef TALLOC_WHERE_H
#define TALLOC_WHERE_H

#include <talloc_span.h>

/**
 * struct talloc_where - conditions on the address of a block
 * @align: a power of two in bytes; 0 for the unit of the heap
 * @phase: the address modulo @align; below it, and a multiple of the unit
 * @nocross: a power of two in bytes, of which no multiple lies inside of the block;
 *	0 for none
 * @within: where all bytes of the block have to be; empty for anywhere. As large
 *	as the block, this is an exact address.
 * @top_down: as high as possible, in place of as tight
 *
 * All zero asks for nothing. The terms are those of Bonwick and Adams, "Magazines and
 * Vmem", USENIX 2001.
 */
struct talloc_where {
	u64 align;
	u64 phase;
	u64 nocross;
	struct talloc_span within;
	bool top_down;
};

/* Whether it asks for nothing. */
static inline bool talloc_where_anywhere(const struct talloc_where *where)
{
	return !where->align && !where->phase && !where->nocross && !where->top_down &&
	       talloc_span_empty(where->within);
}

#endif /* TALLOC_WHERE_H */
