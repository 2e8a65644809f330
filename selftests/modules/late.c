// SPDX-License-Identifier: GPL-2.0
/* How late a timer's interrupt is, which is how long interrupts were off; see helpers.h. */
#include <linux/hrtimer.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>

#include "helpers.h"

static struct hrtimer test_timer;
/* The task that waits for it, its context switches by then; how late it was, or 0. */
static struct task_struct *test_waiting;
static unsigned long test_switches;
static u64 test_late;

static unsigned long switches(void)
{
	return current->nvcsw + current->nivcsw;
}

static enum hrtimer_restart test_timer_fn(struct hrtimer *timer)
{
	u64 now = ktime_get_mono_fast_ns();

	if (current == test_waiting && switches() == test_switches)
		WRITE_ONCE(test_late, now - ktime_to_ns(hrtimer_get_expires(timer)));
	return HRTIMER_NORESTART;
}

void test_late_start(u32 delay_ns)
{
	hrtimer_setup(&test_timer, test_timer_fn, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	test_late = 0;
	test_waiting = current;
	test_switches = switches();
	hrtimer_start(&test_timer, ns_to_ktime(delay_ns), HRTIMER_MODE_REL_PINNED_HARD);
}

u64 test_late_stop(void)
{
	hrtimer_cancel(&test_timer);
	return READ_ONCE(test_late);
}
