/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the bench asks of an allocator, so that any can stand beside talloc: a shared
 * object that defines bench_heap. It is named after its file.
 *
 *   gcc -O2 -fPIC -shared -Itools/bench -o mine.so mine.c
 *   make bench PEERS=$PWD/mine.so
 *
 * There is one heap at a time, and no call but from one thread, so the allocator may
 * keep its state in static variables.
 */
#ifndef BENCH_HEAP_H
#define BENCH_HEAP_H

#include <stdbool.h>
#include <stddef.h>

/* What a block that was asked for without an alignment is aligned to at least. */
#define BENCH_ALIGN	8

/**
 * struct bench_heap - an allocator
 * @init: make a heap over @bytes bytes of @region, forgetting all that was there.
 *	%NULL for one that gets its memory elsewhere, as malloc() does: only its
 *	speed is measured, and all blocks are freed at the end.
 * @alloc: a block of @bytes bytes, more than 0, or %NULL
 * @alloc_aligned: the same at a multiple of @align, a power of two
 * @resize: change the size of a block of @old bytes; where it is then, or %NULL if
 *	that cannot be, with the block as it was. The contents up to the smaller size
 *	and the alignment stay.
 * @free: free a block; @bytes and @align are those it was asked for with last
 * @outside: bytes of metadata of the heap that are not in its region; %NULL for 0
 */
struct bench_heap {
	bool (*init)(void *region, size_t bytes);
	void *(*alloc)(size_t bytes);
	void *(*alloc_aligned)(size_t bytes, size_t align);
	void *(*resize)(void *block, size_t old, size_t align, size_t bytes);
	void (*free)(void *block, size_t bytes, size_t align);
	size_t (*outside)(void);
};

extern const struct bench_heap bench_heap;

#endif /* BENCH_HEAP_H */
