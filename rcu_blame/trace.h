/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The events that rcu_blame.rs fires.  Their meaning and their units are in
 * Documentation/rcu_blame.rst.
 *
 * Some are "kernel track events" of Perfetto: its trace processor makes slices and
 * instants of an event by the fields track_event_type (B begins a slice, E ends
 * one, I is an instant) and slice_name.  Optional fields are track_name, and one
 * that begins with scope_: without it the track is that of the current task.  See
 * docs/reference/kernel-track-event.md in Perfetto's source, and
 * GenericFtraceTracker::MaybeParseAsTrackEvent() in
 * src/trace_processor/importers/ftrace/generic_ftrace_tracker.cc: a slice begins
 * and ends by the same tracepoint, so both ends of a reader's intervals are events
 * reader_slice, beside the events that have the facts.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM rcu_blame

#if !defined(_RCU_BLAME_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _RCU_BLAME_TRACE_H

#include <linux/sched.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

/* Switched out inside an RCU read-side critical section. */
TRACE_EVENT(reader_preempted,

	TP_PROTO(struct task_struct *task, int nesting, bool preempted, bool first, bool expedited,
		 u64 cgroup),

	TP_ARGS(task, nesting, preempted, first, expedited, cgroup),

	TP_STRUCT__entry(
		__array(char, comm, TASK_COMM_LEN)
		__field(pid_t, pid)
		__field(pid_t, tgid)
		__field(int, prio)
		__field(int, nesting)
		__field(bool, preempted)
		__field(bool, first)
		__field(bool, expedited)
		__field(u64, cgroup)
	),

	TP_fast_assign(
		memcpy(__entry->comm, task->comm, TASK_COMM_LEN);
		__entry->pid = task->pid;
		__entry->tgid = task->tgid;
		__entry->prio = task->prio;
		__entry->nesting = nesting;
		__entry->preempted = preempted;
		__entry->first = first;
		__entry->expedited = expedited;
		__entry->cgroup = cgroup;
	),

	TP_printk("comm=%s pid=%d tgid=%d prio=%d nesting=%d by=%s first=%d expedited=%d cgroup=%llu",
		  __entry->comm, __entry->pid, __entry->tgid, __entry->prio, __entry->nesting,
		  __entry->preempted ? "preemption" : "lock", __entry->first, __entry->expedited,
		  __entry->cgroup)
);

/* Running again, and still inside. */
DECLARE_EVENT_CLASS(reader_resumed_class,

	TP_PROTO(struct task_struct *task, u64 off_ns, bool boosted),

	TP_ARGS(__perf_task(task), off_ns, boosted),

	TP_STRUCT__entry(
		__array(char, comm, TASK_COMM_LEN)
		__field(pid_t, pid)
		__field(int, prio)
		__field(bool, boosted)
		__field(u64, off_ns)
	),

	TP_fast_assign(
		memcpy(__entry->comm, task->comm, TASK_COMM_LEN);
		__entry->pid = task->pid;
		__entry->prio = task->prio;
		__entry->boosted = boosted;
		__entry->off_ns = off_ns;
	),

	TP_printk("comm=%s pid=%d prio=%d boosted=%d off_ns=%llu",
		  __entry->comm, __entry->pid, __entry->prio, __entry->boosted, __entry->off_ns)
);

DEFINE_EVENT(reader_resumed_class, reader_resumed,
	     TP_PROTO(struct task_struct *task, u64 off_ns, bool boosted),
	     TP_ARGS(task, off_ns, boosted));

/* ... after longer than threshold_us. */
DECLARE_EVENT_CLASS(reader_threshold_class,

	TP_PROTO(struct task_struct *task, u64 off_ns, u64 threshold_ns),

	TP_ARGS(__perf_task(task), off_ns, threshold_ns),

	TP_STRUCT__entry(
		__array(char, comm, TASK_COMM_LEN)
		__field(pid_t, pid)
		__field(u64, off_ns)
		__field(u64, threshold_ns)
		__field(char, track_event_type)
		__string(slice_name, task->comm)
		__field(pid_t, scope_reader)
	),

	TP_fast_assign(
		memcpy(__entry->comm, task->comm, TASK_COMM_LEN);
		__entry->pid = task->pid;
		__entry->off_ns = off_ns;
		__entry->threshold_ns = threshold_ns;
		__entry->track_event_type = 'I';
		__assign_str(slice_name);
		__entry->scope_reader = task->pid;
	),

	TP_printk("comm=%s pid=%d off_ns=%llu threshold_ns=%llu",
		  __entry->comm, __entry->pid, __entry->off_ns, __entry->threshold_ns)
);

DEFINE_EVENT(reader_threshold_class, reader_threshold,
	     TP_PROTO(struct task_struct *task, u64 off_ns, u64 threshold_ns),
	     TP_ARGS(task, off_ns, threshold_ns));

