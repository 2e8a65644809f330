/* SPDX-License-Identifier: GPL-2.0 */
/*
 * notrace.pml - the notrace RCU guard against the protocol of preemptible RCU
 *
 * The project's code: lock() and unlock() stand beside rcu_notrace.rs and its arch/,
 * rcu_notrace_unlock_special(), promise() and keep_promise() beside rcu_notrace/deferred.rs,
 * report() and start_timer() beside rcu_notrace/helpers.c, step by step: one
 * statement here is what an interrupt or an NMI cannot divide there. Everything
 * else is the kernel's, abridged from Linux 7.3; each inline bears the name of
 * the function that it stands for.
 *
 * One CPU is modelled in full.  Its stack is the process stack of spin: a
 * process may step only while it is the youngest one (ON_CPU), so a probe, an
 * interrupt and an NMI are pushed by "run", run to their end, and leave the
 * frame below them where it was.  Recursion is therefore real and unbounded;
 * that it ends is asserted (C3), not built in.  hardware() pushes interrupts
 * whenever irqs are on, between any two steps.  gp_exp() and gp_norm() are
 * the rest of the machine: grace periods that wait for this CPU and for the
 * blocked task, and the booster.
 *
 * The properties are named after the clauses of the contract:
 *
 *   C1  a grace period that began inside a section does not end inside it, nor
 *       inside a region with preemption or irqs off, nor inside an interrupt
 *   C3  bounded recursion; no storm: the runs of our handler, and the passes
 *       through the scheduler, between two steps of progress are bounded,
 *       where progress is a step of the task's own program or a report
 *   C4  (and C5) everything on: reported when the drop returns; preemption off:
 *       when preemption is back; irqs off: when they are back on and the
 *       irq_work has run; the compound order: when the timer has run.  No tick
 *       helps
 *   C7  special is never cleared without the report; where a report is promised
 *       an irq_work or a timer is on its way
 *   C8  no raw lock is taken under itself, whatever the guard interrupted
 *
 * A search prints each step of the promise that it comes upon, see step().
 *
 * README.rst says what the configurations and the mutants are.
 */

/* ------------------------------------------------------------------------ */
/* Configuration: how much of the environment is there                       */

#ifndef NEXP
#define NEXP	1		/* expedited grace periods */
#endif
#ifndef NNORM
#define NNORM	0		/* normal grace periods */
#endif
#ifndef NASK
#define NASK	NNORM		/* ticks that only set need_qs */
#endif
#ifndef NDEV
#define NDEV	0		/* device interrupts that wake a better task */
#endif
#ifndef NSOFT
#define NSOFT	0		/* softirqs with a section in them */
#endif
#ifndef NNMI
#define NNMI	0		/* NMIs with a section in them */
#endif
#ifndef NTRACE
#define NTRACE	0		/* guards taken by instrumentation; ALWAYS */
#endif
#ifndef NMOVE
#define NMOVE	0		/* times that the task comes back elsewhere */
#endif
#ifndef NEST
#define NEST	1		/* depth of the task's sections */
#endif
#ifndef K
#define K	1		/* timer periods shorter than any window */
#endif

#define ALWAYS	255

/*
 * PREEMPT_NONE is preempt=none or voluntary: nothing is preempted, the way out
 * of an interrupt does not reschedule, and the handler reports by itself.
 */

/* Bounds of C3, as small as the model allows. */
#define RUNS	(2 * K + 7)
#ifndef MAX_RUNS
#define MAX_RUNS	RUNS	/* runs of our handler without progress */
#endif
#ifndef MAX_SCHED
#define MAX_SCHED	2	/* passes through the scheduler, the same */
#endif
#ifndef MAX_SLOW
#define MAX_SLOW	4	/* slow paths on the stack, per context level */
#endif
#ifndef MAX_WORK
#define MAX_WORK	2	/* of these, not just passing through */
#endif
#define MAX_LIVE	24	/* frames; only a backstop */

/* ------------------------------------------------------------------------ */
/* The CPU                                                                   */

#if NNORM > 0
#define BASE	4			/* init, expedited, normal, hardware */
#else
#define BASE	3			/* init, expedited, hardware */
#endif
#ifdef CYCLES
#define NR_PR	(_nr_pr - 1)		/* without the never claim */
#else
#define NR_PR	_nr_pr
#endif
#define ON_CPU	(_pid == NR_PR - 1)

