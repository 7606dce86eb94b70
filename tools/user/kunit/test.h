/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * A stand-in for the kernel's <kunit/test.h>: as much of it as the suites of
 * the heap use, in the form that Linux 6.1 has. kunit.c runs them.
 */
#ifndef TALLOC_USER_KUNIT_TEST_H
#define TALLOC_USER_KUNIT_TEST_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define KUNIT_PARAM_DESC_SIZE	128

/* From <errno.h>, which a compiler for 64 bits may not have for 32. */
#define ENOMEM	12
#define EINVAL	22

struct kunit_block;

/**
 * struct kunit - a test that is running
 * @priv: what the suite's init callback leaves for the case
 * @param_value: the parameter of a parametrised case, else %NULL
 * @name: of the case
 */
struct kunit {
	void *priv;
	const void *param_value;
	const char *name;
	/* private: */
	jmp_buf abort;
	unsigned int failures;
	bool skipped;
	char reason[128];
	struct kunit_block *blocks;
};

struct kunit_case {
	void (*run_case)(struct kunit *test);
	const char *name;
	const void *(*generate_params)(const void *prev, char *desc);
};

struct kunit_suite {
	const char name[256];
	int (*suite_init)(struct kunit_suite *suite);
	void (*suite_exit)(struct kunit_suite *suite);
	int (*init)(struct kunit *test);
	void (*exit)(struct kunit *test);
	struct kunit_case *test_cases;
};

#define KUNIT_CASE(test_name)	{ .run_case = test_name, .name = #test_name }

