// SPDX-License-Identifier: GPL-2.0
/*
 * Reads recorded traces. traces/README.md describes the format.
 *
 * All that a file says of itself is checked: a trace that was cut short or damaged
 * must not pass for a shorter or another one.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "trace.h"

#define MAGIC		"KRT1\n"
#define BYTES_LIMIT	0x80000000u
#define OPS_LIMIT	0x80000000u

#define TAG_KIND	0x07
#define TAG_KNOWN	0x3f	/* three more bits say things that do not matter here */

enum record {
	RECORD_ALLOC,
	RECORD_ZEROED,
	RECORD_FREE,
	RECORD_RESIZE,
	RECORD_ALIGNED,
	RECORD_THREAD,
};

/* What the header says, and what the records come to. */
struct sums {
	u64 ops;
	u64 allocs;
	u64 frees;
	u64 reallocs;
	u64 peak_bytes;
	u64 peak_blocks;
	u64 end_bytes;
	u64 end_blocks;
	u64 max_size;
};

static const struct {
	const char *key;
	size_t offset;
} keys[] = {
	{ "ops", offsetof(struct sums, ops) },
	{ "allocs", offsetof(struct sums, allocs) },
	{ "frees", offsetof(struct sums, frees) },
	{ "reallocs", offsetof(struct sums, reallocs) },
	{ "peak_bytes", offsetof(struct sums, peak_bytes) },
	{ "peak_blocks", offsetof(struct sums, peak_blocks) },
	{ "end_bytes", offsetof(struct sums, end_bytes) },
	{ "end_blocks", offsetof(struct sums, end_blocks) },
	{ "max_size", offsetof(struct sums, max_size) },
};

#define KEYS	(sizeof(keys) / sizeof(*keys))

struct reader {
	const char *path;
	u8 *data;
	size_t size;
	size_t at;
	struct sums header;
	struct sums seen;
	struct trace *trace;
	u32 *slot_of;		/* of each block, by the number of its allocation */
	u32 *bytes_of;		/* of each block; 0 is no size */
	u32 *spare;		/* slots whose block was freed, the last one on top */
	u32 spares;
};

static bool __attribute__((format(printf, 2, 3)))
complain(const struct reader *r, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s: byte %zu: ", r->path, r->at);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return false;
}

static u64 *sum_of(struct sums *sums, u32 key)
{
	return (u64 *)((char *)sums + keys[key].offset);
}

static bool read_all(struct reader *r)
{
	FILE *file = fopen(r->path, "rb");
	size_t room = 0, got = 0;

	if (!file) {
		perror(r->path);
		return false;
	}
	do {
		r->size += got;
		if (r->size == room) {
			room = room ? 2 * room : 1 << 20;
			r->data = realloc(r->data, room);
		}
		got = r->data ? fread(r->data + r->size, 1, room - r->size, file) : 0;
	} while (got);
	if (!r->data || ferror(file))
		return complain(r, "cannot be read");
	fclose(file);
	return true;
}

/* The end of the line that begins at r->at, or NULL. */
static char *line_end(const struct reader *r)
{
	return memchr(r->data + r->at, '\n', r->size - r->at);
}

static void header_line(struct reader *r, const char *line, u32 *found)
{
	char key[32];
	u64 value;
	u32 i;

	if (sscanf(line, "%31s %llu", key, &value) != 2)
		return;
	for (i = 0; i < KEYS; i++) {
		if (strcmp(key, keys[i].key))
			continue;
		*sum_of(&r->header, i) = value;
		*found |= 1u << i;
	}
}

static bool read_header(struct reader *r)
{
	u32 found = 0, i;
	char *line, *end;

	if (r->size < strlen(MAGIC) || memcmp(r->data, MAGIC, strlen(MAGIC)))
		return complain(r, "not a KRT1 trace");
	r->at = strlen(MAGIC);
	while ((end = line_end(r))) {
		line = (char *)r->data + r->at;
		*end = 0;
		r->at += end - line + 1;
		if (end != line) {
			header_line(r, line, &found);
			continue;
		}
		for (i = 0; i < KEYS; i++)
			if (!(found >> i & 1))
				return complain(r, "the header does not say %s", keys[i].key);
		return true;
	}
	return complain(r, "the header has no end");
}

static bool read_byte(struct reader *r, u32 *value)
{
	if (r->at == r->size)
		return complain(r, "ends within a record");
	*value = r->data[r->at++];
	return true;
}

/* LEB128, up to but not including @limit. */
static bool read_number(struct reader *r, u32 limit, u32 *value)
{
	u64 sum = 0;
	u32 byte = 0, shift = 0;

	do {
		if (!read_byte(r, &byte))
			return false;
		sum |= (u64)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80 && shift < 35);
	if (byte & 0x80 || sum >= limit)
		return complain(r, "a number of %llu or more, the limit is %u", sum, limit);
	*value = sum;
	return true;
}

static void live_add(struct sums *seen, u64 bytes)
{
	seen->end_bytes += bytes;
	if (seen->end_bytes > seen->peak_bytes)
		seen->peak_bytes = seen->end_bytes;
	if (bytes > seen->max_size)
		seen->max_size = bytes;
}

static struct trace_op *op_add(struct reader *r, enum trace_kind kind, u32 slot, u32 bytes)
{
	struct trace_op *op = &r->trace->ops[r->trace->count++];

	/* A request of 0 bytes gets a block in userspace, so it is one of the smallest. */
	*op = (struct trace_op){ .slot = slot, .bytes = bytes ? bytes : 1, .kind = kind };
	return op;
}

