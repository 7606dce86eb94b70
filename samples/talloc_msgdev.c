// SPDX-License-Identifier: GPL-2.0
/*
 * talloc_msgdev: a message queue in a talloc region, as an example of a driver.
 *
 * Each line that is written to /dev/talloc_msgdev becomes a message, and each
 * read() takes the oldest message, or blocks. Where it gives less room than the
 * message needs, the next read() on the same open file has the rest. A timer
 * adds a line of statistics now and then and drops messages that are too old.
 * When there is no room, the oldest messages make way: writers never wait.
 *
 * Everything is in the region "msgdev": messages, which are as long as they
 * need to be, the state of open files, and the ring that orders the messages.
 *
 *	insmod talloc.ko
 *	insmod talloc_msgdev.ko max_bytes=4194304
 *	echo hello >/dev/talloc_msgdev
 *	head -n 1 /dev/talloc_msgdev
 *	cat /sys/kernel/debug/talloc/msgdev/stats
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/talloc.h>
#include <linux/timer.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

/* Messages in the queue: a power of two, as indices of the ring just wrap. */
#define MSGDEV_SLOTS		1024u
/* Where hardware fetches a ring by itself, it wants it aligned like this. */
#define MSGDEV_RING_ALIGN	SZ_4K
/* A longer line is cut into messages of this size. */
#define MSGDEV_LINE_MAX		SZ_16K
/* Lines grow by this much while they are being written. */
#define MSGDEV_STEP		256u
/* Most messages that one run of the timer drops: a softirq has to be short. */
#define MSGDEV_EXPIRE_MAX	64u

struct msgdev_msg {
	unsigned long posted;	/* jiffies */
	u32 len;
	char text[];
};

/* An open file. */
struct msgdev_file {
	struct mutex lock;		/* guards what follows */
	struct msgdev_msg *line;	/* being written, not yet in the queue */
	struct msgdev_msg *reading;	/* taken from the queue, not yet read */
	size_t read;			/* how much of it is */
};

static unsigned long bytes = SZ_1M;
module_param(bytes, ulong, 0444);
MODULE_PARM_DESC(bytes, "size of the region when it is created");

static unsigned long max_bytes = SZ_4M;
module_param(max_bytes, ulong, 0444);
MODULE_PARM_DESC(max_bytes, "size up to which the region may grow");

static unsigned int heartbeat_ms = 1000;
module_param(heartbeat_ms, uint, 0444);
MODULE_PARM_DESC(heartbeat_ms, "time between two messages with statistics");

static unsigned int expire_ms = 60000;
module_param(expire_ms, uint, 0444);
MODULE_PARM_DESC(expire_ms, "age at which messages are dropped");

static struct talloc_region *msgdev_region;

/* The queue: slots from tail to head, the oldest at the tail. */
static DEFINE_SPINLOCK(msgdev_lock);
static struct msgdev_msg **msgdev_ring;
static u32 msgdev_head, msgdev_tail;

static DECLARE_WAIT_QUEUE_HEAD(msgdev_wait);
static atomic_long_t msgdev_dropped;

static bool msgdev_readable(void)
{
	bool readable;

	spin_lock_bh(&msgdev_lock);
	readable = msgdev_head != msgdev_tail;
	spin_unlock_bh(&msgdev_lock);
	return readable;
}

/* Takes the oldest message, if there is one of that age. */
static struct msgdev_msg *msgdev_take(unsigned long min_age)
{
	struct msgdev_msg *msg = NULL;

	spin_lock_bh(&msgdev_lock);
	if (msgdev_head != msgdev_tail)
		msg = msgdev_ring[msgdev_tail % MSGDEV_SLOTS];
	if (msg && time_after_eq(jiffies, msg->posted + min_age))
		msgdev_tail++;
	else
		msg = NULL;
	spin_unlock_bh(&msgdev_lock);
	return msg;
}

/* Returns the message that had to make way, or NULL. */
static struct msgdev_msg *msgdev_post(struct msgdev_msg *msg)
{
	struct msgdev_msg *oldest = NULL;