#define KUNIT_CASE_PARAM(test_name, gen_params) \
	{ .run_case = test_name, .name = #test_name, .generate_params = gen_params }

#define KUNIT_ARRAY_PARAM(name, array, get_desc)				\
	static const void *name##_gen_params(const void *prev, char *desc)	\
	{									\
		__typeof__(&(array)[0]) next = prev;				\
										\
		next = next ? next + 1 : (array);				\
		if (next == (array) + sizeof(array) / sizeof((array)[0]))	\
			return NULL;						\
		get_desc(next, desc);						\
		return next;							\
	}

#define kunit_test_suites(...)							\
	struct kunit_suite *const kunit_user_suites[] = { __VA_ARGS__, NULL }

extern struct kunit_suite *const kunit_user_suites[];

/* As in the kernel, for annotations. */
#define __printf(a, b)	__attribute__((__format__(__printf__, a, b)))
#define __noreturn	__attribute__((__noreturn__))

#define gfp_t		unsigned int
#define GFP_KERNEL	0u

void *kunit_kzalloc(struct kunit *test, size_t size, gfp_t gfp);

void __printf(2, 3) kunit_info(struct kunit *test, const char *fmt, ...);

void __noreturn __printf(2, 3) kunit_skip(struct kunit *test, const char *fmt, ...);

/**
 * struct kunit_place - an expectation in the source
 * @file: where it stands
 * @line: where it stands
 * @assertion: whether the case ends where it is not met
 */
struct kunit_place {
	const char *file;
	int line;
	bool assertion;
};

#define KUNIT_HERE(is_assertion) \
	((struct kunit_place){ __FILE__, __LINE__, is_assertion })

void kunit_fail_text(struct kunit *test, struct kunit_place place, const char *text);
void kunit_fail_binary(struct kunit *test, struct kunit_place place, const char *left_text,
		       const char *op, const char *right_text, long long left, long long right);
void __printf(1, 2) kunit_detail(const char *fmt, ...);

/* As in the kernel, operands are compared as what they are. */
#define KUNIT_BINARY(test, is_assertion, left, op, right)				\
do {											\
	_Pragma("GCC diagnostic push")							\
	_Pragma("GCC diagnostic ignored \"-Wsign-compare\"")				\
	const __typeof__(left) kunit_left = (left);					\
	const __typeof__(right) kunit_right = (right);					\
	if (!(kunit_left op kunit_right))						\
		kunit_fail_binary(test, KUNIT_HERE(is_assertion), #left, #op, #right,	\
				  (long long)kunit_left, (long long)kunit_right);	\
	_Pragma("GCC diagnostic pop")							\
} while (0)

#define KUNIT_TRUTH(test, is_assertion, condition, truth)				\
do {											\
	if (((condition) ? true : false) != (truth))					\
		kunit_fail_text(test, KUNIT_HERE(is_assertion),				\
				#condition " is not " #truth);				\
} while (0)

#define KUNIT_TRUTH_MSG(test, is_assertion, condition, truth, fmt, ...)			\
do {											\
	if (((condition) ? true : false) != (truth)) {					\
		kunit_detail(fmt, ##__VA_ARGS__);					\
		kunit_fail_text(test, KUNIT_HERE(is_assertion),				\
				#condition " is not " #truth);				\
	}										\
} while (0)

#define KUNIT_BINARY_MSG(test, is_assertion, left, op, right, fmt, ...)			\
do {											\
	_Pragma("GCC diagnostic push")							\
	_Pragma("GCC diagnostic ignored \"-Wsign-compare\"")				\
	const __typeof__(left) kunit_left = (left);					\
	const __typeof__(right) kunit_right = (right);					\
	if (!(kunit_left op kunit_right)) {						\
		kunit_detail(fmt, ##__VA_ARGS__);					\
		kunit_fail_binary(test, KUNIT_HERE(is_assertion), #left, #op, #right,	\
				  (long long)kunit_left, (long long)kunit_right);	\
	}										\
	_Pragma("GCC diagnostic pop")							\
} while (0)

#define KUNIT_POINTER(test, is_assertion, left, op, right)				\
do {											\
	const void *kunit_left = (left);						\
	const void *kunit_right = (right);						\
	if (!(kunit_left op kunit_right))						\
		kunit_fail_text(test, KUNIT_HERE(is_assertion),				\
				#left " " #op " " #right " does not hold");		\
} while (0)

#define KUNIT_FAIL(test, fmt, ...)							\
do {											\
	kunit_detail(fmt, ##__VA_ARGS__);						\
	kunit_fail_text(test, KUNIT_HERE(false), "failed");				\
} while (0)

#define KUNIT_EXPECT_TRUE(test, condition)	KUNIT_TRUTH(test, false, condition, true)
#define KUNIT_EXPECT_FALSE(test, condition)	KUNIT_TRUTH(test, false, condition, false)
#define KUNIT_EXPECT_EQ(test, left, right)	KUNIT_BINARY(test, false, left, ==, right)
#define KUNIT_EXPECT_NE(test, left, right)	KUNIT_BINARY(test, false, left, !=, right)
#define KUNIT_EXPECT_LT(test, left, right)	KUNIT_BINARY(test, false, left, <, right)
#define KUNIT_EXPECT_LE(test, left, right)	KUNIT_BINARY(test, false, left, <=, right)
#define KUNIT_EXPECT_GT(test, left, right)	KUNIT_BINARY(test, false, left, >, right)
#define KUNIT_EXPECT_GE(test, left, right)	KUNIT_BINARY(test, false, left, >=, right)
#define KUNIT_EXPECT_PTR_EQ(test, left, right)	KUNIT_POINTER(test, false, left, ==, right)
#define KUNIT_EXPECT_PTR_NE(test, left, right)	KUNIT_POINTER(test, false, left, !=, right)
#define KUNIT_EXPECT_NULL(test, ptr)		KUNIT_POINTER(test, false, ptr, ==, NULL)
#define KUNIT_EXPECT_NOT_NULL(test, ptr)	KUNIT_POINTER(test, false, ptr, !=, NULL)

#define KUNIT_EXPECT_TRUE_MSG(test, condition, fmt, ...) \
	KUNIT_TRUTH_MSG(test, false, condition, true, fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_FALSE_MSG(test, condition, fmt, ...) \
	KUNIT_TRUTH_MSG(test, false, condition, false, fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_EQ_MSG(test, left, right, fmt, ...) \
	KUNIT_BINARY_MSG(test, false, left, ==, right, fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_NE_MSG(test, left, right, fmt, ...) \
	KUNIT_BINARY_MSG(test, false, left, !=, right, fmt, ##__VA_ARGS__)

#define KUNIT_ASSERT_TRUE(test, condition)	KUNIT_TRUTH(test, true, condition, true)
#define KUNIT_ASSERT_FALSE(test, condition)	KUNIT_TRUTH(test, true, condition, false)
#define KUNIT_ASSERT_EQ(test, left, right)	KUNIT_BINARY(test, true, left, ==, right)
#define KUNIT_ASSERT_NE(test, left, right)	KUNIT_BINARY(test, true, left, !=, right)
#define KUNIT_ASSERT_LE(test, left, right)	KUNIT_BINARY(test, true, left, <=, right)
#define KUNIT_ASSERT_GE(test, left, right)	KUNIT_BINARY(test, true, left, >=, right)
#define KUNIT_ASSERT_PTR_EQ(test, left, right)	KUNIT_POINTER(test, true, left, ==, right)
#define KUNIT_ASSERT_PTR_NE(test, left, right)	KUNIT_POINTER(test, true, left, !=, right)
#define KUNIT_ASSERT_NULL(test, ptr)		KUNIT_POINTER(test, true, ptr, ==, NULL)
#define KUNIT_ASSERT_NOT_NULL(test, ptr)	KUNIT_POINTER(test, true, ptr, !=, NULL)

#define KUNIT_ASSERT_TRUE_MSG(test, condition, fmt, ...) \
	KUNIT_TRUTH_MSG(test, true, condition, true, fmt, ##__VA_ARGS__)
#define KUNIT_ASSERT_EQ_MSG(test, left, right, fmt, ...) \
	KUNIT_BINARY_MSG(test, true, left, ==, right, fmt, ##__VA_ARGS__)

#endif /* TALLOC_USER_KUNIT_TEST_H */
