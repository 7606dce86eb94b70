// SPDX-License-Identifier: GPL-2.0
/*
 * One region from all contexts: process with and without interrupts, softirq,
 * hard interrupt, several CPUs, and blocks that are freed elsewhere than they
 * were allocated.
 */
#include <linux/completion.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "talloc_test_region.h"

#define NAME	"kunit-irq"

/* Rounds of a context that works alone, and of threads. */
#define ROUNDS		300
#define THREAD_ROUNDS	4000
#define THREADS		2

/* Steps in one round of an interrupt: it has to be short. */
#define STEPS		8

#define SLOTS		24

/**
 * struct worker - what works in a region, from one context
 * @region: the region
 * @slot: its blocks, each with its size in front and a pattern behind
 * @state: of its random numbers
 * @steps: steps done
 * @grown: blocks that were resized to more than they had
 * @failed: allocations that found no room: no fault, but not all of them may
 * @wrong: patterns that changed, calls that were refused, or the wrong context
 */
struct worker {
	struct talloc_region *region;
	u32 *slot[SLOTS];
	u32 state;
	u32 steps;
	u32 grown;
	u32 failed;
	u32 wrong;
};

static u32 worker_random(struct worker *worker, u32 limit)
{
	worker->state = worker->state * 1664525 + 1013904223;
	return (worker->state >> 8) % limit;
}

static void slot_fill(u32 *slot, size_t bytes)
{
	slot[0] = bytes;
	test_region_fill(slot + 1, bytes - sizeof(*slot), bytes);
}

static void slot_expect(struct worker *worker, const u32 *slot, size_t bytes, size_t key)
{
	if (!test_region_holds(slot + 1, bytes - sizeof(*slot), key))
		worker->wrong++;
}

static void worker_alloc(struct worker *worker, u32 i, size_t bytes)
{
	size_t align = 1u << worker_random(worker, 9);
	u32 *slot;

	if (worker_random(worker, 4))
		slot = talloc_region_alloc(worker->region, bytes, GFP_ATOMIC);
	else
		slot = talloc_region_alloc_aligned(worker->region, bytes, align, GFP_ATOMIC);
	worker->failed += !slot;
	if (slot)
		slot_fill(slot, bytes);
	worker->slot[i] = slot;
}

static void worker_free(struct worker *worker, u32 i)
{
	slot_expect(worker, worker->slot[i], worker->slot[i][0], worker->slot[i][0]);
	talloc_region_free(worker->region, worker->slot[i]);
	worker->slot[i] = NULL;
}

static void worker_realloc(struct worker *worker, u32 i, size_t bytes)
{
	size_t old = worker->slot[i][0];
	u32 *slot = talloc_region_realloc(worker->region, worker->slot[i], bytes, GFP_ATOMIC);

	worker->failed += !slot;
	if (!slot)
		return;
	slot_expect(worker, slot, min(old, bytes), old);
	slot_fill(slot, bytes);
	worker->slot[i] = slot;
}

static void worker_resize(struct worker *worker, u32 i, size_t bytes)
{
	size_t usable = talloc_region_usable_size(worker->region, worker->slot[i]);
	size_t old = worker->slot[i][0];

	if (talloc_region_resize(worker->region, worker->slot[i], bytes)) {
		worker->wrong += bytes <= old;
		return;
	}
	worker->grown += bytes > usable;
	slot_expect(worker, worker->slot[i], min(old, bytes), old);
	/* Its size has changed behind the compiler's back. */
	slot_fill(test_region_whole(worker->slot[i]), bytes);
}

static void worker_step(struct worker *worker)
{
	size_t bytes = 4 + worker_random(worker, 600);
	u32 i = worker_random(worker, SLOTS);

	worker->steps++;
	if (!worker->slot[i])
		worker_alloc(worker, i, bytes);
	else if (!worker_random(worker, 3))
		worker_realloc(worker, i, bytes);
	else if (!worker_random(worker, 3))
		worker_resize(worker, i, bytes);
	else
		worker_free(worker, i);
}

static void worker_round(struct worker *worker)
{
	u32 i;

	for (i = 0; i < STEPS; i++)
		worker_step(worker);
}

static struct worker *worker_new(struct kunit *test, struct talloc_region *region, u32 seed)
{
	struct worker *worker = test_zalloc(test, sizeof(*worker));

	worker->region = region;
	worker->state = seed;
	return worker;
}

