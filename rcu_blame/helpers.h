/* SPDX-License-Identifier: GPL-2.0 */
/*
 * C helpers of rcu_blame.rs: internals of RCU and of the cgroups, trace events,
 * files that pin their module, string parameters.
 */
#ifndef _RCU_BLAME_HELPERS_H
#define _RCU_BLAME_HELPERS_H

#include <linux/fs.h>
#include <linux/kobject.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/types.h>

/* In a probe.  Functions that follow a pointer of the task's need an RCU reader. */
u64 rcu_blame_local_clock(void);
bool rcu_blame_being_woken(struct task_struct *task);
u64 rcu_blame_cgroup_id(struct task_struct *task);
bool rcu_blame_in_cgroup(struct task_struct *task, u64 id);
void rcu_blame_grace_periods(unsigned long *normal, unsigned long *expedited);
unsigned long rcu_blame_lock(void);
void rcu_blame_unlock(unsigned long flags);

void rcu_blame_reader_preempted(struct task_struct *task, int nesting, bool preempted,
				bool first, bool expedited, u64 cgroup);
void rcu_blame_reader_resumed(struct task_struct *task, u64 off_ns, bool boosted);
void rcu_blame_reader_threshold(struct task_struct *task, u64 off_ns, u64 threshold_ns);
void rcu_blame_reader_boosted(struct task_struct *task, int newprio, u64 after_ns);
void rcu_blame_reader_deboosted(struct task_struct *task, int newprio, u64 boosted_ns);
void rcu_blame_gp_slow(bool expedited, u64 number, u64 duration_ns);
void rcu_blame_qs_deferred(struct task_struct *task, bool blocked, bool need_qs,
			   bool exp_hint);

/*
 * RCU's own, exported for the torture tests, and declared in a header of its own
 * (kernel/rcu/rcu.h).  Each reads one word.
 */
void rcutorture_get_gp_data(int *flags, unsigned long *gp_seq);
unsigned long rcu_exp_batches_completed(void);

/* The task of that pid in the first namespace, or NULL.  Under rcu_read_lock(). */
struct task_struct *rcu_blame_find(pid_t pid);

/* Process context. */
int rcu_blame_cgroup_by_path(const char *path, u64 *id);
int rcu_blame_cgroup_path(u64 id, char *path, size_t len);
int rcu_blame_turn_begin(void);
void rcu_blame_turn_end(void);
bool rcu_blame_sleep(void);
const char *rcu_blame_param_filter(void);
const char *rcu_blame_param_events(void);

/**
 * struct rcu_blame_file - the private data of a file in debugfs
 * @context: the probe
 * @id: which file it is
 */
struct rcu_blame_file {
	const void *context;
	u32 id;
};

/**
 * struct rcu_blame_reading - the private data of an open file, zeroed at first
 * @file: the file
 * @rows: for Rust, which frees it in rcu_blame_close()
 */
struct rcu_blame_reading {
	const struct rcu_blame_file *file;
	void *rows;
};

extern const struct file_operations rcu_blame_file_operations;

/**
 * struct rcu_blame_control - a control file, in sysfs
 * @attribute: set by rcu_blame_control_create()
 * @context: what rcu_blame_control_show() and rcu_blame_control_store() are called with
 * @id: which file it is
 */
struct rcu_blame_control {
	struct kobj_attribute attribute;
	const void *context;
	u32 id;
};

/* The length of the longest write, without the byte that ends it. */
#define RCU_BLAME_WRITE_MAX	1023

int rcu_blame_control_create(struct kobject *directory, const char *name,
			     struct rcu_blame_control *control);

/* Implemented in Rust, rcu_blame/debugfs.rs and rcu_blame/sysfs.rs. */
int rcu_blame_seek(struct rcu_blame_reading *reading, loff_t *at);
bool rcu_blame_show(struct seq_file *seq, struct rcu_blame_reading *reading, loff_t at);
void rcu_blame_close(struct rcu_blame_reading *reading);
ssize_t rcu_blame_control_show(const void *context, u32 id, char *page, size_t size);
int rcu_blame_control_store(const void *context, u32 id, const char *text, size_t len);

#endif /* _RCU_BLAME_HELPERS_H */
