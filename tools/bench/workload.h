/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the heaps are put to: a state of a heap, and a sequence of calls from there on.
 */
#ifndef BENCH_WORKLOAD_H
#define BENCH_WORKLOAD_H

#include "heap.h"
#include "trace.h"

enum workload_kind {
	WORKLOAD_TRACE,
	WORKLOAD_STEADY,
	WORKLOAD_VECTORS,
	WORKLOAD_TOO_SMALL,
	WORKLOAD_ALIGNED,
	WORKLOAD_FULL,
	WORKLOAD_LIFO,
	WORKLOAD_ANCESTOR,
};

struct workload {
	char name[64];
	enum workload_kind kind;
	size_t region;		/* bytes of the region it is measured in */
	struct trace trace;	/* the calls, but for those of a loop */
	u32 log_bytes;		/* sizes up to 2 to this */
	u32 fill;		/* percent of what was live when the region was full */
	u32 bytes;		/* size of all blocks of a loop */
	u64 seed;
};

/* What came of a preparation. */
struct prepared {
	u64 live_bytes;		/* asked for, when the region was full */
	u32 live_blocks;
};

struct slot {
	char *block;
	u32 bytes;
	u32 align;
};

extern struct slot *slots;

bool workload_open(struct workload *w, const char *name);
void workload_close(struct workload *w);
bool workload_prepare(struct workload *w, const struct bench_heap *heap, void *region,
		      size_t bytes, struct prepared *prepared);
u32 workload_calls(const struct workload *w);
u32 workload_run(const struct workload *w, const struct bench_heap *heap);
void workload_end(const struct bench_heap *heap);

/* Whether its calls are a fixed sequence that has to succeed. */
static inline bool workload_is_fixed(const struct workload *w)
{
	return w->kind == WORKLOAD_TRACE || w->kind == WORKLOAD_VECTORS;
}

static inline bool workload_is_loop(const struct workload *w)
{
	return w->kind == WORKLOAD_LIFO || w->kind == WORKLOAD_ANCESTOR;
}

/* Whether it makes no sense where memory has no end. */
static inline bool workload_needs_region(const struct workload *w)
{
	return w->kind == WORKLOAD_TOO_SMALL || w->kind == WORKLOAD_ALIGNED ||
	       w->kind == WORKLOAD_FULL;
}

/* One call; false where it failed. A block that could not be had is freed for free. */
static __always_inline bool op_run(const struct bench_heap *heap, const struct trace_op *op)
{
	struct slot *slot = &slots[op->slot];
	char *block;

	switch (op->kind) {
	case TRACE_ALLOC:
		block = heap->alloc(op->bytes);
		slot->align = BENCH_ALIGN;
		break;
	case TRACE_ALIGNED:
		slot->align = 1u << op->align_log;
		block = heap->alloc_aligned(op->bytes, slot->align);
		break;
	case TRACE_RESIZE:
		if (!slot->block)
			return false;
		block = heap->resize(slot->block, slot->bytes, slot->align, op->bytes);
		if (!block)
			return false;
		break;
	default:
		if (slot->block)
			heap->free(slot->block, slot->bytes, slot->align);
		block = NULL;
	}
	slot->block = block;
	slot->bytes = op->bytes;
	return block || op->kind == TRACE_FREE;
}

#endif /* BENCH_WORKLOAD_H */