byte live = 1;			/* frames on the stack; a finished one is none */
bit irqoff;			/* irqs off */
bit hirq, soft, nmi;		/* HARDIRQ, SOFTIRQ, NMI in preempt_count */
byte pc;			/* the rest of preempt_count */
bit need_resched;		/* TIF_NEED_RESCHED and the folded bit */

#define PREEMPTIBLE	(!irqoff && pc == 0 && !soft && !hirq && !nmi)
#define LEVEL		(nmi -> 3 : (hirq -> 2 : (soft -> 1 : 0)))

#define V_EXP	0		/* rcu_exp_handler() */
#define V_WORK	1		/* our irq_work */
#define V_TIMER	2		/* our hrtimer */
#define V_KWORK	3		/* RCU's own irq_work, defer_qs_iw */
#define V_DEV	4		/* a device */
#define V_ASK	5		/* the tick, as far as it asks for something */
#define V_TICK	6		/* the tick, as far as it reports */

bit ipi;			/* V_EXP on its way */
bit kraised;			/* V_KWORK on its way */
bit raw_lock;			/* an rq, pi, hrtimer base or rnp lock is held */
bit stopped;			/* the task's program is done; it spins */

/* Budgets. */
byte nexp = NEXP, nnorm = NNORM, nask = NASK, ndev = NDEV;
byte nsoft = NSOFT, nnmi = NNMI, ntrace = NTRACE, nmove = NMOVE;

/* ------------------------------------------------------------------------ */
/* current                                                                   */

byte nesting;			/* rcu_read_lock_nesting */
byte special;			/* rcu_read_unlock_special.s */
#define BLOCKED	1
#define NEED_QS	2
#define EXP_HINT 4
#define PENDING	7		/* all that RCU sets */
#define SAID(bits) ((bits) << 3)	/* ours, in .b.need_mb: promised since it was last 0 */
bit boosted;

/* ------------------------------------------------------------------------ */
/* RCU: this CPU, its leaf node                                              */

bit cpu_exp;			/* cpu_no_qs.b.exp */
bit cpu_norm;			/* cpu_no_qs.b.norm, and our bit in qsmask */
bit expmask;			/* our bit in rnp->expmask */
bit queued;			/* current is on blkd_tasks */
bit exp_tasks, gp_tasks;	/* ... where it blocks a grace period */
bit defer_qs_pending;
byte snap;			/* the copy of .s in the report */

/* ------------------------------------------------------------------------ */
/* Ours, per CPU                                                             */

bit promised;
byte backoff;			/* timer period, MIN << backoff */
bit claimed;			/* IRQ_WORK_PENDING */
bit raised;			/* V_WORK on its way */
bit timer;			/* the hrtimer is enqueued */
bit tslow;			/* ... and longer than any window */
byte delay;			/* the period it is being started with */

/* ------------------------------------------------------------------------ */
/* Ghosts                                                                    */

#define EXP	0
#define NORM	1
bit held[2];			/* the section was there when that GP began */
bit held_poff[2], held_ioff[2];	/* so was the task's preempt/irq-off region */
bit held_irq[2];		/* so was an interrupt or an NMI */
#define release(what)	what[EXP] = 0; what[NORM] = 0
bit prog_poff, prog_ioff;	/* such a region is open */
#ifdef M_EARLY_CHECK
bit stale;
#endif
byte npromising;		/* frames between promising and queueing */
bit hinted, asked;		/* what special stands for is unreported */
bit reporting;
byte nruns, nsched;
byte nslow[4], nwork[4];

bit last_plain;			/* the kernel's reader left special set last, not a guard */
bit last_ioff;			/* a guard did, in the irqs-off region still open */
bit due;			/* ... and the report is due when irqs are on again */
#if defined(M_BIT) || defined(M_MARK_OUTLIVES)
#define TOLD			/* apart from the record, which is wrong */
byte told;			/* what was pending when it was last promised */
#define UNTOLD	(special & PENDING & ~told)
#else
#define UNTOLD	NEWS
#endif

#ifdef TOLD
#define untell()	told = 0
#else
#define untell()	skip
#endif

#define progress()	d_step { nruns = 0; nsched = 0; tslow = 0 }
#define event()		nruns = 0; nsched = 0