static bool read_alloc(struct reader *r, enum trace_kind kind)
{
	u32 block = r->seen.allocs, align_log = 0, bytes, slot;

	if (kind == TRACE_ALIGNED && !read_byte(r, &align_log))
		return false;
	if (align_log > 30)
		return complain(r, "an alignment of 2^%u", align_log);
	if (!read_number(r, BYTES_LIMIT, &bytes))
		return false;
	if (block == r->header.allocs)
		return complain(r, "more allocations than the header says");
	slot = r->spares ? r->spare[--r->spares] : r->trace->slots++;
	r->slot_of[block] = slot;
	r->bytes_of[block] = bytes;
	op_add(r, kind, slot, bytes)->align_log = align_log;
	r->seen.allocs++;
	if (++r->seen.end_blocks > r->seen.peak_blocks)
		r->seen.peak_blocks = r->seen.end_blocks;
	live_add(&r->seen, bytes);
	return true;
}

/* A live block, named by how many allocations came after its own. */
static bool read_block(struct reader *r, u32 *block)
{
	u32 age;

	if (!read_number(r, OPS_LIMIT, &age))
		return false;
	if (age >= r->seen.allocs)
		return complain(r, "block %u before the first", age);
	*block = r->seen.allocs - 1 - age;
	if (r->slot_of[*block] == ~0u)
		return complain(r, "block %u is not live", *block);
	return true;
}

static bool read_free(struct reader *r)
{
	u32 block;

	if (!read_block(r, &block))
		return false;
	op_add(r, TRACE_FREE, r->slot_of[block], 0);
	r->spare[r->spares++] = r->slot_of[block];
	r->slot_of[block] = ~0u;
	r->seen.end_bytes -= r->bytes_of[block];
	r->seen.end_blocks--;
	r->seen.frees++;
	return true;
}

static bool read_resize(struct reader *r)
{
	u32 block, bytes;

	if (!read_block(r, &block) || !read_number(r, BYTES_LIMIT, &bytes))
		return false;
	op_add(r, TRACE_RESIZE, r->slot_of[block], bytes);
	r->seen.end_bytes -= r->bytes_of[block];
	r->bytes_of[block] = bytes;
	live_add(&r->seen, bytes);
	r->seen.reallocs++;
	return true;
}

static bool read_record(struct reader *r, u32 tag)
{
	u32 thread;

	if (tag & ~TAG_KNOWN)
		return complain(r, "tag %#x is not known", tag);
	if ((tag & TAG_KIND) == RECORD_THREAD)
		return read_number(r, OPS_LIMIT, &thread);
	if (r->trace->count == r->header.ops)
		return complain(r, "more operations than the header says");
	switch (tag & TAG_KIND) {
	case RECORD_ALLOC:
	case RECORD_ZEROED:
		return read_alloc(r, TRACE_ALLOC);
	case RECORD_ALIGNED:
		return read_alloc(r, TRACE_ALIGNED);
	case RECORD_FREE:
		return read_free(r);
	case RECORD_RESIZE:
		return read_resize(r);
	}
	return complain(r, "tag %#x is not known", tag);
}

static bool read_records(struct reader *r)
{
	u32 tag;

	while (r->at < r->size)
		if (!read_byte(r, &tag) || !read_record(r, tag))
			return false;
	r->seen.ops = r->trace->count;
	return true;
}

static bool compare_sums(struct reader *r)
{
	u64 said, seen;
	u32 i;

	for (i = 0; i < KEYS; i++) {
		said = *sum_of(&r->header, i);
		seen = *sum_of(&r->seen, i);
		if (said != seen)
			return complain(r, "%s is %llu, the header says %llu", keys[i].key, seen,
					said);
	}
	return true;
}

static bool make_room(struct reader *r)
{
	if (r->header.ops >= OPS_LIMIT || r->header.allocs > r->header.ops)
		return complain(r, "%llu operations, %llu allocations", r->header.ops,
				r->header.allocs);
	/* Each record has two bytes at least, so what is not there is not reserved. */
	if (r->header.ops > r->size / 2)
		return complain(r, "%llu operations in %zu bytes", r->header.ops, r->size);
	r->trace->ops = calloc(r->header.ops + 1, sizeof(*r->trace->ops));
	r->slot_of = calloc(r->header.allocs + 1, sizeof(u32));
	r->bytes_of = calloc(r->header.allocs + 1, sizeof(u32));
	r->spare = calloc(r->header.allocs + 1, sizeof(u32));
	if (!r->trace->ops || !r->slot_of || !r->bytes_of || !r->spare)
		return complain(r, "no memory");
	return true;
}

/**
 * trace_load() - read a trace
 * @trace: where to put it; trace_free() gives it back
 * @path: an uncompressed file
 *
 * Return: true, or false where it cannot be read, is damaged or incomplete; stderr
 * has been told then.
 */
bool trace_load(struct trace *trace, const char *path)
{
	struct reader r = { .path = path, .trace = trace };
	bool ok;

	*trace = (struct trace){ 0 };
	ok = read_all(&r) && read_header(&r) && make_room(&r) && read_records(&r) &&
	     compare_sums(&r);
	trace->peak_bytes = r.seen.peak_bytes;
	free(r.data);
	free(r.slot_of);
	free(r.bytes_of);
	free(r.spare);
	if (!ok)
		trace_free(trace);
	return ok;
}

void trace_free(struct trace *trace)
{
	free(trace->ops);
	*trace = (struct trace){ 0 };
}
