/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Spans: ranges of addresses, with arithmetic that cannot wrap.
 */
#ifndef TALLOC_SPAN_H
#define TALLOC_SPAN_H

#include <talloc_port.h>

/**
 * struct talloc_span - the addresses from @start up to, not including, @end
 * @start: first address
 * @end: first address after the span
 *
 * A span is empty where @start equals @end; all empty spans are alike, wherever
 * they stand. @start is never above @end in a span that the functions below
 * made. Addresses are u64 on every machine: a physical or a bus address may be
 * wider than a pointer. The last address of the u64 space cannot be part of a
 * span, which keeps every end representable.
 */
struct talloc_span {
	u64 start;
	u64 end;
};

/**
 * talloc_span_make() - the span of @bytes bytes from @start on
 * @span: where to put it; left alone on failure
 * @start: first address
 * @bytes: size in bytes
 *
 * Return: true, or false where the end is not representable.
 */
static inline bool __must_check talloc_span_make(struct talloc_span *span, u64 start, u64 bytes)
{
	u64 end;

	if (check_add_overflow(start, bytes, &end))
		return false;
	span->start = start;
	span->end = end;
	return true;
}

/**
 * talloc_span_valid() - whether a span that somebody filled in is one
 * @span: any two numbers
 *
 * Return: whether @span.start is not above @span.end.
 */
static inline bool talloc_span_valid(struct talloc_span span)
{
	return span.start <= span.end;
}

/**
 * talloc_span_bytes() - size of a span in bytes
 * @span: a valid span
 *
 * Return: bytes.
 */
static inline u64 talloc_span_bytes(struct talloc_span span)
{
	return span.end - span.start;
}

/**
 * talloc_span_empty() - whether a span has no address in it
 * @span: a valid span
 *
 * Return: whether it is empty.
 */
static inline bool talloc_span_empty(struct talloc_span span)
{
	return span.start == span.end;
}

/**
 * talloc_span_has() - whether an address is in a span
 * @span: a valid span
 * @addr: an address
 *
 * Return: whether @addr is in @span.
 */
static inline bool talloc_span_has(struct talloc_span span, u64 addr)
{
	return addr - span.start < span.end - span.start;
}

/**
 * talloc_span_contains() - whether all addresses of one span are in another
 * @outer: a valid span
 * @inner: a valid span; an empty one is contained in every span
 *
 * Return: whether @inner is in @outer.
 */
static inline bool talloc_span_contains(struct talloc_span outer, struct talloc_span inner)
{
	return talloc_span_empty(inner) ||
	       (outer.start <= inner.start && inner.end <= outer.end);
}

/**
 * talloc_span_intersects() - whether two spans share an address
 * @a: a valid span
 * @b: a valid span
 *
 * Return: whether they do; never with an empty one.
 */
static inline bool talloc_span_intersects(struct talloc_span a, struct talloc_span b)
{
	return !talloc_span_empty(a) && !talloc_span_empty(b) &&
	       a.start < b.end && b.start < a.end;
}

/**
 * talloc_span_common() - the addresses that two spans share
 * @a: a valid span
 * @b: a valid span
 *
 * Return: the common span, empty where they do not intersect.
 */
static inline struct talloc_span talloc_span_common(struct talloc_span a, struct talloc_span b)
{
	struct talloc_span span = { a.start, a.start };

	if (talloc_span_intersects(a, b)) {
		span.start = a.start > b.start ? a.start : b.start;
		span.end = a.end < b.end ? a.end : b.end;
	}
	return span;
}

/**
 * talloc_span_below() - the part of a span that lies below an address
 * @span: a valid span
 * @addr: an address
 *
 * Return: that part, empty where there is none.
 */
static inline struct talloc_span talloc_span_below(struct talloc_span span, u64 addr)
{
	if (addr < span.start)
		span.end = span.start;
	else if (addr < span.end)
		span.end = addr;
	return span;
}

/**
 * talloc_span_above() - the part of a span from an address on
 * @span: a valid span
 * @addr: an address
 *
 * Return: that part, empty where there is none.
 */
static inline struct talloc_span talloc_span_above(struct talloc_span span, u64 addr)
{
	if (addr > span.end)
		span.start = span.end;
	else if (addr > span.start)
		span.start = addr;
	return span;
}

/**
 * talloc_span_extend() - move both ends of a span outwards
 * @span: a valid span; left alone on failure
 * @low: bytes to add below the start
 * @high: bytes to add above the end
 *
 * Return: true, or false where an end would leave the address space.
 */
static inline bool __must_check talloc_span_extend(struct talloc_span *span, u64 low, u64 high)
{
	u64 start, end;

	if (check_sub_overflow(span->start, low, &start) ||
	    check_add_overflow(span->end, high, &end))
		return false;
	span->start = start;
	span->end = end;
	return true;
}

/**
 * talloc_span_truncate() - move both ends of a span inwards
 * @span: a valid span; left alone on failure
 * @low: bytes to take away at the start
 * @high: bytes to take away at the end
 *
 * Return: true, or false where the span has fewer bytes than that.
 */
static inline bool __must_check talloc_span_truncate(struct talloc_span *span, u64 low, u64 high)
{
	u64 both;

	if (check_add_overflow(low, high, &both) || both > talloc_span_bytes(*span))
		return false;
	span->start += low;
	span->end -= high;
	return true;
}

/**
 * talloc_align_up() - the first multiple of @align that is not below @addr
 * @addr: an address
 * @align: a power of two
 * @up: where to put it; left alone on failure
 *
 * Return: true, or false where there is none in the address space.
 */
static inline bool __must_check talloc_align_up(u64 addr, u64 align, u64 *up)
{
	u64 sum;

	if (check_add_overflow(addr, align - 1, &sum))
		return false;
	*up = sum & ~(align - 1);
	return true;
}

/**
 * talloc_span_fit_within() - shrink a span until both ends are aligned
 * @span: a valid span
 * @align: a power of two
 *
 * Return: the largest aligned span inside, empty where there is none.
 */
static inline struct talloc_span talloc_span_fit_within(struct talloc_span span, u64 align)
{
	u64 start, end = span.end & ~(align - 1);

	if (!talloc_align_up(span.start, align, &start) || start > end)
		return (struct talloc_span){ span.start, span.start };
	return (struct talloc_span){ start, end };
}

/**
 * talloc_span_fit_over() - grow a span until both ends are aligned
 * @span: a valid span; left alone on failure
 * @align: a power of two
 *
 * Return: true, or false where the end would leave the address space.
 */
static inline bool __must_check talloc_span_fit_over(struct talloc_span *span, u64 align)
{
	u64 end;

	if (!talloc_align_up(span->end, align, &end))
		return false;
	span->start &= ~(align - 1);
	span->end = end;
	return true;
}

#endif /* TALLOC_SPAN_H */
