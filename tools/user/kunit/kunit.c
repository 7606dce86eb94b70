// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Runs KUnit suites in userspace and prints KTAP, nested as the kernel does.
 * See tools/user/Makefile for the environment that it heeds.
 */
#include <fnmatch.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <kunit/test.h>

/* No case runs for as long as this, in seconds, unless it hangs. */
#define CASE_SECONDS	600

#define MAX_INDENT	8

struct kunit_block {
	struct kunit_block *next;
	max_align_t memory[];
};

struct tally {
	unsigned int passed;
	unsigned int failed;
	unsigned int skipped;
};

static const char *filter;

void *kunit_kzalloc(struct kunit *test, size_t size, gfp_t gfp)
{
	struct kunit_block *block = calloc(1, sizeof(*block) + size);

	(void)gfp;
	if (!block)
		return NULL;
	block->next = test->blocks;
	test->blocks = block;
	return block->memory;
}

static void free_blocks(struct kunit *test)
{
	struct kunit_block *block;

	while ((block = test->blocks)) {
		test->blocks = block->next;
		free(block);
	}
}

void kunit_detail(const char *fmt, ...)
{
	va_list args;

	printf("    # ");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
}

void kunit_info(struct kunit *test, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	text[strcspn(text, "\n")] = '\0';
	printf("    # %s: %s\n", test->name, text);
}

void kunit_skip(struct kunit *test, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(test->reason, sizeof(test->reason), fmt, args);
	va_end(args);
	test->skipped = true;
	longjmp(test->abort, 1);
}

static void failed(struct kunit *test, struct kunit_place place)
{
	test->failures++;
	if (place.assertion)
		longjmp(test->abort, 1);
}

void kunit_fail_text(struct kunit *test, struct kunit_place place, const char *text)
{
	printf("    # %s: %s at %s:%d: %s\n", test->name,
	       place.assertion ? "ASSERTION FAILED" : "EXPECTATION FAILED",
	       place.file, place.line, text);
	failed(test, place);
}

void kunit_fail_binary(struct kunit *test, struct kunit_place place, const char *left_text,
		       const char *op, const char *right_text, long long left, long long right)
{
	printf("    # %s: %s at %s:%d: %s %s %s, but left is %lld (0x%llx), right %lld (0x%llx)\n",
	       test->name, place.assertion ? "ASSERTION FAILED" : "EXPECTATION FAILED",
	       place.file, place.line, left_text, op, right_text,
	       left, (unsigned long long)left, right, (unsigned long long)right);
	failed(test, place);
}

/* One run of a case: init, the case, exit, each able to end early. */
static void run_once(struct kunit_suite *suite, struct kunit_case *c, struct kunit *test)
{
	alarm(CASE_SECONDS);
	if (!setjmp(test->abort)) {
		int err = suite->init ? suite->init(test) : 0;

		if (err) {
			kunit_info(test, "failed to initialize: %d", err);
			test->failures++;
		} else {
			c->run_case(test);
		}
	}
	if (suite->exit && !setjmp(test->abort))
		suite->exit(test);
	free_blocks(test);
	alarm(0);
}

static void report(int indent, unsigned int number, const char *name, struct tally one,
		   const char *reason)
{
	printf("%*s%s %u %s%s%s\n", indent, "", one.failed ? "not ok" : "ok", number, name,
	       !one.failed && !one.passed ? " # SKIP " : "", reason);
}

static struct tally run_test(struct kunit_suite *suite, struct kunit_case *c,
			     const void *param, int indent, unsigned int number,
			     const char *name)
{
	struct kunit test = { .param_value = param, .name = c->name };
	struct tally one = { 0 };

	run_once(suite, c, &test);
	if (test.failures)
		one.failed = 1;
	else if (test.skipped)
		one.skipped = 1;
	else
		one.passed = 1;
	report(indent, number, name, one, one.skipped ? test.reason : "");
	return one;
}

static void tally_add(struct tally *sum, struct tally one)
{
	sum->passed += one.passed;
	sum->failed += one.failed;
	sum->skipped += one.skipped;
}

static unsigned int count_params(struct kunit_case *c)
{
	char desc[KUNIT_PARAM_DESC_SIZE];
	const void *param = NULL;
	unsigned int count = 0;

	while ((param = c->generate_params(param, desc)))
		count++;
	return count;
}

static struct tally run_params(struct kunit_suite *suite, struct kunit_case *c,
			       int indent, unsigned int number)
{
	char desc[KUNIT_PARAM_DESC_SIZE];
	struct tally sum = { 0 };
	const void *param = NULL;
	unsigned int n = 0;

	printf("%*sKTAP version 1\n%*s# Subtest: %s\n%*s1..%u\n", indent + 4, "",
	       indent + 4, "", c->name, indent + 4, "", count_params(c));
	while ((param = c->generate_params(param, desc)))
		tally_add(&sum, run_test(suite, c, param, indent + 4, ++n, desc));
	printf("%*s# %s: pass:%u fail:%u skip:%u total:%u\n", indent, "", c->name,
	       sum.passed, sum.failed, sum.skipped, n);
	report(indent, number, c->name, sum, "");
	return sum;
}

static bool wanted(struct kunit_suite *suite, struct kunit_case *c)
{
	char name[512];

	if (!filter)
		return true;
	snprintf(name, sizeof(name), "%s.%s", suite->name, c->name);
	return !fnmatch(filter, name, 0);
}

static unsigned int count_cases(struct kunit_suite *suite)
{
	struct kunit_case *c;
	unsigned int count = 0;

	for (c = suite->test_cases; c->run_case; c++)
		count += wanted(suite, c);
	return count;
}

static struct tally run_suite(struct kunit_suite *suite, unsigned int number)
{
	struct tally sum = { 0 };
	struct kunit_case *c;
	unsigned int n = 0;

	printf("    KTAP version 1\n    # Subtest: %s\n    1..%u\n", suite->name,
	       count_cases(suite));
	for (c = suite->test_cases; c->run_case; c++) {
		if (!wanted(suite, c))
			continue;
		n++;
		if (c->generate_params)
			tally_add(&sum, run_params(suite, c, 4, n));
		else
			tally_add(&sum, run_test(suite, c, NULL, 4, n, c->name));
	}
	report(0, number, suite->name, sum, "");
	return sum;
}

static unsigned int count_suites(void)
{
	struct kunit_suite *const *suite;
	unsigned int count = 0;

	for (suite = kunit_user_suites; *suite; suite++)
		count += count_cases(*suite) > 0;
	return count;
}

int main(int argc, char **argv)
{
	struct kunit_suite *const *suite;
	struct tally sum = { 0 };
	unsigned int n = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	filter = argc > 1 ? argv[1] : getenv("TALLOC_FILTER");
	printf("KTAP version 1\n1..%u\n", count_suites());
	for (suite = kunit_user_suites; *suite; suite++)
		if (count_cases(*suite))
			tally_add(&sum, run_suite(*suite, ++n));
	printf("# Totals: pass:%u fail:%u skip:%u total:%u\n", sum.passed, sum.failed,
	       sum.skipped, sum.passed + sum.failed + sum.skipped);
	return sum.failed || !sum.passed;
}
