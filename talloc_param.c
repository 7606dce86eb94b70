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

/* These return NULL, or what is wrong. */

static const char *parse_size(char *text, u64 *bytes)
{
	u64 number;

	if (!parse_number(text, SIZE_MAX, &number) || !number)
		return "the size is not a number above 0, ending in K, M, G, T or nothing";
	*bytes = number;
	return NULL;
}

static const char *parse_phys(char *address, struct talloc_backing *backing)
{
	u64 number;

	if (!parse_number(address, (phys_addr_t)~0ull, &number))
		return "the address is not a number, ending in K, M, G, T or nothing";
	backing->type = TALLOC_PHYS;
	backing->phys = number;
	return NULL;
}

static const char *parse_label(char *text, struct talloc_backing *backing)
{
	static const char reserve_mem[] = "reserve_mem:";

	if (!str_has_prefix(text, reserve_mem))
		return "only reserve_mem: may stand behind NAME@";
	backing->type = TALLOC_RESERVE_MEM;
	backing->label = text + strlen(reserve_mem);
	return NULL;
}

/* Cut @item up into a name and a backing. */
static const char *parse_item(char *item, struct talloc_backing *backing)
{
	char *at = strchr(item, '@');
	char *size;
	const char *wrong;

	if (at)
		*at++ = '\0';
	size = strchr(item, ':');
	if (!size)
		return at ? parse_label(at, backing) :
			    "not NAME:SIZE, NAME:SIZE@ADDRESS or NAME@reserve_mem:LABEL";
	*size++ = '\0';
	if (!at)
		return parse_size(size, &backing->bytes);
	wrong = parse_size(size, &backing->window);
	return wrong ? wrong : parse_phys(at, backing);
}

static struct talloc_region *create_item(const char *item)
{
	struct talloc_backing backing = { .type = TALLOC_VMALLOC };
	struct talloc_region_config config = { .backing = &backing };
	struct talloc_region *region = ERR_PTR(-EINVAL);
	const char *wrong;
	char *copy;

	copy = kstrdup(item, GFP_KERNEL);
	if (!copy)
		return ERR_PTR(-ENOMEM);
	config.name = copy;
	wrong = parse_item(copy, &backing);
	if (!wrong) {
		region = talloc_region_create(&config);
		wrong = talloc_create_error(PTR_ERR_OR_ZERO(region));
	}
	if (IS_ERR(region))
		pr_err("item \"%s\": %s (%ld)\n", item, wrong, PTR_ERR(region));
	kfree(copy);
	return region;
}

/* All in @list, which this cuts up; on failure none. */
static int create_items(char *list, struct talloc_region **made)
{
	int n = 0, err = 0;
	char *item;

	while (!err && (item = strsep(&list, ","))) {
		made[n] = create_item(item);
		err = PTR_ERR_OR_ZERO(made[n]);
		n += !err;
	}
	while (err && n)
		talloc_region_destroy(made[--n]);
	return err;
}

static size_t count_items(const char *list)
{
	size_t n = 1;

	while ((list = strchr(list, ','))) {
		list++;
		n++;
	}
	return n;
}

/* Create the regions in a list; NULL for none. Where an item is wrong, those go again. */
int talloc_param_regions(const char *list)
{
	struct talloc_region **made;
	int err = -ENOMEM;
	char *copy;

	if (!list || !*list)
		return 0;
	copy = kstrdup(list, GFP_KERNEL);
	made = kmalloc_array(count_items(list), sizeof(*made), GFP_KERNEL);
	if (copy && made)
		err = create_items(copy, made);
	kfree(made);
	kfree(copy);
	return err;
}