/*
 * The clauses, so that a violation names its own: pan prints the expression.
 */
hidden byte C1_reader, C1_sched, C3_depth, C3_work, C3_storm, C3_sched;
#ifdef ONLY_C5
#define OFF	1
#else
#define OFF	0
#endif
hidden byte C4_on = OFF, C4_preempt = OFF, C4_irq = OFF;
hidden byte C4_lost = OFF, C5_lost;
hidden byte C7_stolen, C7_promised, C8_deadlock;
#if defined(M_NMI) || defined(M_ANY_CONTEXT)
hidden byte C7_meant = 1;	/* these break more, and this first */
#else
hidden byte C7_meant;
#endif
#define check(clause, p)	assert((p) || clause)

#ifdef CYCLES			/* pan looks for the cycles itself */
#define count(n, clause, max)	skip
#else
#define count(n, clause, max)	d_step { n++; check(clause, n <= max) }
#endif

/* C7: what special stood for is reported, or special says so, or being done. */
#define KEPT	((!queued && !hinted && !asked) || (special & PENDING) != 0 || reporting)

/* C7: nor does special say so for nothing. */
#define MEANT	(special == 0 || (special & PENDING) != 0)

/* C7: a drop that finds the report promised may rely on it. */
#define PROMISE	(!promised || claimed || timer || npromising > 0)

/* ------------------------------------------------------------------------ */
/* Steps of the promise                                                      */

/*
 * Each step that the search comes upon is printed once, for rcu_notrace/monitor.rs:
 * who takes it, and the state that is found, "p" promised, "w" the irq_work is
 * pending, "t" the timer is enqueued, "i" a drop in a hard interrupt. A handler
 * leaves the irq_work alone, and there is what becomes of the rest. The state after a
 * drop is not said, as an interrupt may change it meanwhile. Nothing is printed of an
 * interrupt that comes when the promise stands and the irq_work is not queued yet: the
 * monitor has interrupts off there.
 */
c_decl {
	enum { QUEUE, RELY, WORK, TIMER };

	static void print(const char *letters, int state)
	{
		putchar(' ');
		for (; *letters; letters++, state >>= 1)
			putchar(state & 1 ? *letters : '-');
	}

	static void step(int by, int from, int to, int apart)
	{
		static const char *const names[] = { "Queue", "Rely", "Work", "Timer" };
		static char seen[4][16][4];

		if (apart || seen[by][from][to])
			return;
		seen[by][from][to] = 1;
		printf("step: %s", names[by]);
		print("pwti", from);
		if (by == WORK || by == TIMER)
			print("pt", to);
		putchar('\n');
	}
}

#define STATE	(now.promised + 2 * now.claimed + 4 * now.timer)
#define drop(by, guard)	d_step { guard -> c_code { step(by, STATE + 8 * now.hirq, 0, now.npromising); } }
#define ours(p, t)	c_code { step(Pinterrupt->vector == V_WORK ? WORK : TIMER, \
				      STATE, (p) + 2 * (t), now.npromising); }

/* ------------------------------------------------------------------------ */
/* Instrumentation                                                           */

/*
 * Something is attached here, and takes a guard in the context of the site.
 * It may be attached to what our own slow path calls, and nothing is assumed
 * about recursion protection of the attacher.
 */
#if NTRACE == ALWAYS
#define trace()	atomic { check(C3_depth, live < MAX_LIVE); \
			 live++; run probe() }
#elif NTRACE == 0
#define trace()	skip
#else
#define trace()	\
	if						\
	:: atomic { ntrace > 0 -> ntrace--; live++; run probe() }	\
	:: skip						\
	fi
#endif

/* ------------------------------------------------------------------------ */
/* The kernel: reports                                                       */

inline spin_lock()
{
	atomic { check(C8_deadlock, !raw_lock); raw_lock = 1; pc++ }
}

/* Irqs are off, so that nothing is rescheduled. */
inline spin_unlock() { d_step { raw_lock = 0; pc-- } }

inline rcu_qs()
{
	d_step {
		if
		:: cpu_norm -> cpu_norm = 0; special = special & ~NEED_QS; asked = 0
		:: else
		fi
	}
}

inline rcu_report_exp_rdp()
{
	d_step { cpu_exp = 0; expmask = 0; hinted = 0 }
}