static void worker_finish(struct kunit *test, struct worker *worker, u32 steps)
{
	u32 i;

	for (i = 0; i < SLOTS; i++)
		if (worker->slot[i])
			worker_free(worker, i);
	KUNIT_EXPECT_EQ(test, worker->wrong, 0);
	KUNIT_EXPECT_EQ(test, worker->steps, steps);
	KUNIT_EXPECT_LT(test, worker->failed, steps / 2);
	KUNIT_EXPECT_GE(test, worker->grown, steps / 200);
}

/* All is freed, nothing was refused, and the heaps are well. */
static void expect_well(struct kunit *test, struct talloc_region *region)
{
	struct talloc_region_stats stats = test_region_stats(region);

	KUNIT_EXPECT_EQ(test, stats.blocks, 0);
	KUNIT_EXPECT_EQ(test, stats.used_bytes, 0);
	KUNIT_EXPECT_EQ(test, stats.free_chunks, stats.spans);
	KUNIT_EXPECT_EQ(test, stats.allocs, stats.frees);
	KUNIT_EXPECT_EQ(test, stats.misuses, 0);
	KUNIT_EXPECT_EQ(test, talloc_region_check(region), 0);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, NULL), 0);
}

static void irq_process_irqs_off(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_64K);
	struct worker *worker = worker_new(test, region, 1);
	unsigned long flags;
	u32 i;

	for (i = 0; i < ROUNDS; i++) {
		local_irq_save(flags);
		worker_round(worker);
		if (!irqs_disabled())
			worker->wrong++;
		local_irq_restore(flags);
	}
	worker_finish(test, worker, ROUNDS * STEPS);
	expect_well(test, region);
}

/* A tasklet that comes again until its rounds are done. */
struct softirq {
	struct tasklet_struct tasklet;
	struct worker *worker;
	struct completion done;
	u32 rounds;
};

static void softirq_run(struct tasklet_struct *tasklet)
{
	struct softirq *softirq = container_of(tasklet, struct softirq, tasklet);

	softirq->worker->wrong += !in_serving_softirq();
	worker_round(softirq->worker);
	if (--softirq->rounds)
		tasklet_schedule(tasklet);
	else
		complete(&softirq->done);
}

static void softirq_start(struct kunit *test, struct softirq *softirq,
			  struct talloc_region *region)
{
	softirq->worker = worker_new(test, region, 2);
	softirq->rounds = ROUNDS;
	init_completion(&softirq->done);
	tasklet_setup(&softirq->tasklet, softirq_run);
	tasklet_schedule(&softirq->tasklet);
}

static void softirq_finish(struct kunit *test, struct softirq *softirq)
{
	wait_for_completion(&softirq->done);
	tasklet_kill(&softirq->tasklet);
	worker_finish(test, softirq->worker, ROUNDS * STEPS);
}

/* Work in hard interrupt context, once each time that it is queued. */
struct hardirq {
	struct irq_work work;
	struct worker *worker;
	struct completion done;
};

static void hardirq_run(struct irq_work *work)
{
	struct hardirq *hardirq = container_of(work, struct hardirq, work);

	hardirq->worker->wrong += !in_hardirq();
	worker_round(hardirq->worker);
	complete(&hardirq->done);
}

static void hardirq_init(struct kunit *test, struct hardirq *hardirq,
			 struct talloc_region *region)
{
	hardirq->worker = worker_new(test, region, 3);
	hardirq->work = IRQ_WORK_INIT_HARD(hardirq_run);
	init_completion(&hardirq->done);
}

static void hardirq_rounds(struct hardirq *hardirq, u32 rounds)
{
	while (rounds--) {
		irq_work_queue(&hardirq->work);
		wait_for_completion(&hardirq->done);
	}
	irq_work_sync(&hardirq->work);
}

/* Where the work waits for the timer's tick, it does so this often. */
#define HARDIRQ_ROUNDS	300

/* A thread on a CPU of its own, if there are as many. */
struct thread {
	struct task_struct *task;
	struct worker *worker;
	struct completion done;
};

static int thread_run(void *data)
{
	struct thread *thread = data;
	u32 i;

	for (i = 0; i < THREAD_ROUNDS / STEPS; i++) {
		worker_round(thread->worker);
		cond_resched();
	}
	/* The module may be gone by the time that a return from here is over. */
	kthread_complete_and_exit(&thread->done, 0);
}

static void threads_start(struct kunit *test, struct thread *threads,
			  struct talloc_region *region)
{
	struct thread *thread;
	u32 i, cpu = cpumask_first(cpu_online_mask);

