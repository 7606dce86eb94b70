// SPDX-License-Identifier: GPL-2.0
/*
 * talloc's own core, in the FORM that it is compiled for: with a live map, without one,
 * with one and without kept blocks, or with its tags in a table.
 *
 * The core is compiled into this file, as each of the others is into its own.
 */
#include <sys/mman.h>

#include <talloc_core.c>

#include "heap.h"

static const enum { LIVE_MAP, NO_LIVE_MAP, NO_KEPT, DETACHED } form = FORM;

static struct talloc_heap heap;
static void *side;		/* live map or table */
static size_t side_bytes;

/* Memory for the live map or the table, kept for as long as it is large enough. */
static bool side_get(size_t bytes)
{
	static size_t room;

	side_bytes = bytes;
	if (bytes <= room)
		return true;
	if (room)
		munmap(side, room);
	side = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	room = side == MAP_FAILED ? 0 : bytes;
	return room;
}

static void *block_at(u64 addr)
{
	return (void *)(unsigned long)addr;
}

static u64 addr_of(const void *block)
{
	return (unsigned long)block;
}

static size_t side_need(struct talloc_span span)
{
	if (form == DETACHED)
		return talloc_heap_table_bytes(span, 0);
	return form == NO_LIVE_MAP ? 0 : talloc_heap_map_bytes(span, 0);
}

static bool core_init(void *region, size_t bytes)
{
	struct talloc_heap_config config = { 0 };

	config.window.start = (unsigned long)region;
	config.window.end = config.window.start + bytes;
	if (!side_get(side_need(config.window)))
		return false;
	config.live_map = form == LIVE_MAP || form == NO_KEPT ? side : NULL;
	config.table = form == DETACHED ? side : NULL;
	config.keep = form != NO_KEPT;
	return talloc_heap_init(&heap, &config) == TALLOC_OK;
}

/* As a program has it whose compiler sees all of it: the short ways in the caller. */
#define FLAT	__attribute__((flatten))

/* What is asked for, where no register has to be saved for it. */
static size_t asked_bytes, asked_align;

/* With all that is kept merged, too. */
static noinline void *core_alloc_again(void)
{
	u64 addr;

	if (!talloc_heap_may_hold(&heap, asked_bytes) ||
	    !talloc_heap_settle(&heap, TALLOC_KEPT) ||
	    talloc_heap_alloc_aligned(&heap, asked_bytes, asked_align, &addr) != TALLOC_OK)
		return NULL;
	return block_at(addr);
}

static FLAT void *core_alloc(size_t bytes)
{
	u64 addr;

	asked_bytes = bytes;
	addr = __talloc_heap_alloc(&heap, bytes);
	if (likely(addr != TALLOC_NOWHERE))
		return block_at(addr);
	asked_align = BENCH_ALIGN;
	return core_alloc_again();
}

static FLAT void *core_alloc_aligned(size_t bytes, size_t align)
{
	u64 addr;

	asked_bytes = bytes;
	asked_align = align;
	addr = __talloc_heap_alloc_aligned(&heap, bytes, align);
	if (likely(addr != TALLOC_NOWHERE))
		return block_at(addr);
	return core_alloc_again();
}

static FLAT void core_free(void *block, size_t bytes, size_t align)
{
	talloc_heap_free(&heap, addr_of(block));
}

/* Down into a free left neighbour. */
static noinline void *core_slide(void *block, size_t keep, size_t bytes)
{
	u64 addr;

	if (talloc_heap_slide(&heap, addr_of(block), bytes, &addr) != TALLOC_OK)
		return NULL;
	memmove(block_at(addr), block, keep);
	if (talloc_heap_resize_in_place(&heap, addr, bytes) != TALLOC_OK)
		return NULL;
	return block_at(addr);
}

/* In place, else to another block, else downwards. */
static FLAT void *core_resize(void *block, size_t old, size_t align, size_t bytes)
{
	size_t keep = old < bytes ? old : bytes;
	void *moved;

	if (talloc_heap_resize_in_place(&heap, addr_of(block), bytes) == TALLOC_OK)
		return block;
	moved = core_alloc_aligned(bytes, align);
	if (!moved)
		return core_slide(block, keep, bytes);
	memcpy(moved, block, keep);
	core_free(block, old, align);
	return moved;
}

static size_t core_outside(void)
{
	return sizeof(heap) + side_bytes;
}

const struct bench_heap bench_heap = {
	.init = core_init,
	.alloc = core_alloc,
	.alloc_aligned = core_alloc_aligned,
	.resize = core_resize,
	.free = core_free,
	.outside = core_outside,
};