/* irqs are off.  notrace until special is 0, and not after. */
inline rcu_preempt_deferred_qs_irqrestore()
{
	defer_qs_pending = 0;
	if
	:: special != 0 || cpu_exp ->
		d_step { snap = special; special = 0; reporting = 1; untell() };
		if
		:: snap & NEED_QS -> rcu_qs()
		:: else
		fi;
		trace();
		if
		:: cpu_exp -> spin_lock(); rcu_report_exp_rdp(); spin_unlock()
		:: else
		fi;
		if
		:: snap & BLOCKED ->
			spin_lock();
			d_step { queued = 0; exp_tasks = 0; gp_tasks = 0 };
			trace();	/* rcu_unlock_preempted_task */
			spin_unlock();
			boosted = 0	/* rt_mutex_futex_unlock() */
		:: else
		fi;
		d_step { reporting = 0; asked = 0; snap = 0 };
		progress();
		trace()			/* sched_waking, sched_pi_setprio */
	:: else
	fi
}

inline rcu_preempt_deferred_qs()
{
	if
	:: nesting == 0 && (special != 0 || cpu_exp) ->
		rcu_preempt_deferred_qs_irqrestore()
	:: else ->
		if
		:: nesting > 0 -> defer_qs_pending = 0
		:: else
		fi
	fi
}

/*
 * A zero-length extended quiescent state: ends what a normal GP waits for, if
 * the scan that finds it has found the CPU outside of one before.  With
 * preempt=none the handler calls this, and what bounds it is that no interrupt
 * lasts from the beginning of a grace period beyond its first scan.
 */
inline rcu_momentary_eqs()
{
#ifdef PREEMPT_NONE
	d_step {
		if
		:: !held_irq[NORM] -> cpu_norm = 0
		:: else
		fi
	};
#else
	cpu_norm = 0;
#endif
	rcu_preempt_deferred_qs()
}

/* ------------------------------------------------------------------------ */
/* The kernel: the scheduler                                                 */

inline rcu_note_context_switch()
{
	trace();			/* rcu_utilization */
	if
	:: nesting > 0 && !(special & BLOCKED) ->
		spin_lock();
		d_step { special = special | BLOCKED; queued = 1 };
		trace();		/* rcu_preempt_task */
		d_step {
			if
			:: expmask -> exp_tasks = 1
			:: else
			fi;
			if
			:: cpu_norm -> gp_tasks = 1
			:: else
			fi
		};
		spin_unlock()
	:: else ->
		rcu_preempt_deferred_qs()
	fi;
	rcu_qs();
	if
	:: cpu_exp -> spin_lock(); rcu_report_exp_rdp(); spin_unlock()
	:: else
	fi
}

/*
 * Others run, and current comes back: here, or on another CPU, where others may
 * have been promised a report, by a timer of any length.
 */
inline context_switch()
{
	d_step {
		need_resched = 0;
		tslow = 0
	};
	count(nsched, C3_sched, MAX_SCHED);
	if
	:: nmove > 0 -> atomic {
		nmove--;
		event();
		claimed = 0; raised = 0; defer_qs_pending = 0; kraised = 0;
		if
		:: promised = 0; timer = 0; backoff = 0
		:: promised = 1; timer = 1; backoff = K; tslow = 1
		fi }
	:: skip
	fi
}

/* Preemption is off, irqs are on. */
inline __schedule()
{
	trace();			/* sched_entry_tp */
	irqoff = 1;
	rcu_note_context_switch();
	context_switch();
	irqoff = 0;
	trace()				/* sched_exit_tp */
}

inline preempt_schedule()
{
	do
	:: need_resched && PREEMPTIBLE -> pc++; __schedule(); pc--
	:: else -> break
	od
}

#ifdef PREEMPT_NONE
#define preempt_check()	skip
#else
#define preempt_check()	preempt_schedule()
#endif

inline preempt_enable()
{
	pc--;
	preempt_check()
}

/* set_need_resched_current(): the tracepoint comes first. */
inline set_need_resched_current()
{
	if
	:: !need_resched -> trace()	/* sched_set_need_resched_tp */
	:: else
	fi;
	need_resched = 1
}

/* ------------------------------------------------------------------------ */
/* Ours                                                                      */

inline lock() { nesting++ }

