// SPDX-License-Identifier: GPL-2.0
/*
 * What talloc tells the log. One line a report, "talloc: REGION: " in front;
 * Documentation/debugging.rst explains each. Addresses go through %p, so they are
 * hashed unless the kernel was booted with no_hash_pointers, and no contents are
 * ever shown.
 */

#define pr_fmt(fmt) "talloc: " fmt

#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>

#include "talloc_region.h"

/* Blocks that a report of live blocks names. */
#define LIVE_BLOCKS_SHOWN	8

static const void *chunk_addr(const struct talloc_chunk *chunk)
{
	return (const void *)(unsigned long)chunk->addr;
}

/* What lies at a pointer that no live block starts at. */
static void describe_place(const struct talloc_misuse *misuse, char *text, size_t size)
{
	const struct talloc_chunk *chunk = &misuse->chunk;
	size_t offset = misuse->addr - chunk_addr(chunk);

	if (misuse->status == TALLOC_OUTSIDE)
		strscpy(text, "not in this region", size);
	else if (misuse->status == TALLOC_DAMAGED)
		strscpy(text, "its span is out of service", size);
	else if (chunk->state == TALLOC_CHUNK_USED)
		snprintf(text, size, "%zu bytes into the live block of %zu bytes at %p", offset,
			 (size_t)chunk->usable, chunk_addr(chunk));
	else if (chunk->state == TALLOC_CHUNK_FREE)
		strscpy(text, "in free memory: freed before, or never allocated", size);
	else
		strscpy(text, "not the start of a live block", size);
}

void talloc_report_misuse(struct talloc_region *region, const struct talloc_misuse *misuse)
{
	char place[96];

	if (!__ratelimit(&region->ratelimit))
		return;
	describe_place(misuse, place, sizeof(place));
	pr_err("%s: bad %s of %p by %pS: %s\n", region->name, misuse->call, misuse->addr,
	       (void *)misuse->caller, place);
}

void talloc_report_align(struct talloc_region *region, size_t align, unsigned long caller)
{
	if (__ratelimit(&region->ratelimit))
		pr_err("%s: bad alloc by %pS: alignment %zu is not a power of two\n",
		       region->name, (void *)caller, align);
}

void talloc_report_damage(struct talloc_region *region, u32 span, const struct talloc_fault *fault)
{
	pr_err("%s: span %u is damaged: rule %s broken at %p (unit %u), found %#llx, expected %#llx\n",
	       region->name, span, talloc_rule_name(fault->rule),
	       (void *)(unsigned long)fault->addr, fault->chunk, fault->found, fault->expected);
}

struct live_report {
	struct talloc_region *region;
	u32 left;
};

static int report_live_block(const struct talloc_piece *piece, void *data)
{
	struct live_report *report = data;

	if (piece->state != TALLOC_PIECE_BLOCK)
		return 0;
	if (!report->left--)
		return 1;
	pr_err("%s:   live block of %zu bytes at %p\n", report->region->name, piece->usable,
	       piece->addr);
	return 0;
}

void talloc_report_live(struct talloc_region *region, u64 blocks, const char *what)
{
	struct live_report report = { .region = region, .left = LIVE_BLOCKS_SHOWN };

	pr_err("%s: %s with %llu live blocks\n", region->name, what, blocks);
	if (talloc_region_walk(region, report_live_block, &report))
		pr_err("%s:   and more\n", region->name);
}

void talloc_report_references(struct talloc_region *region, unsigned int references,
			      const char *what)
{
	pr_err("%s: %s with %u references\n", region->name, what, references);
}
