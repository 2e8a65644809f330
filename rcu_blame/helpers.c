// SPDX-License-Identifier: GPL-2.0
/* The C side of rcu_blame.rs: see helpers.h. */
#include <linux/cgroup.h>
#include <linux/fs.h>
#include <linux/kobject.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/nsproxy.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "helpers.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

u64 __kprobes rcu_blame_local_clock(void)
{
	return local_clock();
}

bool __kprobes rcu_blame_being_woken(struct task_struct *task)
{
	return raw_spin_is_locked(&task->pi_lock) || READ_ONCE(task->__state) == TASK_WAKING;
}

/*
 * The cgroup of the default hierarchy, by its id, which is the number of its
 * directory's inode.  A css_set, and what it refers to, is freed by kfree_rcu()
 * (put_css_set_locked()).  Lockdep does not see the section that protects it
 * here, so it is not asked.
 */
static __always_inline struct cgroup *cgroup_of(struct task_struct *task)
{
	return rcu_dereference_raw(task->cgroups)->dfl_cgrp;
}

u64 __kprobes rcu_blame_cgroup_id(struct task_struct *task)
{
	return cgroup_id(cgroup_of(task));
}

/* The cgroup itself, or one below it. */
bool __kprobes rcu_blame_in_cgroup(struct task_struct *task, u64 id)
{
	struct cgroup *cgrp;

	/* A child holds its parent: it is there for as long as the child is. */
	for (cgrp = cgroup_of(task); cgrp; cgrp = cgroup_parent(cgrp))
		if (cgroup_id(cgrp) == id)
			return true;
	return false;
}

struct task_struct *rcu_blame_find(pid_t pid)
{
	return pid_task(find_pid_ns(pid, &init_pid_ns), PIDTYPE_PID);
}

int rcu_blame_cgroup_by_path(const char *path, u64 *id)
{
	struct cgroup *cgrp = cgroup_get_from_path(path);

	if (IS_ERR(cgrp))
		return PTR_ERR(cgrp);
	*id = cgroup_id(cgrp);
	cgroup_put(cgrp);
	return 0;
}

/*
 * The length of the path as the caller's cgroup namespace names it, which is how
 * cgroup_get_from_path() takes it.  Process context.  -ENOENT: it is gone, or not
 * in that namespace.  cgroup_path_ns() would not do: it takes cgroup_mutex, which
 * is held over grace periods when a task is moved to another cgroup.
 */
int rcu_blame_cgroup_path(u64 id, char *path, size_t len)
{
	struct cgroup *cgrp = cgroup_get_from_id(id);
	struct cgroup *root = current->nsproxy->cgroup_ns->root_cset->dfl_cgrp;
	int ret;

	if (IS_ERR(cgrp))
		return PTR_ERR(cgrp);
	ret = kernfs_path_from_node(cgrp->kn, root->kn, path, len);
	cgroup_put(cgrp);
	/* A path that does not fit is cut short, and fills the buffer. */
	return ret >= 0 && ret + 1 >= len ? -ENAMETOOLONG : ret;
}

/*
 * The sequence numbers of normal and of expedited grace periods: the low
 * RCU_SEQ_CTR_SHIFT bits are not 0 while one is under way, the others count
 * those that have ended.
 */
void __kprobes rcu_blame_grace_periods(unsigned long *normal, unsigned long *expedited)
{
	int flags;

	rcutorture_get_gp_data(&flags, normal);
	*expedited = rcu_exp_batches_completed();
}

/*
 * For whoever takes a slot of the table of tasks.  A leaf: nothing is taken, and
 * nothing but the slot is touched, with it held.  No probe that takes it is hit
 * in an NMI.
 */
static DEFINE_RAW_SPINLOCK(insert_lock);

unsigned long __kprobes rcu_blame_lock(void)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&insert_lock, flags);
	return flags;
}

void __kprobes rcu_blame_unlock(unsigned long flags)
{
	raw_spin_unlock_irqrestore(&insert_lock, flags);
}

/* The tracks of a reader's slices in Perfetto: see trace.h. */
#define OFF	"off its CPU"
#define BOOSTED	"boosted"

void __kprobes rcu_blame_reader_preempted(struct task_struct *task, int nesting,
					  bool preempted, bool first, bool expedited,
					  u64 cgroup)
{
	trace_reader_preempted(task, nesting, preempted, first, expedited, cgroup);
	trace_reader_slice(task, 'B', OFF);
}

void __kprobes rcu_blame_reader_resumed(struct task_struct *task, u64 off_ns, bool boosted)
{
	trace_reader_resumed(task, off_ns, boosted);
	trace_reader_slice(task, 'E', OFF);
}

void __kprobes rcu_blame_reader_threshold(struct task_struct *task, u64 off_ns,
					  u64 threshold_ns)
{
	trace_reader_threshold(task, off_ns, threshold_ns);
}

