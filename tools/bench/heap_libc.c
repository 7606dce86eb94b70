// SPDX-License-Identifier: GPL-2.0
/*
 * The malloc of a shared library, LIBRARY. It has no region; only its speed says
 * something.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "heap.h"

static void *(*lib_malloc)(size_t bytes);
static void *(*lib_memalign)(size_t align, size_t bytes);
static void *(*lib_realloc)(void *block, size_t bytes);
static void (*lib_free)(void *block);

static void *find(void *library, const char *name)
{
	void *symbol = dlsym(library, name);

	if (!symbol) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	return symbol;
}

static void __attribute__((constructor)) libc_open(void)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

	if (!library) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	lib_malloc = find(library, "malloc");
	lib_memalign = find(library, "memalign");
	lib_realloc = find(library, "realloc");
	lib_free = find(library, "free");
}

static void *libc_alloc(size_t bytes)
{
	return lib_malloc(bytes);
}

static void *libc_alloc_aligned(size_t bytes, size_t align)
{
	return lib_memalign(align, bytes);
}

/* The traces resize no aligned block. */
static void *libc_resize(void *block, size_t old, size_t align, size_t bytes)
{
	return lib_realloc(block, bytes);
}

static void libc_free(void *block, size_t bytes, size_t align)
{
	lib_free(block);
}

const struct bench_heap bench_heap = {
	.alloc = libc_alloc,
	.alloc_aligned = libc_alloc_aligned,
	.resize = libc_resize,
	.free = libc_free,
};