	for (i = 0; i < THREADS; i++) {
		thread = &threads[i];
		thread->worker = worker_new(test, region, 10 + i);
		init_completion(&thread->done);
		thread->task = kthread_create(thread_run, thread, "talloc-kunit/%u", i);
		KUNIT_EXPECT_NOT_ERR_OR_NULL(test, thread->task);
		if (IS_ERR(thread->task))
			continue;
		kthread_bind(thread->task, cpu);
		cpu = cpumask_next(cpu, cpu_online_mask);
		if (cpu >= nr_cpu_ids)
			cpu = cpumask_first(cpu_online_mask);
	}
	for (i = 0; i < THREADS; i++)
		if (!IS_ERR(threads[i].task))
			wake_up_process(threads[i].task);
}

static void threads_finish(struct kunit *test, struct thread *threads)
{
	u32 i;

	for (i = 0; i < THREADS; i++) {
		if (IS_ERR(threads[i].task))
			continue;
		wait_for_completion(&threads[i].done);
		worker_finish(test, threads[i].worker, THREAD_ROUNDS);
	}
}

#define SOFTIRQ		BIT(0)
#define HARDIRQ		BIT(1)
#define THREAD		BIT(2)

/* Some contexts at once, with the region looked at meanwhile. */
static void contexts_run(struct kunit *test, struct talloc_region *region, u32 which)
{
	struct softirq *softirq = test_zalloc(test, sizeof(*softirq));
	struct hardirq *hardirq = test_zalloc(test, sizeof(*hardirq));
	struct thread *threads = test_zalloc(test, THREADS * sizeof(*threads));
	int err;

	hardirq_init(test, hardirq, region);
	if (which & THREAD)
		threads_start(test, threads, region);
	if (which & SOFTIRQ)
		softirq_start(test, softirq, region);
	if (which & HARDIRQ)
		hardirq_rounds(hardirq, HARDIRQ_ROUNDS);
	err = talloc_region_check(region);
	KUNIT_EXPECT_TRUE(test, !err || err == -EAGAIN);
	if (which & SOFTIRQ)
		softirq_finish(test, softirq);
	if (which & THREAD)
		threads_finish(test, threads);
	if (which & HARDIRQ)
		worker_finish(test, hardirq->worker, HARDIRQ_ROUNDS * STEPS);
	expect_well(test, region);
}

static void irq_softirq(struct kunit *test)
{
	contexts_run(test, test_region(test, NAME, SZ_64K), SOFTIRQ);
}

static void irq_hardirq(struct kunit *test)
{
	contexts_run(test, test_region(test, NAME, SZ_64K), HARDIRQ);
}

static void irq_threads(struct kunit *test)
{
	contexts_run(test, test_region(test, NAME, SZ_64K), THREAD);
}

static void irq_all_at_once(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_32K);

	KUNIT_EXPECT_EQ(test, talloc_region_add_span(region, NULL, SZ_32K), 0);
	contexts_run(test, region, SOFTIRQ | HARDIRQ | THREAD);
}

#define HANDED	64

/**
 * struct handover - blocks that one context allocates and another frees
 * @hard: the hard interrupt
 * @tasklet: the softirq
 * @done: it has run
 * @region: the region
 * @block: the blocks; even ones are allocated in process context, odd ones in hard
 *	interrupt, and freed in softirq and hard interrupt, half of them each
 */
struct handover {
	struct irq_work hard;
	struct tasklet_struct tasklet;
	struct completion done;
	struct talloc_region *region;
	void *block[HANDED];
};

static void handover_free(struct handover *handover, u32 from, u32 step)
{
	u32 i;

	for (i = from; i < HANDED; i += step) {
		talloc_region_free(handover->region, handover->block[i]);
		handover->block[i] = NULL;
	}
}

static void handover_alloc(struct handover *handover, u32 from, u32 step)
{
	u32 i;

	for (i = from; i < HANDED; i += step)
		handover->block[i] = talloc_region_zalloc(handover->region, 40 + i, GFP_ATOMIC);
}

static void handover_hard_alloc(struct irq_work *work)
{
	struct handover *handover = container_of(work, struct handover, hard);

	handover_alloc(handover, 1, 2);
	complete(&handover->done);
}

static void handover_hard_free(struct irq_work *work)
{
	struct handover *handover = container_of(work, struct handover, hard);

	handover_free(handover, 0, 4);
	handover_free(handover, 1, 4);
	complete(&handover->done);
}

static void handover_soft_free(struct tasklet_struct *tasklet)
{
	struct handover *handover = container_of(tasklet, struct handover, tasklet);

	handover_free(handover, 2, 4);
	handover_free(handover, 3, 4);
	complete(&handover->done);
}

