/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sequences of allocations, read from a file or made up.
 */
#ifndef BENCH_TRACE_H
#define BENCH_TRACE_H

#include <talloc_port.h>

enum trace_kind {
	TRACE_ALLOC,
	TRACE_ALIGNED,
	TRACE_RESIZE,
	TRACE_FREE,
	TRACE_KINDS,
};

/*
 * One call. Live blocks are kept in numbered slots; a slot is used again when its
 * block is freed.
 */
struct trace_op {
	u32 slot;
	u32 bytes;
	u8 kind;
	u8 align_log;	/* of TRACE_ALIGNED */
};

struct trace {
	struct trace_op *ops;
	u32 count;
	u32 slots;		/* the most that are live at a time */
	u64 peak_bytes;		/* the most that was live, as asked for */
};

bool trace_load(struct trace *trace, const char *path);
void trace_free(struct trace *trace);

#endif /* BENCH_TRACE_H */
