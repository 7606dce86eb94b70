// SPDX-License-Identifier: GPL-2.0
/*
 * The module parameter "regions": NAME:SIZE[,NAME:SIZE...], where SIZE may end in
 * K, M, G, T.
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
		return "a name has 1 to 31 letters, digits, _, - or ., and is not \"regions\"";
	case -EEXIST:
		return "there is a region of this name";
	case -ENOSPC:
		return "too small for a single block";
	case -E2BIG:
		return "too large: a span has less than 2^29 units of 8 bytes";
	case -ENOMEM:
		return "no memory";
	default:
		return "failed";
	}
}

static int item_error(const char *item, int err, const char *why)
{
	pr_err("item \"%s\": %s (%d)\n", item, why, err);
	return err;
}

/* False unless all of @text is a size above 0 that a size_t can hold. */
static bool parse_size(const char *text, size_t *bytes)
{
	static const char suffixes[] = "KMGT";
	unsigned long long value;
	const char *suffix;
	int shift = 0;
	char *end;

	if (!isdigit(*text))
		return false;
	value = simple_strtoull(text, &end, 0);
	if (*end) {
		suffix = strchr(suffixes, toupper(*end));
		if (!suffix || end[1])
			return false;
		shift = 10 * (suffix - suffixes + 1);
	}
	/* 20 digits and more wrap before they can be compared. */
	if (!value || end - text > 19 || value > (unsigned long long)SIZE_MAX >> shift)
		return false;
	*bytes = value << shift;
	return true;
}

static int create_item(char *item)
{
	struct talloc_region_config config = { };
	struct talloc_region *region;
	char *size = strchr(item, ':');
	int err = 0;

	if (!size)
		return item_error(item, -EINVAL, "expected NAME:SIZE");
	if (!parse_size(size + 1, &config.bytes))
		return item_error(item, -EINVAL, "the size is not a number above 0, ending in K, M, G, T or nothing");
	*size = '\0';
	config.name = item;
	region = talloc_region_create(&config);
	if (IS_ERR(region))
		err = PTR_ERR(region);
	*size = ':';
	return err ? item_error(item, err, create_error(err)) : 0;
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