	spin_lock_bh(&msgdev_lock);
	if (msgdev_head - msgdev_tail == MSGDEV_SLOTS)
		oldest = msgdev_ring[msgdev_tail++ % MSGDEV_SLOTS];
	msg->posted = jiffies;
	msgdev_ring[msgdev_head++ % MSGDEV_SLOTS] = msg;
	spin_unlock_bh(&msgdev_lock);

	wake_up_interruptible(&msgdev_wait);
	return oldest;
}

static void msgdev_drop(struct msgdev_msg *msg)
{
	atomic_long_add(!!msg, &msgdev_dropped);
	talloc_region_free(msgdev_region, msg);
}

/* A message is complete: process context and softirq alike. */
static void msgdev_submit(struct msgdev_msg *msg)
{
	/* It was given more than it needed. Shrinking in place moves nothing. */
	talloc_region_resize(msgdev_region, msg, struct_size(msg, text, msg->len));
	msgdev_drop(msgdev_post(msg));
}

/*
 * The region's oom handler: called without locks of the region when it could
 * not grow any more, and only for callers who may block. That something was
 * freed does not mean that it was enough; then talloc asks again.
 */
static int msgdev_make_room(struct talloc_region *region, u64 wanted,
			    const struct talloc_where *where, gfp_t gfp, void *data)
{
	struct msgdev_msg *msg;
	size_t freed = 0;

	while (freed < wanted && (msg = msgdev_take(0))) {
		freed += talloc_region_usable_size(region, msg);
		msgdev_drop(msg);
	}
	return freed ? 0 : -ENOMEM;
}

static void msgdev_expire(void)
{
	unsigned int i;

	for (i = 0; i < MSGDEV_EXPIRE_MAX; i++)
		msgdev_drop(msgdev_take(msecs_to_jiffies(expire_ms)));
}

static void msgdev_heartbeat(void)
{
	struct talloc_region_stats stats;
	struct msgdev_msg *msg;

	/* Freed at the end of the scope, unless it is kept. */
	CLASS(talloc_block, block)(msgdev_region, struct_size(msg, text, MSGDEV_STEP),
				   GFP_ATOMIC);

	msg = block.p;
	if (!msg)
		return;
	talloc_region_stats(msgdev_region, &stats);
	msg->len = scnprintf(msg->text, MSGDEV_STEP,
			     "heartbeat: %llu blocks, %llu of %llu bytes, %ld dropped\n",
			     stats.blocks, stats.used_bytes, stats.total_bytes,
			     atomic_long_read(&msgdev_dropped));
	msgdev_submit(talloc_block_keep(&block));
}

static void msgdev_tick(struct timer_list *timer)
{
	msgdev_expire();
	msgdev_heartbeat();
	mod_timer(timer, jiffies + 1 + msecs_to_jiffies(heartbeat_ms));
}

static DEFINE_TIMER(msgdev_timer, msgdev_tick);

/* Adds to the file's line up to its end; returns how much that took. */
static ssize_t msgdev_append(struct msgdev_file *f, const char __user *from, size_t count)
{
	size_t have = f->line ? f->line->len : 0;
	struct msgdev_msg *line;
	char *end;

	count = min3(count, (size_t)MSGDEV_STEP, MSGDEV_LINE_MAX - have);
	line = talloc_region_realloc(msgdev_region, f->line,
				     struct_size(line, text, have + count), GFP_KERNEL);
	if (!line)
		return -ENOMEM;	/* f->line is what it was */
	f->line = line;
	line->len = have;
	if (copy_from_user(line->text + have, from, count))
		return -EFAULT;

	end = memchr(line->text + have, '\n', count);
	if (end)
		count = end + 1 - (line->text + have);
	line->len += count;
	if (end || line->len == MSGDEV_LINE_MAX) {
		f->line = NULL;
		msgdev_submit(line);
	}
	return count;
}

static ssize_t msgdev_write(struct file *file, const char __user *from, size_t count,
			    loff_t *ppos)
{
	struct msgdev_file *f = file->private_data;
	ssize_t ret = 0;
	size_t done = 0;

	guard(mutex)(&f->lock);
	while (done < count && !fatal_signal_pending(current)) {
		ret = msgdev_append(f, from + done, count - done);
		if (ret < 0)
			break;
		done += ret;
		cond_resched();
	}
	return done ?: ret;
}