static void handover_hard(struct handover *handover, void (*fn)(struct irq_work *work))
{
	handover->hard = IRQ_WORK_INIT_HARD(fn);
	irq_work_queue(&handover->hard);
	wait_for_completion(&handover->done);
	irq_work_sync(&handover->hard);
}

static void irq_freed_elsewhere(struct kunit *test)
{
	struct handover *handover = test_zalloc(test, sizeof(*handover));
	u32 round;

	handover->region = test_region(test, NAME, SZ_16K);
	init_completion(&handover->done);
	tasklet_setup(&handover->tasklet, handover_soft_free);
	for (round = 0; round < 10; round++) {
		handover_alloc(handover, 0, 2);
		handover_hard(handover, handover_hard_alloc);
		KUNIT_EXPECT_EQ(test, test_region_stats(handover->region).blocks, HANDED);
		handover_hard(handover, handover_hard_free);
		tasklet_schedule(&handover->tasklet);
		wait_for_completion(&handover->done);
		tasklet_kill(&handover->tasklet);
	}
	expect_well(test, handover->region);
}

/* What RCU frees, some time later, in softirq. */
struct object {
	struct rcu_head rcu;
	struct talloc_region *region;
	u8 payload[];
};

static void object_release(struct rcu_head *rcu)
{
	struct object *object = container_of(rcu, struct object, rcu);

	talloc_region_free(object->region, object);
}

static void irq_freed_by_rcu(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_64K);
	struct object *object;
	u32 i;

	for (i = 0; i < 200; i++) {
		object = talloc_region_alloc(region, struct_size(object, payload, i), GFP_KERNEL);
		KUNIT_EXPECT_NOT_NULL(test, object);
		if (!object)
			break;
		object->region = region;
		test_region_fill(object->payload, i, i);
		call_rcu(&object->rcu, object_release);
	}
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, test_region_stats(region).frees, 200);
	expect_well(test, region);
}

/* A misuse with interrupts off is reported like any other. */
static void irq_misuse(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_16K);
	void *block = talloc_region_alloc(region, 100, GFP_KERNEL);
	unsigned long flags;

	local_irq_save(flags);
	talloc_region_free(region, block);
	talloc_region_free(region, block);
	local_irq_restore(flags);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, "bad free"), 1);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, NULL), 1);
}

static int irq_oom(struct talloc_region *region, u64 bytes, const struct talloc_where *where,
		   gfp_t gfp, void *data)
{
	u32 *calls = data;

	(*calls)++;
	return -ENOMEM;
}

/* No growing and no handler for those who may not block. */
static void irq_never_blocks(struct kunit *test)
{
	u32 calls = 0;
	const struct talloc_region_config config = {
		.name = NAME, .bytes = SZ_4K, .grow_bytes = SZ_64K, .oom = irq_oom,
		.oom_data = &calls,
	};
	struct talloc_region *region = test_region_keep(test, talloc_region_create(&config));
	void *block = talloc_region_alloc(region, 100, GFP_KERNEL);
	unsigned long flags;
	u32 got = 0;

	KUNIT_ASSERT_NOT_NULL(test, block);
	local_irq_save(flags);
	got += !!talloc_region_alloc(region, SZ_16K, GFP_ATOMIC);
	got += !!talloc_region_alloc(region, SZ_16K, GFP_NOWAIT);
	got += !!talloc_region_alloc_aligned(region, 8, SZ_64K, GFP_ATOMIC);
	got += !!talloc_region_realloc(region, block, SZ_16K, GFP_ATOMIC);
	local_irq_restore(flags);
	KUNIT_EXPECT_EQ(test, got, 0);
	KUNIT_EXPECT_EQ(test, calls, 0);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).oom_calls, 0);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).spans, 1);
	talloc_region_free(region, block);
}

static struct kunit_case talloc_region_irq_cases[] = {
	KUNIT_CASE(irq_process_irqs_off),
	KUNIT_CASE(irq_softirq),
	KUNIT_CASE(irq_hardirq),
	KUNIT_CASE(irq_threads),
	KUNIT_CASE(irq_all_at_once),
	KUNIT_CASE(irq_freed_elsewhere),
	KUNIT_CASE(irq_freed_by_rcu),
	KUNIT_CASE(irq_misuse),
	KUNIT_CASE(irq_never_blocks),
	{}
};

struct kunit_suite talloc_region_irq_suite = {
	.name = "talloc_region_irq",
	.init = test_regions_init,
	.exit = test_regions_exit,
	.test_cases = talloc_region_irq_cases,
};
