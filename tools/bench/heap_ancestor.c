// SPDX-License-Identifier: GPL-2.0
/*
 * The algorithm that talloc descends from, a Rust allocator, for comparison.
 *
 * A chunk begins with a word. In a used chunk it is the address of the chunk's upper
 * end, with bit 0 set, and bit 1 set where the chunk below is free. A free chunk has
 *
 *   word 0        the next one in its bin
 *   word 1        the address of the pointer that points to it
 *   word 2        its size
 *   the last one  its size again
 *
 * so the smallest has three words, and bit 0 of the first is clear. A bin is a list,
 * newest first, that a request walks until something fits; then it goes on with the
 * next bin. To shrink a block was without effect there for an error; here it works.
 */
#include <stdint.h>
#include <string.h>

#include "heap.h"

typedef uintptr_t __attribute__((__may_alias__)) word;

#define WORD		sizeof(word)
#define SMALLEST	(3 * WORD)
#define USED		1ul
#define BELOW_FREE	2ul
#define BINS		128

_Static_assert(sizeof(word) == 8, "the bins are those of 64 bits");

static struct {
	uint64_t available[BINS / 64];	/* a bit for each bin that is not empty */
	word bins[BINS];		/* address of the first chunk, 0 for none */
	word end;
} heap;

static word *words(word chunk)
{
	return (word *)chunk;
}

/* Below 256 bytes a bin a word, below 512 one for two, then four a doubling. */
static unsigned int bin_of(word bytes)
{
	unsigned int log, bin;

	if (bytes < 256)
		return bytes / 8 - 3;
	if (bytes < 512)
		return 29 + (bytes - 256) / 16;
	log = 63 - __builtin_clzl(bytes);
	bin = 45 + (log - 9) * 4 + (bytes >> (log - 2) & 3);
	return bin < BINS ? bin : BINS - 1;
}

/* The first bin from @bin on that is not empty, BINS for none. */
static unsigned int bin_from(unsigned int bin)
{
	uint64_t bits;

	for (; bin < BINS; bin = (bin | 63) + 1) {
		bits = heap.available[bin / 64] >> bin % 64;
		if (bits)
			return bin + __builtin_ctzl(bits);
	}
	return BINS;
}

static void chunk_insert(word chunk, word bytes)
{
	unsigned int bin = bin_of(bytes);
	word *head = &heap.bins[bin];
	word next = *head;

	words(chunk)[0] = next;
	words(chunk)[1] = (word)head;
	words(chunk)[2] = bytes;
	words(chunk + bytes)[-1] = bytes;
	if (next)
		words(next)[1] = chunk;
	*head = chunk;
	heap.available[bin / 64] |= 1ul << bin % 64;
}

static void chunk_remove(word chunk, word bytes)
{
	unsigned int bin = bin_of(bytes);
	word next = words(chunk)[0], from = words(chunk)[1];

	*words(from) = next;
	if (next)
		words(next)[1] = from;
	if (!heap.bins[bin])
		heap.available[bin / 64] &= ~(1ul << bin % 64);
}

/* Tell the chunk above @end, if there is one, that the one below it is free. */
static void end_set_free(word end)
{
	if (end != heap.end)
		words(end)[0] |= BELOW_FREE;
}

static void end_set_used(word end)
{
	if (end != heap.end)
		words(end)[0] &= ~BELOW_FREE;
}

/* Bytes of the free chunk at @end, 0 where it is used or @end is that of the heap. */
static word free_above(word end)
{
	return end == heap.end || words(end)[0] & USED ? 0 : words(end)[2];
}

/*
 * Of @bytes bytes at @chunk, free but in no bin, use @used, and give back the rest
 * where it makes a chunk. What lies above has been told that its neighbour is free.
 */
static void chunk_use(word chunk, word bytes, word used, word flags)
{
	if (bytes - used >= SMALLEST) {
		chunk_insert(chunk + used, bytes - used);
	} else {
		used = bytes;
		end_set_used(chunk + bytes);
	}
	words(chunk)[0] = (chunk + used) | USED | flags;
}

static word round_up(word value, word align)
{
	return (value + align - 1) & ~(align - 1);
}

static word chunk_bytes(word bytes)
{
	bytes = round_up(bytes + WORD, WORD);
	return bytes < SMALLEST ? SMALLEST : bytes;
}

