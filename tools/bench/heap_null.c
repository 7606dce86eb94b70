// SPDX-License-Identifier: GPL-2.0
/*
 * No allocator at all: what the bench's own loop costs.
 */
#include "heap.h"

static char nothing[1 << 26] __attribute__((aligned(1 << 21)));

static void *null_alloc(size_t bytes)
{
	return nothing;
}

static void *null_alloc_aligned(size_t bytes, size_t align)
{
	return nothing;
}

static void *null_resize(void *block, size_t old, size_t align, size_t bytes)
{
	return block;
}

static void null_free(void *block, size_t bytes, size_t align)
{
}

const struct bench_heap bench_heap = {
	.alloc = null_alloc,
	.alloc_aligned = null_alloc_aligned,
	.resize = null_resize,
	.free = null_free,
};