inline unlock()
{
#ifdef M_EARLY_CHECK
	stale = (special != 0);
#endif
	d_step {
		nesting--;
		if
		:: nesting == 0 -> release(held)
		:: else
		fi
	};
	if
#if defined(M_NAIVE)
	:: skip
#elif defined(M_EARLY_CHECK)
	:: stale -> rcu_notrace_unlock_special()
	:: else
#else
	:: special != 0 -> rcu_notrace_unlock_special()
	:: else
#endif
	fi
}

inline enter_slow()
{
	d_step {
		nslow[LEVEL] = nslow[LEVEL] + 1;
		check(C3_depth, nslow[LEVEL] <= MAX_SLOW)
	}
}
inline leave_slow() { nslow[LEVEL] = nslow[LEVEL] - 1 }

inline enter_work()
{
	nwork[LEVEL] = nwork[LEVEL] + 1;
	check(C3_work, nwork[LEVEL] <= MAX_WORK)
}
inline leave_work() { nwork[LEVEL] = nwork[LEVEL] - 1 }

inline irq_work_queue()
{
	if
	:: atomic { !claimed -> claimed = 1 };
		trace();		/* ipi_send_cpu */
		raised = 1
	:: else
	fi
}

/* The bits only: the tracepoint of set_tsk_need_resched() comes first. */
inline set_need_resched()
{
#ifdef M_TRACEPOINT
	set_need_resched_current()
#else
	need_resched = 1
#endif
}

/*
 * The record of a promise is part of special, and gone with the report: it
 * says which of the other bits were there.  The rest is news.
 */
#if defined(M_MARK_OUTLIVES)
byte marked;
#define NEWS	(special & PENDING & ~marked)
#define mark()	d_step { told = special & PENDING; marked = told }
#elif defined(M_BIT)
#define NEWS	(special < SAID(1))
#define mark()	d_step { told = special & PENDING; special = special | SAID(1); \
			 check(C7_meant, MEANT) }
#else
#define NEWS	(SAID(special & PENDING) & ~special)
#define mark()	{ byte noted; \
		noted = special & PENDING; \
		d_step { special = (special & PENDING) | SAID(noted); noted = 0; \
			 check(C7_meant, MEANT) } }
#endif

/*
 * Promised before queued: a probe on ipi_send_cpu must find the promise.
 */
inline give()
{
#ifdef M_QUEUE_FIRST
	irq_work_queue();
	mark();
	promised = 1
#else
	mark();
	d_step { promised = 1; npromising++; enter_work() };
	irq_work_queue();
	d_step { npromising--; leave_work() }
#endif
}

/*
 * Irqs are off, and nothing else: the irq_work comes where the task can be
 * preempted, and does not come in vain, whatever has been promised before.
 */
#ifdef M_NO_IRQ
#define IRQS_ONLY	false
#else
#define IRQS_ONLY	(irqoff && pc == 0 && !soft && !hirq)
#endif

/* Hard irq context, irqs off; whom we interrupted had them on. */
inline start_timer()
{
	d_step {
		delay = backoff;
#ifndef M_NO_BACKOFF
		backoff = (backoff < K -> backoff + 1 : K)
#endif
	};
	trace();			/* hrtimer_start */
	d_step {
		check(C8_deadlock, !raw_lock);
		timer = 1;
		tslow = (delay >= K);
		delay = 0
	}
}

/* Irqs and preemption on, task context. */
inline report()
{
#ifdef M_RECURSE
	/* __rcu_read_unlock() with nesting at 1, all of it traceable */
	nesting++;
	trace();
	nesting--;
	trace();			/* rcu_read_unlock_special */
	irqoff = 1;
	rcu_preempt_deferred_qs();
	irqoff = 0
#else
	pc++;
#ifdef M_IRQS
	bit flags;
	flags = irqoff;
#else
#define flags	0		/* irqs are on */
#endif
	d_step { irqoff = 1; enter_work() };
	trace();			/* irq_disable */
	rcu_momentary_eqs();
	d_step { irqoff = flags; leave_work() };
	pc--;
	preempt_check()
#endif
}