static bool ancestor_init(void *region, size_t bytes)
{
	word start = round_up((word)region, WORD);

	memset(&heap, 0, sizeof(heap));
	heap.end = ((word)region + bytes) & ~(WORD - 1);
	if (heap.end < start + SMALLEST)
		return false;
	chunk_insert(start, heap.end - start);
	return true;
}

static void *ancestor_alloc(size_t bytes)
{
	word need = chunk_bytes(bytes), chunk, size;
	unsigned int bin;

	for (bin = bin_from(bin_of(need)); bin < BINS; bin = bin_from(bin + 1)) {
		for (chunk = heap.bins[bin]; chunk; chunk = words(chunk)[0]) {
			size = words(chunk)[2];
			if (size < need)
				continue;
			chunk_remove(chunk, size);
			chunk_use(chunk, size, need, 0);
			return (void *)(chunk + WORD);
		}
	}
	return NULL;
}

/*
 * Use the part of a free chunk from @block on. A gap below that is too small for a
 * chunk stays with the block, and the word below the block then points to the tag.
 */
static void *aligned_use(word chunk, word size, word block, word bytes)
{
	word gap = block - WORD - chunk, used = chunk_bytes(bytes);

	chunk_remove(chunk, size);
	if (gap >= SMALLEST) {
		chunk_insert(chunk, gap);
		chunk_use(chunk + gap, size - gap, used, BELOW_FREE);
	} else {
		chunk_use(chunk, size, gap + used, 0);
		if (gap)
			words(block)[-1] = chunk;
	}
	return (void *)block;
}

static void *ancestor_alloc_aligned(size_t bytes, size_t align)
{
	word need = chunk_bytes(bytes), chunk, size, block;
	unsigned int bin;

	if (align <= WORD)
		return ancestor_alloc(bytes);
	for (bin = bin_from(bin_of(need)); bin < BINS; bin = bin_from(bin + 1)) {
		for (chunk = heap.bins[bin]; chunk; chunk = words(chunk)[0]) {
			size = words(chunk)[2];
			block = round_up(chunk + WORD, align);
			if (block - WORD + need <= chunk + size)
				return aligned_use(chunk, size, block, bytes);
		}
	}
	return NULL;
}

static word chunk_of(void *block)
{
	word below = ((word *)block)[-1];

	return below & USED ? (word)block - WORD : below;
}

static void ancestor_free(void *block, size_t bytes, size_t align)
{
	word chunk = chunk_of(block), tag = words(chunk)[0];
	word end = tag & ~(USED | BELOW_FREE), size;

	size = free_above(end);
	if (size) {
		chunk_remove(end, size);
		end += size;
	} else {
		end_set_free(end);
	}
	if (tag & BELOW_FREE) {
		size = words(chunk)[-1];
		chunk -= size;
		chunk_remove(chunk, size);
	}
	chunk_insert(chunk, end - chunk);
}

/* The chunk at @chunk up to @end gets to have @need bytes, if it can where it is. */
static bool resize_in_place(word chunk, word end, word need)
{
	word above = free_above(end), flags = words(chunk)[0] & BELOW_FREE;
	word bytes = end - chunk;

	if (need > bytes + above || (need <= bytes && bytes - need < SMALLEST))
		return need <= bytes;
	if (above)
		chunk_remove(end, above);
	else
		end_set_free(end);
	chunk_use(chunk, bytes + above, need, flags);
	return true;
}

static void *ancestor_resize(void *block, size_t old, size_t align, size_t bytes)
{
	word chunk = chunk_of(block);
	word end = words(chunk)[0] & ~(USED | BELOW_FREE);
	word gap = (word)block - WORD - chunk;
	void *moved;

	if (resize_in_place(chunk, end, gap + chunk_bytes(bytes)))
		return block;
	moved = ancestor_alloc_aligned(bytes, align);
	if (!moved)
		return NULL;
	memcpy(moved, block, old < bytes ? old : bytes);
	ancestor_free(block, old, align);
	return moved;
}

static size_t ancestor_outside(void)
{
	return sizeof(heap);
}

const struct bench_heap bench_heap = {
	.init = ancestor_init,
	.alloc = ancestor_alloc,
	.alloc_aligned = ancestor_alloc_aligned,
	.resize = ancestor_resize,
	.free = ancestor_free,
	.outside = ancestor_outside,
};