void __kprobes rcu_blame_reader_boosted(struct task_struct *task, int newprio, u64 after_ns)
{
	trace_reader_boosted(task, newprio, after_ns);
	trace_reader_slice(task, 'B', BOOSTED);
}

void __kprobes rcu_blame_reader_deboosted(struct task_struct *task, int newprio,
					  u64 boosted_ns)
{
	trace_reader_deboosted(task, newprio, boosted_ns);
	trace_reader_slice(task, 'E', BOOSTED);
}

void __kprobes rcu_blame_gp_slow(bool expedited, u64 number, u64 duration_ns)
{
	trace_gp_slow(expedited, number, duration_ns);
}

void __kprobes rcu_blame_qs_deferred(struct task_struct *task, bool blocked, bool need_qs,
				     bool exp_hint)
{
	trace_qs_deferred(task, blocked, need_qs, exp_hint);
}

/*
 * Files.  The kernel crate's debugfs would do, if its files had an owner: they
 * have none, so a module can go while one of them is open, and closing it then
 * looks for ->release in what was the module (full_proxy_release()).  These pin
 * the module while they are open.  Removing a file waits for callers of the
 * functions below.
 *
 * A record at a time, by its position: seq_file formats a record again if it does
 * not fit into the page, not all those before it.
 */
static void *seek(struct seq_file *seq, loff_t *at)
{
	int found = rcu_blame_seek(seq->private, at);

	if (found < 0)
		return ERR_PTR(found);
	return found ? at : NULL;
}

static void *next(struct seq_file *seq, void *record, loff_t *at)
{
	++*at;
	return seek(seq, at);
}

static void stop(struct seq_file *seq, void *record)
{
}

static int show(struct seq_file *seq, void *record)
{
	return rcu_blame_show(seq, seq->private, *(loff_t *)record) ? 0 : SEQ_SKIP;
}

static const struct seq_operations records = {
	.start = seek,
	.next = next,
	.stop = stop,
	.show = show,
};

static int open(struct inode *inode, struct file *file)
{
	struct rcu_blame_reading *reading =
		__seq_open_private(file, &records, sizeof(*reading));

	if (!reading)
		return -ENOMEM;
	reading->file = inode->i_private;
	return 0;
}

static int release(struct inode *inode, struct file *file)
{
	struct seq_file *seq = file->private_data;

	rcu_blame_close(seq->private);
	return seq_release_private(inode, file);
}

const struct file_operations rcu_blame_file_operations = {
	.owner = THIS_MODULE,
	.open = open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = release,
};

/*
 * Control files are in sysfs: a kernel that is locked down refuses each file of
 * debugfs that can be written, even for reading (debugfs_locked_down()).  One
 * that is open does not pin the module: sysfs waits for callers of the functions
 * below when the file is removed, and calls none later.
 */
static ssize_t control_show(struct kobject *kobj, struct kobj_attribute *attribute, char *page)
{
	const struct rcu_blame_control *control =
		container_of(attribute, struct rcu_blame_control, attribute);

	return rcu_blame_control_show(control->context, control->id, page, PAGE_SIZE);
}

static ssize_t control_store(struct kobject *kobj, struct kobj_attribute *attribute,
			     const char *text, size_t len)
{
	const struct rcu_blame_control *control =
		container_of(attribute, struct rcu_blame_control, attribute);
	int err;

	/* One write, one command.  Of a longer text sysfs passes on a page. */
	if (len > RCU_BLAME_WRITE_MAX)
		return -EINVAL;
	err = rcu_blame_control_store(control->context, control->id, text, len);
	return err ?: len;
}

/* Process context.  @control stays where it is until @directory has been removed. */
int rcu_blame_control_create(struct kobject *directory, const char *name,
			     struct rcu_blame_control *control)
{
	sysfs_attr_init(&control->attribute.attr);
	control->attribute.attr.name = name;
	control->attribute.attr.mode = 0600;
	control->attribute.show = control_show;
	control->attribute.store = control_store;
	return sysfs_create_file(directory, &control->attribute.attr);
}

/* For whoever changes something: the kernel crate's Mutex cannot be waited for killably. */
static DEFINE_MUTEX(turn);

int rcu_blame_turn_begin(void)
{
	return mutex_lock_killable(&turn);
}

void rcu_blame_turn_end(void)
{
	mutex_unlock(&turn);
}

/* For a jiffy.  Returns false if the current task has been killed. */
bool rcu_blame_sleep(void)
{
	schedule_timeout_killable(1);
	return !fatal_signal_pending(current);
}

/* module!{} takes numbers only. */
static char *filter;
module_param(filter, charp, 0400);
MODULE_PARM_DESC(filter, "Tasks to look at, as /sys/kernel/rcu_blame/filter (all)");

static char *events;
module_param(events, charp, 0400);
MODULE_PARM_DESC(events, "Events to attach to, as /sys/kernel/rcu_blame/events (all)");

const char *rcu_blame_param_filter(void)
{
	return filter;
}

const char *rcu_blame_param_events(void)
{
	return events;
}