/* Anything off: set need_resched, and promise unless somebody has. */
inline promise()
{
#ifndef M_NO_RESCHED
	set_need_resched();
#endif
#ifdef M_PROBE_TIMER
	start_timer();
#endif
#ifdef M_NO_EPISODE
	irq_work_queue()
#else
	if
#ifndef M_NO_OWNER
	:: drop(QUEUE, NEWS); backoff = 0; give()
	:: drop(QUEUE, !NEWS && (IRQS_ONLY || !promised));
#else
	:: drop(QUEUE, !promised);
#endif
#ifndef M_NO_HEIR
		give()
#else
		skip
#endif
#ifndef M_NO_OWNER
	:: drop(RELY, !NEWS && !IRQS_ONLY && promised)
#else
	:: drop(RELY, promised)
#endif
	fi
#endif
}

inline rcu_notrace_unlock_special()
{
	if
#ifndef M_NESTED
	:: nesting > 0			/* the outermost drop will see to it */
#endif
#ifdef M_NMI
	:: nesting == 0 && nmi && pc == 0 && !soft -> rcu_momentary_eqs()
	:: nesting == 0 && nmi && (pc > 0 || soft)
#else
	:: nesting == 0 && nmi		/* whom we interrupted will see to it */
#endif
	:: else ->
		d_step {
			last_plain = 0;
			last_ioff = irqoff;
			due = due || (irqoff && (pc == 0 || UNTOLD))
		};
		enter_slow();
		if
#ifdef M_IRQS
		:: pc == 0 && !soft && !hirq -> report()
#else
		:: PREEMPTIBLE ->
#ifdef M_MARK_EARLY
			mark();
#endif
			report()
#endif
		:: else -> promise()
		fi;
		leave_slow()
	fi
}

/*
 * The irq_work and the hrtimer.  The task that they interrupted had irqs on.
 * If it had preemption on, too, it is preempted on the way out, which reports;
 * with preempt=none it is not, and the handler reports, as the tick does.
 */
inline keep_promise()
{
	count(nruns, C3_storm, MAX_RUNS);
	if
	:: special == 0 ->		/* reported already */
#ifndef M_NEVER_WITHDRAWN
		d_step { ours(0, now.timer); promised = 0; vector = 0 };
#endif
		backoff = 0
#ifdef M_IN_READER
	:: special != 0 && nesting > 0 && (pc > 0 || soft) ->
#else
	:: special != 0 && nesting > 0 ->	/* the section now open inherits */
#endif
#ifndef M_KEPT_IN_SECTION
		d_step { ours(0, now.timer); promised = 0; vector = 0 }
#else
		skip
#endif
	:: else ->
		if
#ifdef M_CLEAR
		:: pc == 0 && !soft -> special = 0; promised = 0; backoff = 0
#else
#ifdef M_ANY_CONTEXT
		:: true ->
#else
		:: pc == 0 && !soft ->
#endif
#if (defined(PREEMPT_NONE) && !defined(M_RESCHED)) || defined(M_EQS) || defined(M_ANY_CONTEXT) || defined(M_IN_READER)
			rcu_momentary_eqs();
			backoff = 0;
#else
			set_need_resched();
#endif
			d_step { ours(0, now.timer); promised = 0; vector = 0 }
#endif
		:: else ->
			set_need_resched();
#ifdef M_NO_TIMER
			promised = 0
#else
			d_step { ours(1, 1); promised = 1; vector = 0 };
			start_timer()
#endif
		fi
	fi;
	check(C7_stolen, KEPT);
	check(C7_meant, MEANT);
	trace()
}

/* ------------------------------------------------------------------------ */
/* The kernel: interrupts                                                    */

inline rcu_exp_handler()
{
	if
	:: expmask == 0 || cpu_exp
	:: else ->
		if
		:: nesting == 0 && pc == 0 && !soft -> rcu_report_exp_rdp()
		:: nesting == 0 && (pc > 0 || soft) ->
			cpu_exp = 1;
			set_need_resched_current()
		:: else ->
			d_step { cpu_exp = 1; special = special | EXP_HINT; hinted = 1 }
		fi
	fi
}

/* The half of rcu_flavor_sched_clock_irq() that asks. */
inline rcu_ask()
{
	d_step {
		if
		:: nesting > 0 && cpu_norm -> special = special | NEED_QS; asked = 1
		:: else
		fi
	}
}

inline rcu_flavor_sched_clock_irq()
{
	if
	:: nesting > 0 || pc > 0 || soft ->
		if
		:: nesting == 0 && (special != 0 || cpu_exp) -> set_need_resched_current()
		:: else
		fi
	:: else ->
		if
		:: special != 0 || cpu_exp -> rcu_preempt_deferred_qs()
		:: else -> rcu_qs()
		fi
	fi
}

