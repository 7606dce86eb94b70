// SPDX-License-Identifier: GPL-2.0
/*
 * talloc in debugfs: a table of all regions, and for each region figures, its
 * fragmentation, a map and a check. Documentation/debugging.rst defines every
 * key; keys are stable, one "key value" a line, sizes in bytes.
 *
 * Walks are done in slices, so a reader never holds a region's lock for longer
 * than a bounded step; "changed 1" says that the region changed meanwhile.
 */

/**
 * DOC: Fragmentation
 *
 * ``external_fragmentation_permille`` is 1000 * (1 - largest / free), where
 * *free* is all free memory and *largest* the largest free chunk: 0 where all
 * that is free is in one piece, near 1000 where it is in crumbs. The histogram
 * counts free chunks by the power of two at or below their size.
 */

#include <linux/debugfs.h>
#include <linux/math64.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "talloc_region.h"

static struct dentry *talloc_dir;

static u64 permille(u64 part, u64 whole)
{
	return whole ? div64_u64(part * 1000, whole) : 0;
}

static const char * const kind_names[] = {
	[REGION_MEMORY] = "memory",
	[REGION_IOMEM] = "iomem",
	[REGION_NUMBERS] = "numbers",
};

/*
 * talloc/regions
 */

static int regions_show(struct seq_file *m, void *unused)
{
	struct talloc_region_stats stats;
	struct talloc_region *region;

	seq_printf(m, "%-31s %-7s %5s %12s %12s %12s %12s %12s %8s %8s %7s %s\n", "name", "kind",
		   "spans", "total", "used", "free", "peak", "largest", "blocks", "failures",
		   "misuses", "owner");
	mutex_lock(&talloc_regions_lock);
	list_for_each_entry(region, &talloc_regions, list) {
		talloc_region_stats(region, &stats);
		seq_printf(m, "%-31s %-7s %5u %12llu %12llu %12llu %12llu %12llu %8llu %8llu %7llu %s\n",
			   region->name, kind_names[region->kind], stats.spans, stats.total_bytes,
			   stats.used_bytes, stats.free_bytes, stats.peak_bytes,
			   stats.largest_bytes, stats.blocks,
			   stats.failures_full + stats.failures_fragmented, stats.misuses,
			   module_name(region->owner));
	}
	mutex_unlock(&talloc_regions_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(regions);

/*
 * talloc/REGION/stats
 */

static int stats_show(struct seq_file *m, void *unused)
{
	struct talloc_region *region = m->private;
	struct talloc_region_stats stats;

	talloc_region_stats(region, &stats);
	seq_printf(m, "name %s\n", region->name);
	seq_printf(m, "kind %s\n", kind_names[region->kind]);
	seq_printf(m, "tags %s\n", region->detached ? "detached" : "inline");
	seq_printf(m, "unit_bytes %u\n", region->unit);
	seq_printf(m, "spans %u\n", stats.spans);
	seq_printf(m, "spans_out_of_service %u\n", stats.spans_out_of_service);
	seq_printf(m, "total_bytes %llu\n", stats.total_bytes);
	seq_printf(m, "used_bytes %llu\n", stats.used_bytes);
	seq_printf(m, "free_bytes %llu\n", stats.free_bytes);
	seq_printf(m, "peak_bytes %llu\n", stats.peak_bytes);
	seq_printf(m, "largest_bytes %llu\n", stats.largest_bytes);
	seq_printf(m, "blocks %llu\n", stats.blocks);
	seq_printf(m, "free_chunks %llu\n", stats.free_chunks);
	seq_printf(m, "allocs %llu\n", stats.allocs);
	seq_printf(m, "frees %llu\n", stats.frees);
	seq_printf(m, "failures_full %llu\n", stats.failures_full);
	seq_printf(m, "failures_fragmented %llu\n", stats.failures_fragmented);
	seq_printf(m, "oom_calls %llu\n", stats.oom_calls);
	seq_printf(m, "misuses %llu\n", stats.misuses);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

/*
 * talloc/REGION/spans
 */

static const char * const backing_names[] = {
	[TALLOC_VMALLOC] = "vmalloc",
	[TALLOC_MEMORY] = "memory",
	[TALLOC_PHYS] = "phys",
	[TALLOC_RESERVE_MEM] = "reserve_mem",
	[TALLOC_OF] = "of",
	[TALLOC_IOMEM] = "iomem",
	[TALLOC_NUMBERS] = "numbers",
};

/* What is told of a span, gathered under the lock. */
struct span_row {
	enum talloc_backing_type type;
	bool grown;
	bool damaged;
	int preference;
	u64 start;
	u64 window;
	phys_addr_t phys;
	u64 below;
	struct talloc_heap_stats heap;
};

static bool span_row_get(struct talloc_region *region, u32 i, struct span_row *row)
{
	const struct region_span *span;
	unsigned long flags;
	bool found;

	raw_spin_lock_irqsave(&region->lock, flags);
	found = i < region->nr_spans;
	if (found) {
		span = region->spans[i];
		row->type = span->type;
		row->grown = span->grown;
		row->damaged = talloc_heap_damage(&span->heap);
		row->preference = span->preference;
		row->start = span->start;
		row->window = span->bytes;
		row->phys = span->phys;
		row->below = talloc_heap_span(&span->heap).start - span->start;
		talloc_heap_stats(&span->heap, &row->heap);
	}
	raw_spin_unlock_irqrestore(&region->lock, flags);
	return found;
}

static int spans_show(struct seq_file *m, void *unused)
{
	struct talloc_region *region = m->private;
	struct span_row row;
	u32 i;

	seq_printf(m, "%4s %-11s %10s %12s %12s %12s %12s %12s %18s %s\n", "span", "backing",
		   "preference", "window", "below", "total", "used", "largest",
		   region->kind == REGION_NUMBERS ? "first" : "phys", "state");
	talloc_region_settle(region);
	for (i = 0; span_row_get(region, i, &row); i++) {
		seq_printf(m, "%4u %-11s %10d %12llu %12llu %12llu %12llu %12llu ", i,
			   backing_names[row.type], row.preference, row.window, row.below,
			   row.heap.span_bytes, row.heap.used_bytes, row.heap.largest_bytes);
		if (region->kind == REGION_NUMBERS && !region->secret)
			seq_printf(m, "%#18llx", row.start);
		else if (row.phys == TALLOC_NO_PHYS)
			seq_printf(m, "%18s", "-");
		else
			seq_printf(m, "%18pa", &row.phys);
		seq_printf(m, " %s\n", row.damaged ? "out_of_service" :
			   row.grown ? "grown" : "ok");
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(spans);

/*
 * talloc/REGION/fragmentation
 */

#define HISTOGRAM_ROWS	64

struct histogram {
	u64 chunks[HISTOGRAM_ROWS];
	u64 bytes[HISTOGRAM_ROWS];
	u64 largest;
	u64 free;
	u64 unknown;
};

static int histogram_add(const struct talloc_piece *piece, void *data)
{
	struct histogram *histogram = data;
	unsigned int row = fls64(piece->bytes) - 1;

	if (piece->state == TALLOC_PIECE_UNKNOWN)
		histogram->unknown += piece->bytes;
	if (piece->state != TALLOC_PIECE_FREE)
		return 0;
	histogram->chunks[row]++;
	histogram->bytes[row] += piece->bytes;
	histogram->free += piece->bytes;
	histogram->largest = max(histogram->largest, piece->bytes);
	return 0;
}

static void histogram_show(struct seq_file *m, const struct histogram *histogram)
{
	unsigned int row;

	seq_printf(m, "%12s %12s %8s %12s %8s\n", "from", "to", "chunks", "bytes", "permille");
	for (row = 0; row < HISTOGRAM_ROWS; row++)
		if (histogram->chunks[row])
			seq_printf(m, "%12llu %12llu %8llu %12llu %8llu\n", 1ull << row,
				   (1ull << row) + ((1ull << row) - 1), histogram->chunks[row],
				   histogram->bytes[row],
				   permille(histogram->bytes[row], histogram->free));
}

static int fragmentation_show(struct seq_file *m, void *unused)
{
	struct talloc_region *region = m->private;
	struct talloc_region_stats stats;
	struct histogram *histogram;
	bool changed;

	histogram = kzalloc(sizeof(*histogram), GFP_KERNEL);
	if (!histogram)
		return -ENOMEM;
	__talloc_region_walk(region, histogram_add, histogram, &changed);
	talloc_region_stats(region, &stats);
	seq_printf(m, "changed %d\n", changed);
	seq_printf(m, "unknown_bytes %llu\n", histogram->unknown);
	seq_printf(m, "free_bytes %llu\n", histogram->free);
	seq_printf(m, "largest_chunk_bytes %llu\n", histogram->largest);
	seq_printf(m, "largest_request_bytes %llu\n", stats.largest_bytes);
	seq_printf(m, "external_fragmentation_permille %llu\n",
		   permille(histogram->free - histogram->largest, histogram->free));
	histogram_show(m, histogram);
	kfree(histogram);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(fragmentation);

/*
 * talloc/REGION/map: each span in at most MAP_ROWS rows of MAP_COLUMNS cells.
 */

#define MAP_COLUMNS	64
#define MAP_ROWS	16
#define MAP_CELLS	(MAP_COLUMNS * MAP_ROWS)

/* How many of its bytes are what; the rest is not in the span. */
struct map_cell {
	u64 used;
	u64 free;
	u64 unknown;
};

struct map {
	struct seq_file *m;
	u32 span;		/* the one being drawn */
	bool started;
	u64 origin;		/* address of its first cell */
	u64 cell_bytes;
	u32 cells;
	struct map_cell cell[MAP_CELLS];
};

/* In eighths, rounded down but for the first; free and full stand apart. */
static char map_mark(const struct map_cell *cell, u64 bytes)
{
	static const char marks[] = "11234567";

	if (cell->unknown)
		return '?';
	if (!cell->used)
		return cell->free ? '.' : '-';
	if (cell->used >= bytes)
		return '#';
	return marks[div64_u64(cell->used * 8, bytes)];
}

static void map_flush(struct map *map)
{
	u32 i;

	if (!map->started)
		return;
	seq_printf(map->m, "span %u cell_bytes %llu\n", map->span, map->cell_bytes);
	for (i = 0; i < map->cells; i++) {
		if (i % MAP_COLUMNS == 0)
			seq_printf(map->m, "%12llu ", i * map->cell_bytes);
		seq_putc(map->m, map_mark(&map->cell[i], map->cell_bytes));
		if (i % MAP_COLUMNS == MAP_COLUMNS - 1 || i == map->cells - 1)
			seq_putc(map->m, '\n');
	}
	map->started = false;
}

/* Pre: region->spans_lock, and @piece is the first of its span. */
static void map_start(struct map *map, struct talloc_region *region,
		      const struct talloc_piece *piece)
{
	const struct region_span *span = region->spans[piece->span];
	u64 bytes = span->bytes, below;
	unsigned long flags;

	raw_spin_lock_irqsave(&region->lock, flags);
	below = talloc_heap_span(&span->heap).start - span->start;
	raw_spin_unlock_irqrestore(&region->lock, flags);
	map->started = true;
	map->span = piece->span;
	map->origin = piece->addr - ALIGN_DOWN(below, region->unit);
	map->cell_bytes = max_t(u64, region->unit,
				1ull << fls64(DIV_ROUND_UP_ULL(bytes, MAP_CELLS) - 1));
	map->cells = min_t(u64, MAP_CELLS, DIV64_U64_ROUND_UP(bytes, map->cell_bytes));
	memset(map->cell, 0, sizeof(map->cell));
}

static void map_fill(struct map *map, u64 from, u64 to, enum talloc_piece_state state)
{
	u32 i = div64_u64(from, map->cell_bytes);

	for (; i < map->cells && from < to; i++) {
		u64 end = min_t(u64, to, (i + 1) * map->cell_bytes);

		if (state == TALLOC_PIECE_BLOCK)
			map->cell[i].used += end - from;
		else if (state == TALLOC_PIECE_FREE)
			map->cell[i].free += end - from;
		else
			map->cell[i].unknown += end - from;
		from = end;
	}
}

static int map_add(const struct talloc_piece *piece, void *data)
{
	struct map *map = data;
	struct talloc_region *region = map->m->private;
	u64 from;

	if (!map->started || map->span != piece->span) {
		map_flush(map);
		map_start(map, region, piece);
	}
	from = piece->addr - map->origin;
	map_fill(map, from, from + piece->bytes, piece->state);
	return 0;
}

static int map_show(struct seq_file *m, void *unused)
{
	struct talloc_region *region = m->private;
	struct map *map;
	bool changed;

	map = kvzalloc(sizeof(*map), GFP_KERNEL);
	if (!map)
		return -ENOMEM;
	map->m = m;
	seq_puts(m, "legend . free, 1 to 7 eighths used, # full, ? unknown, - not in the span\n");
	__talloc_region_walk(region, map_add, map, &changed);
	map_flush(map);
	seq_printf(m, "changed %d\n", changed);
	kvfree(map);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(map);

/*
 * talloc/REGION/check
 */

static int check_show(struct seq_file *m, void *unused)
{
	struct talloc_region *region = m->private;
	struct talloc_fault fault;
	u32 span = 0;
	int err;

	err = __talloc_region_check(region, &fault, &span);
	if (!err) {
		seq_puts(m, "result clean\n");
	} else if (err == -EAGAIN) {
		seq_puts(m, "result changed\n");
	} else {
		seq_puts(m, "result damaged\n");
		seq_printf(m, "rule %s\n", talloc_rule_name(fault.rule));
		seq_printf(m, "span %u\n", span);
		seq_printf(m, "unit %u\n", fault.chunk);
		seq_printf(m, "found %#llx\n", fault.found);
		seq_printf(m, "expected %#llx\n", fault.expected);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(check);

/* Before there is a directory for all of them, a region waits for it. */
void talloc_debugfs_add(struct talloc_region *region)
{
	struct dentry *dir;

	if (!talloc_dir)
		return;
	dir = debugfs_create_dir(region->name, talloc_dir);
	debugfs_create_file("stats", 0400, dir, region, &stats_fops);
	debugfs_create_file("spans", 0400, dir, region, &spans_fops);
	debugfs_create_file("fragmentation", 0400, dir, region, &fragmentation_fops);
	debugfs_create_file("map", 0400, dir, region, &map_fops);
	debugfs_create_file("check", 0400, dir, region, &check_fops);
	region->debugfs = dir;
}

void talloc_debugfs_remove(struct talloc_region *region)
{
	debugfs_remove(region->debugfs);
	region->debugfs = NULL;
}

void talloc_debugfs_init(void)
{
	struct talloc_region *region;

	talloc_dir = debugfs_create_dir("talloc", NULL);
	debugfs_create_file("regions", 0400, talloc_dir, NULL, &regions_fops);
	mutex_lock(&talloc_regions_lock);
	list_for_each_entry(region, &talloc_regions, list)
		talloc_debugfs_add(region);
	mutex_unlock(&talloc_regions_lock);
}

void talloc_debugfs_exit(void)
{
	debugfs_remove(talloc_dir);
}