/* Given a higher priority by RCU; after_ns is 0 where that is not known. */
DECLARE_EVENT_CLASS(reader_boosted_class,

	TP_PROTO(struct task_struct *task, int newprio, u64 after_ns),

	TP_ARGS(__perf_task(task), newprio, after_ns),

	TP_STRUCT__entry(
		__array(char, comm, TASK_COMM_LEN)
		__field(pid_t, pid)
		__field(int, oldprio)
		__field(int, newprio)
		__field(u64, after_ns)
	),

	TP_fast_assign(
		memcpy(__entry->comm, task->comm, TASK_COMM_LEN);
		__entry->pid = task->pid;
		__entry->oldprio = task->prio;
		__entry->newprio = newprio;
		__entry->after_ns = after_ns;
	),

	TP_printk("comm=%s pid=%d oldprio=%d newprio=%d after_ns=%llu",
		  __entry->comm, __entry->pid, __entry->oldprio, __entry->newprio,
		  __entry->after_ns)
);

DEFINE_EVENT(reader_boosted_class, reader_boosted,
	     TP_PROTO(struct task_struct *task, int newprio, u64 after_ns),
	     TP_ARGS(task, newprio, after_ns));

DECLARE_EVENT_CLASS(reader_deboosted_class,

	TP_PROTO(struct task_struct *task, int newprio, u64 boosted_ns),

	TP_ARGS(__perf_task(task), newprio, boosted_ns),

	TP_STRUCT__entry(
		__array(char, comm, TASK_COMM_LEN)
		__field(pid_t, pid)
		__field(int, oldprio)
		__field(int, newprio)
		__field(u64, boosted_ns)
	),

	TP_fast_assign(
		memcpy(__entry->comm, task->comm, TASK_COMM_LEN);
		__entry->pid = task->pid;
		__entry->oldprio = task->prio;
		__entry->newprio = newprio;
		__entry->boosted_ns = boosted_ns;
	),

	TP_printk("comm=%s pid=%d oldprio=%d newprio=%d boosted_ns=%llu",
		  __entry->comm, __entry->pid, __entry->oldprio, __entry->newprio,
		  __entry->boosted_ns)
);

DEFINE_EVENT(reader_deboosted_class, reader_deboosted,
	     TP_PROTO(struct task_struct *task, int newprio, u64 boosted_ns),
	     TP_ARGS(task, newprio, boosted_ns));

/* Switched out outside of any section, and only thereby reported. */
TRACE_EVENT(qs_deferred,

	TP_PROTO(struct task_struct *task, bool blocked, bool need_qs, bool exp_hint),

	TP_ARGS(task, blocked, need_qs, exp_hint),

	TP_STRUCT__entry(
		__array(char, comm, TASK_COMM_LEN)
		__field(pid_t, pid)
		__field(int, prio)
		__field(bool, blocked)
		__field(bool, need_qs)
		__field(bool, exp_hint)
		__field(char, track_event_type)
		__string(slice_name, "quiescent state deferred")
	),

	TP_fast_assign(
		memcpy(__entry->comm, task->comm, TASK_COMM_LEN);
		__entry->pid = task->pid;
		__entry->prio = task->prio;
		__entry->blocked = blocked;
		__entry->need_qs = need_qs;
		__entry->exp_hint = exp_hint;
		__entry->track_event_type = 'I';
		__assign_str(slice_name);
	),

	TP_printk("comm=%s pid=%d prio=%d blocked=%d need_qs=%d exp_hint=%d",
		  __entry->comm, __entry->pid, __entry->prio, __entry->blocked,
		  __entry->need_qs, __entry->exp_hint)
);

/* A grace period that was longer than the threshold has ended. */
TRACE_EVENT(gp_slow,

	TP_PROTO(bool expedited, u64 number, u64 duration_ns),

	TP_ARGS(expedited, number, duration_ns),

	TP_STRUCT__entry(
		__field(bool, expedited)
		__field(u64, number)
		__field(u64, duration_ns)
		__field(char, track_event_type)
		__string(slice_name, expedited ? "slow, expedited" : "slow, normal")
	),

	TP_fast_assign(
		__entry->expedited = expedited;
		__entry->number = number;
		__entry->duration_ns = duration_ns;
		__entry->track_event_type = 'I';
		__assign_str(slice_name);
	),

	TP_printk("type=%s seq=%llu duration_ns=%llu",
		  __entry->expedited ? "expedited" : "normal", __entry->number,
		  __entry->duration_ns)
);

/* The beginning or the end of an interval of a reader, for Perfetto. */
DECLARE_EVENT_CLASS(reader_slice_class,

	TP_PROTO(struct task_struct *task, char type, const char *track),

	TP_ARGS(__perf_task(task), type, track),

	TP_STRUCT__entry(
		__array(char, comm, TASK_COMM_LEN)
		__field(pid_t, pid)
		__field(char, track_event_type)
		__string(slice_name, task->comm)
		__string(track_name, track)
		__field(pid_t, scope_reader)
	),

	TP_fast_assign(
		memcpy(__entry->comm, task->comm, TASK_COMM_LEN);
		__entry->pid = task->pid;
		__entry->track_event_type = type;
		__assign_str(slice_name);
		__assign_str(track_name);
		__entry->scope_reader = task->pid;
	),

	TP_printk("comm=%s pid=%d type=%c track=%s", __entry->comm, __entry->pid,
		  __entry->track_event_type, __get_str(track_name))
);

DEFINE_EVENT(reader_slice_class, reader_slice,
	     TP_PROTO(struct task_struct *task, char type, const char *track),
	     TP_ARGS(task, type, track));

#endif /* _RCU_BLAME_TRACE_H */

/* Beside the file that defines CREATE_TRACE_POINTS, by its include path. */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