/* Someone better is woken; rq->lock is held around the tracepoint. */
inline device()
{
	spin_lock();
	trace();			/* sched_waking, hrtimer_start */
	set_need_resched_current();
	spin_unlock()
}

inline __do_softirq()
{
	atomic { soft = 1; irqoff = 0 };
	atomic { live++; run probe() };
	irqoff = 1;
	soft = 0
}

/* With c_code spin does not look for variables that are dead. */
#define came(v)	d_step { vector == v -> vector = 0 }

proctype interrupt(byte vector) provided (ON_CPU)
{
	trace();			/* irq entry */
	if
	:: came(V_EXP); rcu_exp_handler()
	:: vector == V_WORK || vector == V_TIMER -> keep_promise()
	:: came(V_KWORK);
		if
		:: nesting > 0 -> defer_qs_pending = 0
		:: else
		fi
	:: came(V_DEV); device()
	:: came(V_ASK); rcu_ask()
#ifdef TICK
	:: came(V_TICK); rcu_flavor_sched_clock_irq()
#endif
	fi;

	/* __irq_exit_rcu() */
	d_step { hirq = 0; release(held_irq) };
	if
	:: nsoft > 0 && pc == 0 && !soft -> d_step { nsoft--; event() }; __do_softirq()
	:: skip
	fi;
	trace();			/* idle_cpu() */
	check(C7_promised, PROMISE);

	/* irqentry_exit_cond_resched(), preempt_schedule_irq() */
#ifndef PREEMPT_NONE
	do
	:: pc == 0 && !soft && need_resched ->
		pc++;
		irqoff = 0;
		__schedule();
		irqoff = 1;
		pc--
	:: else -> break
	od;
#endif
	atomic { irqoff = 0; live-- }
}

proctype nmi_handler() provided (ON_CPU)
{
	lock();
	unlock();
	atomic {
		nmi = 0;
		if
		:: !hirq -> release(held_irq)
		:: else
		fi;
		live--
	}
}

/* A probe: what runs at an instrumentation point. */
proctype probe() provided (ON_CPU)
{
	lock();
	unlock();
	live--
}

#ifdef TICK
#define IDLING	0
#else
#define IDLING	(stopped && live == 1)
#endif

#define DELIVER	(NR_PR == live + BASE)	/* no finished frame on top */
#define IRQ	(DELIVER && !irqoff && !nmi)
#define enter(v)	irqoff = 1; hirq = 1; live++; run interrupt(v)

proctype hardware()
{
end:	do
	:: atomic { IRQ && raised -> raised = 0; claimed = 0; enter(V_WORK) }
	:: atomic { IRQ && timer && (!tslow || IDLING) ->
		timer = 0; tslow = 0; enter(V_TIMER) }
	:: atomic { IRQ && ipi -> ipi = 0; event(); enter(V_EXP) }
	:: atomic { IRQ && kraised -> kraised = 0; enter(V_KWORK) }
	:: atomic { IRQ && ndev > 0 -> ndev--; event(); enter(V_DEV) }
	:: atomic { IRQ && nask > 0 && cpu_norm && nesting > 0 ->
		nask--; event(); enter(V_ASK) }
#ifdef TICK
	/* As slow as the slowest timer: the two alternate. */
	:: atomic { IRQ && stopped && live == 1 && tslow ->
		tslow = 0; event(); enter(V_TICK) }
#endif
	:: atomic { DELIVER && !nmi && nnmi > 0 ->
		nnmi--; nmi = 1; live++; run nmi_handler() }
	od
}

/* ------------------------------------------------------------------------ */
/* The rest of the machine                                                   */

inline gp_start(kind)
{
	held[kind] = (nesting > 0);
	held_poff[kind] = prog_poff;
	held_ioff[kind] = prog_ioff;
	held_irq[kind] = (hirq || nmi)
}

inline gp_end(kind)
{
	check(C1_reader, !held[kind]);
	check(C1_sched, !held_poff[kind] && !held_ioff[kind] && !held_irq[kind])
}

