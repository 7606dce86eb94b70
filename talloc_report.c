// SPDX-License-Identifier: GPL-2.0
/*
 * What talloc tells the log. One line a report, "talloc: REGION: " in front;
 * Documentation/debugging.rst explains each. Addresses go through %p, so they are
 * hashed unless the kernel was booted with no_hash_pointers, but for those of regions
 * of numbers; and no contents are ever shown.
 */

#define pr_fmt(fmt) "talloc: " fmt

#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/stringify.h>

#include "talloc_region.h"

/* Blocks that a report of live blocks names. */
#define LIVE_BLOCKS_SHOWN	8

/* An address, as text. */
struct place_text {
	char text[24];
};

static struct place_text place_text(const struct talloc_region *region, u64 addr)
{
	struct place_text place;

	if (region->kind == REGION_NUMBERS && !region->secret)
		snprintf(place.text, sizeof(place.text), "%#llx", addr);
	else
		snprintf(place.text, sizeof(place.text), "%p", addr_to_memory(addr));
	return place;
}

/* What lies at an address that is not what it should be. */
static void describe_place(const struct talloc_region *region, const struct talloc_misuse *misuse,
			   char *text, size_t size)
{
	const struct talloc_chunk *chunk = &misuse->chunk;

	if (misuse->status == TALLOC_OUTSIDE)
		strscpy(text, "not in this region", size);
	else if (misuse->status == TALLOC_DAMAGED)
		strscpy(text, "its span is out of service", size);
	else if (misuse->status == TALLOC_INVALID)
		strscpy(text, "not a part of one live block", size);
	else if (chunk->state == TALLOC_CHUNK_USED)
		snprintf(text, size, "%llu bytes into the live block of %llu bytes at %s",
			 misuse->addr - chunk->addr, chunk->usable,
			 place_text(region, chunk->addr).text);
	else if (chunk->state == TALLOC_CHUNK_FREE)
		strscpy(text, "in free memory: freed before, or never allocated", size);
	else
		strscpy(text, "not the start of a live block", size);
}

void talloc_report_misuse(struct talloc_region *region, const struct talloc_misuse *misuse)
{
	char place[128];

	if (!__ratelimit(&region->ratelimit))
		return;
	describe_place(region, misuse, place, sizeof(place));
	pr_err("%s: bad %s of %s by %pS: %s\n", region->name, misuse->call,
	       place_text(region, misuse->addr).text, (void *)misuse->caller, place);
}

void talloc_report_call(struct talloc_region *region, const char *call, const char *wrong,
			unsigned long caller)
{
	if (__ratelimit(&region->ratelimit))
		pr_err("%s: bad %s by %pS: %s\n", region->name, call, (void *)caller, wrong);
}

/* What talloc_region_create() means, to somebody who did not write the call. */
const char *talloc_create_error(int err)
{
	switch (err) {
	case -EINVAL:
		return "a bad name or unit, a range of size 0 or one that wraps, or no such entry";
	case -EEXIST:
		return "there is a region of this name";
	case -ENOSPC:
		return "too small for a single block, or more than "
		       __stringify(TALLOC_SPANS_MAX) " spans";
	case -E2BIG:
		return "too large: a span has less than 2^29 units";
	case -ENOMEM:
		return "no memory, or no mapping";
	case -ENXIO:
		return "there is no memory at this address";
	case -EPERM:
		return "the kernel uses this as RAM, or lends it out";
	case -EBUSY:
		return "somebody else has claimed this range";
	case -EADDRINUSE:
		return "another region has this range";
	case -ENOENT:
		return "no reserve_mem= of this label, or no reserved memory";
	case -EOPNOTSUPP:
		return "this kernel cannot do that";
	default:
		return "failed";
	}
}

/* Of a region that there is not: its name may be what is wrong, or be missing. */
void talloc_report_create(const char *name, const char *wrong, unsigned long caller)
{
	static DEFINE_RATELIMIT_STATE(ratelimit, 5 * HZ, 50);

	if (!__ratelimit(&ratelimit))
		return;
	if (!name)
		name = "";
	pr_err("%*pE: bad create by %pS: %s\n", (int)strnlen(name, TALLOC_NAME_MAX + 1), name,
	       (void *)caller, wrong);
}

void talloc_report_align(struct talloc_region *region, u64 align, unsigned long caller)
{
	char wrong[64];

	snprintf(wrong, sizeof(wrong), "alignment %llu is not a power of two", align);
	talloc_report_call(region, "alloc", wrong, caller);
}

void talloc_report_damage(struct talloc_region *region, u32 span, const struct talloc_fault *fault)
{
	/* What was found there is what somebody wrote: the file check shows that, to root. */
	pr_err("%s: span %u is damaged: rule %s broken at %s (unit %u)\n", region->name, span,
	       talloc_rule_name(fault->rule), place_text(region, fault->addr).text, fault->chunk);
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
	pr_err("%s:   live block of %llu bytes at %s\n", report->region->name, piece->usable,
	       place_text(report->region, piece->addr).text);
	return 0;
}

void talloc_report_live(struct talloc_region *region, u64 blocks, const char *what)
{
	struct live_report report = { .region = region, .left = LIVE_BLOCKS_SHOWN };

	pr_err("%s: %s with %llu live blocks\n", region->name, what, blocks);
	if (talloc_region_walk(region, report_live_block, &report))
		pr_err("%s:   and more\n", region->name);
}

void talloc_report_lost(struct talloc_region *region, u64 blocks)
{
	pr_err("%s: %llu live blocks were in memory of its owner, who is gone\n", region->name,
	       blocks);
}

void talloc_report_references(struct talloc_region *region, unsigned int references,
			      const char *what)
{
	pr_err("%s: %s with %u references\n", region->name, what, references);
}