/* Returns 0 where there is no message. */
static ssize_t msgdev_read_some(struct msgdev_file *f, char __user *to, size_t count)
{
	guard(mutex)(&f->lock);
	if (!f->reading) {
		f->reading = msgdev_take(0);
		f->read = 0;
	}
	if (!f->reading)
		return 0;

	count = min(count, f->reading->len - f->read);
	if (copy_to_user(to, f->reading->text + f->read, count))
		return -EFAULT;
	f->read += count;
	if (f->read == f->reading->len) {
		talloc_region_free(msgdev_region, f->reading);
		f->reading = NULL;
	}
	return count;
}

static ssize_t msgdev_read(struct file *file, char __user *to, size_t count, loff_t *ppos)
{
	ssize_t ret;

	if (!count)
		return 0;
	do {
		ret = msgdev_read_some(file->private_data, to, count);
		if (ret)
			return ret;
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		/* Another reader may be faster: hence the loop. */
		ret = wait_event_interruptible(msgdev_wait, msgdev_readable());
	} while (!ret);
	return ret;
}

static __poll_t msgdev_poll(struct file *file, poll_table *wait)
{
	struct msgdev_file *f = file->private_data;
	__poll_t mask = EPOLLOUT | EPOLLWRNORM;

	poll_wait(file, &msgdev_wait, wait);
	if (READ_ONCE(f->reading) || msgdev_readable())
		mask |= EPOLLIN | EPOLLRDNORM;
	return mask;
}

static int msgdev_open(struct inode *inode, struct file *file)
{
	struct msgdev_file *f;

	f = talloc_region_zalloc(msgdev_region, sizeof(*f), GFP_KERNEL);
	if (!f)
		return -ENOMEM;
	mutex_init(&f->lock);
	file->private_data = f;
	return stream_open(inode, file);
}

static int msgdev_release(struct inode *inode, struct file *file)
{
	struct msgdev_file *f = file->private_data;

	/* A line that never ended is lost. Freeing NULL does nothing. */
	talloc_region_free(msgdev_region, f->line);
	talloc_region_free(msgdev_region, f->reading);
	mutex_destroy(&f->lock);
	talloc_region_free(msgdev_region, f);
	return 0;
}

static const struct file_operations msgdev_fops = {
	.owner = THIS_MODULE,
	.open = msgdev_open,
	.read = msgdev_read,
	.write = msgdev_write,
	.poll = msgdev_poll,
	.release = msgdev_release,
};

static struct miscdevice msgdev_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "talloc_msgdev",
	.fops = &msgdev_fops,
};

static void msgdev_destroy(void)
{
	struct msgdev_msg *msg;

	while ((msg = msgdev_take(0)))
		talloc_region_free(msgdev_region, msg);
	talloc_region_free(msgdev_region, msgdev_ring);
	/* Refuses if we have lost a block, and says which. */
	if (talloc_region_destroy(msgdev_region))
		pr_err("the region is still in use\n");
}

static int __init msgdev_init(void)
{
	const struct talloc_region_config config = {
		.name = "msgdev",
		.bytes = bytes,
		.grow_bytes = bytes,
		.max_bytes = max_bytes,
		.oom = msgdev_make_room,
	};
	int ret = -ENOMEM;

	msgdev_region = talloc_region_create(&config);
	if (IS_ERR(msgdev_region))
		return PTR_ERR(msgdev_region);
	msgdev_ring = talloc_region_alloc_aligned(msgdev_region,
						  array_size(MSGDEV_SLOTS, sizeof(*msgdev_ring)),
						  MSGDEV_RING_ALIGN, GFP_KERNEL);
	if (msgdev_ring)
		ret = misc_register(&msgdev_misc);
	if (ret) {
		msgdev_destroy();
		return ret;
	}
	mod_timer(&msgdev_timer, jiffies + 1);
	return 0;
}
module_init(msgdev_init);

static void __exit msgdev_exit(void)
{
	misc_deregister(&msgdev_misc);
	timer_shutdown_sync(&msgdev_timer);
	msgdev_destroy();
}
module_exit(msgdev_exit);

MODULE_DESCRIPTION("Message queue in a talloc region");
MODULE_LICENSE("GPL");
TALLOC_IMPORT_NS();