proctype gp_exp()
{
end:	do
	:: atomic { nexp > 0 ->
		nexp--;
		gp_start(EXP);
		expmask = 1; ipi = 1; exp_tasks = queued };
		do
		:: atomic { !expmask && !exp_tasks -> gp_end(EXP); break }
		:: atomic { exp_tasks && !boosted -> boosted = 1 }
		od
	od
}

proctype gp_norm()
{
end:	do
	:: atomic { nnorm > 0 ->
		nnorm--;
		gp_start(NORM);
		cpu_norm = 1; gp_tasks = queued };
		do
		:: atomic { !cpu_norm && !gp_tasks -> gp_end(NORM); break }
		:: atomic { gp_tasks && !boosted -> boosted = 1 }
		od
	od
}

/* ------------------------------------------------------------------------ */
/* The task                                                                  */

/* The kernel's reader, from the task's program only. */
bit was_off;

inline rcu_read_lock() { nesting++ }

inline rcu_read_unlock()
{
	/* With NAIVE, a guard that only decrements: it leaves special behind. */
	d_step {
		nesting--;
		if
		:: nesting == 0 -> release(held)
		:: else
		fi
	};
	if
	:: nesting == 0 && special != 0 ->
		d_step { last_plain = 1; was_off = irqoff };
#ifndef NAIVE
		irqoff = 1;
		if
		:: pc > 0 || was_off ->
			set_need_resched_current();
			if
			:: was_off && !defer_qs_pending &&
			   ((queued && (exp_tasks || was_off)) || expmask) ->
				defer_qs_pending = 1;
				trace();	/* ipi_send_cpu */
				kraised = 1
			:: else
			fi
		:: else -> rcu_preempt_deferred_qs_irqrestore()
		fi;
		irqoff = was_off;
#endif
		was_off = 0
	:: else
	fi
}

#define ALL_ON	(!irqoff && pc == 0)

/*
 * C4 and C5: boosted is given back with BLOCKED, so special says it for both.
 * settle() waits for the irq_work that is on its way; the asserts behind it
 * allow for nothing slower.
 */
#define settle()	(!raised && !kraised && !claimed)
#define REPORTED	(special == 0 && !boosted)

proctype task() provided (ON_CPU)
{
	byte sp;			/* open sections */
	bit plain[2];			/* which are the kernel's */

	do
#ifdef CYCLES
	:: true ->
progress:	stopped = 0;
		progress();
#else
	:: progress();
#endif
		if
		:: sp < NEST ->
			plain[sp] = 0;
			lock();
			sp++
#ifdef PLAIN
		:: sp < NEST ->
			rcu_read_lock();
			plain[sp] = 1;
			sp++
#endif
		:: sp > 0 && !plain[sp - 1] ->
			sp--;
			unlock();
			check(C4_on, !(sp == 0 && ALL_ON) || REPORTED)
#ifdef PLAIN
		:: sp > 0 && plain[sp - 1] ->
			sp--;
			rcu_read_unlock();
			plain[sp] = 0
#endif
		:: pc == 0 -> atomic { pc++; prog_poff = 1 }
		:: pc > 0 ->
			d_step { prog_poff = 0; release(held_poff) };
			preempt_enable();
#ifndef PREEMPT_NONE
			check(C4_preempt, !(sp == 0 && ALL_ON && !last_plain) || REPORTED)
#endif
		:: !irqoff -> atomic { irqoff = 1; prog_ioff = 1; last_ioff = 0; due = 0 }
		:: irqoff ->
			atomic { irqoff = 0; prog_ioff = 0; release(held_ioff) };
			if
			:: sp == 0 && ALL_ON && last_ioff && !last_plain ->
				atomic {
					settle();
					check(C4_irq, REPORTED || (!due && timer))
				}
			:: skip
			fi;
			d_step { last_ioff = 0; due = 0 }
		:: sp == 0 && ALL_ON -> break
		fi
	od;
	check(C7_stolen, KEPT);
	check(C7_meant, MEANT);
	stopped = 1;
end:	0
}

init {
	atomic {
		run gp_exp();
#if NNORM > 0
		run gp_norm();
#endif
		run hardware();
		run task()
	}
#ifndef CYCLES
	;
	timeout ->
	assert(stopped && live == 1);
	check(C7_stolen, KEPT);
	check(C7_meant, MEANT);
	check(C7_promised, PROMISE);
	check(C4_lost, special == 0 || last_plain);
	check(C5_lost, !boosted || last_plain)
#endif
}
