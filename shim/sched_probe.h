/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What sched_probe.rs needs and only C can say: what RCU and the cgroups keep
 * to themselves, trace events, files that pin their module, string parameters.
 */
#ifndef _RCU_NOTRACE_SHIM_SCHED_PROBE_H
#define _RCU_NOTRACE_SHIM_SCHED_PROBE_H

#include <linux/fs.h>
#include <linux/kobject.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/types.h>

/* In a probe.  What follows a pointer of the task's wants an RCU reader. */
struct task_struct *sched_probe_current(void);
bool sched_probe_being_woken(struct task_struct *task);
void sched_probe_comm(struct task_struct *task, u64 comm[2]);
u64 sched_probe_cgroup_id(struct task_struct *task);
bool sched_probe_in_cgroup(struct task_struct *task, u64 id);
void sched_probe_grace_periods(unsigned long *normal, unsigned long *expedited);
unsigned long sched_probe_lock(void);
void sched_probe_unlock(unsigned long flags);

void sched_probe_reader_preempted(struct task_struct *task, int nesting, bool preempted,
				  bool first, bool expedited, u64 cgroup);
void sched_probe_reader_resumed(struct task_struct *task, u64 off_ns, bool boosted);
void sched_probe_reader_threshold(struct task_struct *task, u64 off_ns, u64 threshold_ns);
void sched_probe_reader_boosted(struct task_struct *task, int newprio, u64 after_ns);
void sched_probe_reader_deboosted(struct task_struct *task, int newprio, u64 boosted_ns);
void sched_probe_qs_deferred(struct task_struct *task, bool blocked, bool need_qs,
			     bool exp_hint);

/*
 * RCU's own, exported for the torture tests, and declared in a header of its own
 * (kernel/rcu/rcu.h).  Each reads one word.
 */
void rcutorture_get_gp_data(int *flags, unsigned long *gp_seq);
unsigned long rcu_exp_batches_completed(void);

/* Process context. */
int sched_probe_cgroup_by_path(const char *path, u64 *id);
int sched_probe_cgroup_path(u64 id, char *path, size_t len);
int sched_probe_turn_begin(void);
void sched_probe_turn_end(void);
const char *sched_probe_param_filter(void);
const char *sched_probe_param_events(void);

/**
 * struct sched_probe_file - what a debugfs file of ours has for private data
 * @context: what sched_probe_show() is called with
 * @id: which file it is
 */
struct sched_probe_file {
	const void *context;
	u32 id;
};

extern const struct file_operations sched_probe_file_operations;

/**
 * struct sched_probe_control - a control file, in sysfs
 * @attribute: set by sched_probe_control_create()
 * @context: what sched_probe_control_show() and sched_probe_control_store() are called with
 * @id: which file it is
 */
struct sched_probe_control {
	struct kobj_attribute attribute;
	const void *context;
	u32 id;
};

/* What a write may hold, without the byte that ends it. */
#define SCHED_PROBE_WRITE_MAX	1023

int sched_probe_control_create(struct kobject *directory, const char *name,
			       struct sched_probe_control *control);

/* Implemented in Rust, sched_probe/debugfs.rs and sched_probe/sysfs.rs. */
int sched_probe_show(struct seq_file *seq, const void *context, u32 id);
ssize_t sched_probe_control_show(const void *context, u32 id, char *page, size_t size);
int sched_probe_control_store(const void *context, u32 id, const char *text, size_t len);

#endif /* _RCU_NOTRACE_SHIM_SCHED_PROBE_H */
