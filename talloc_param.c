// SPDX-License-Identifier: GPL-2.0
/*
 * The module parameter "regions": items with a comma between them, each of them
 *
 *	NAME:SIZE			memory from vmalloc()
 *	NAME:SIZE@ADDRESS		a physical range
 *	NAME@reserve_mem:LABEL		what reserve_mem= set aside under this label
 *
 * SIZE and ADDRESS are numbers in C's notation and may end in K, M, G or T.
 */

#define pr_fmt(fmt) "talloc: parameter regions: " fmt

#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "talloc_region.h"

/* What talloc_region_create() means, to somebody who typed a parameter. */
static const char *create_error(int err)
{
	switch (err) {
	case -EINVAL:
		return "a range that wraps, or a bad name: letters, digits, _, - and . make one";
	case -EEXIST:
		return "there is a region of this name";
	case -ENOSPC:
		return "too small for a single block";
	case -E2BIG:
		return "too large: a span has less than 2^29 units of 8 bytes";
	case -ENOMEM:
		return "no memory, or no mapping";
	case -ENXIO:
		return "there is no memory at this address";
	case -EPERM:
		return "the kernel is using this as its RAM";
	case -EBUSY:
		return "somebody else has claimed this range";
	case -EADDRINUSE:
		return "another region has this range";
	case -ENOENT:
		return "there is no reserve_mem= of this label";
	case -EOPNOTSUPP:
		return "this kernel cannot do that";
	default:
		return "failed";
	}
}

static void item_error(const char *item, int err, const char *why)
{
	pr_err("item \"%s\": %s (%d)\n", item, why, err);
}

/* False unless all of @text is a number that fits in @max. Cuts a suffix off. */
static bool parse_number(char *text, u64 max, u64 *number)
{
	static const char suffixes[] = "KMGT";
	const char *suffix = NULL;
	size_t length = strlen(text);
	unsigned int shift = 0;

	if (length)
		suffix = strchr(suffixes, toupper(text[length - 1]));
	if (suffix) {
		shift = 10 * (suffix - suffixes + 1);
		text[length - 1] = '\0';
	}
	if (!isdigit(*text) || kstrtou64(text, 0, number) || *number > max >> shift)
		return false;
	*number <<= shift;
	return true;
}

static int parse_phys(char *size, char *address, struct talloc_backing *backing)
{
	u64 bytes, phys;

	if (!parse_number(size, SIZE_MAX, &bytes) || !bytes ||
	    !parse_number(address, (phys_addr_t)~0ull, &phys))
		return -EINVAL;
	backing->type = TALLOC_PHYS;
	backing->window = bytes;
	backing->phys = phys;
	return 0;
}

static int parse_vmalloc(char *size, struct talloc_backing *backing)
{
	u64 bytes;

	if (!parse_number(size, SIZE_MAX, &bytes) || !bytes)
		return -EINVAL;
	backing->type = TALLOC_VMALLOC;
	backing->bytes = bytes;
	return 0;
}

/* Cut @item up into a name and a backing. */
static int parse_item(char *item, struct talloc_backing *backing)
{
	static const char reserve_mem[] = "reserve_mem:";
	char *end = strpbrk(item, ":@");
	char *at;

	if (!end)
		return -EINVAL;
	if (*end == '@') {
		*end++ = '\0';
		if (!str_has_prefix(end, reserve_mem))
			return -EINVAL;
		backing->type = TALLOC_RESERVE_MEM;
		backing->label = end + strlen(reserve_mem);
		return 0;
	}
	*end++ = '\0';
	at = strchr(end, '@');
	if (!at)
		return parse_vmalloc(end, backing);
	*at++ = '\0';
	return parse_phys(end, at, backing);
}

static int create_item(const char *item)
{
	struct talloc_backing backing = { };
	struct talloc_region_config config = { .backing = &backing };
	struct talloc_region *region;
	char *copy;
	int err;

	copy = kstrdup(item, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	config.name = copy;
	err = parse_item(copy, &backing);
	if (err) {
		item_error(item, err, "not NAME:SIZE, NAME:SIZE@ADDRESS or NAME@reserve_mem:LABEL");
	} else {
		region = talloc_region_create(&config);
		err = PTR_ERR_OR_ZERO(region);
		if (err)
			item_error(item, err, create_error(err));
	}
	kfree(copy);
	return err;
}

/*
 * Create the regions in a list; NULL for none. Stops at the first bad item; what
 * was created before it is the caller's to destroy.
 */
int talloc_param_regions(const char *list)
{
	char *copy, *rest, *item;
	int err = 0;

	if (!list || !*list)
		return 0;
	copy = kstrdup(list, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	rest = copy;
	while (!err && (item = strsep(&rest, ",")))
		err = create_item(item);
	kfree(copy);
	return err;
}
