// SPDX-License-Identifier: GPL-2.0

//! What each event does to the numbers.

use super::{
    control::Event,
    counters::{
        Cpu,
        Metric, //
    },
    filter::Filter,
    task::{
        self,
        Class,
        Exposure,
        GracePeriods,
        Section,
        Special, //
    },
    tasks::{
        raise,
        Record,
        Tasks, //
    },
    trace,
    Shared, //
};
use crate::{
    rcu_notrace::{
        Guard,
        ReadSide, //
    },
    tracepoint_glue::{
        args::{
            Task,
            TaskState, //
        },
        events::*,
        Args,
        Context,
        Pinned,
        Probe, //
    },
};
use kernel::{
    bindings,
    sync::Arc, //
};

/// What a probe works with: all of it good for the length of a section.
struct Scene<'a> {
    guard: &'a Guard<'a>,
    filter: &'a Filter,
    tasks: &'a Tasks,
    cpu: &'a Cpu,
    now: u64,
}

impl Scene<'_> {
    #[inline(always)]
    fn admits(&self, task: &Task) -> bool {
        self.filter
            .admits(task, self.cpu.id, self.guard)
            .unwrap_or_else(|| {
                self.cpu.counts.filter_gone.count();
                false
            })
    }

    /// What is known of a task. All idle tasks are one, of which nothing is.
    #[inline(always)]
    fn record(&self, task: &Task) -> Option<&Record> {
        let record = self.tasks.get(task);

        if record.is_none() && task::pid(task) != 0 {
            self.cpu.counts.lost.count();
        }
        record
    }
}

impl Shared {
    /// Accounts for a hit, and runs `body` under a guard.
    #[inline(always)]
    fn hit(&self, event: Event, pinned: &impl Pinned, body: impl FnOnce(&Scene<'_>)) {
        let Some(account) = self.accounts.get(event as usize) else {
            return;
        };

        account.enter(|| {
            let now = task::now_ns();
            let guard = self.rcu.read_lock();
            let numbers = self.numbers.read(&guard);

            body(&Scene {
                guard: &guard,
                filter: self.filter.read(&guard),
                tasks: &numbers.tasks,
                cpu: numbers.cpus.get(pinned),
                now,
            });
        });
    }

    /// `prev` leaves the CPU.
    #[inline(always)]
    fn switched_out(
        &self,
        scene: &Scene<'_>,
        prev: &Task,
        section: Section,
        entered: Special,
        first: bool,
        running: bool,
    ) {
        // Mistakes, for a test to find: here, and in three more places.
        #[cfg(rcu_notrace_miscount)]
        let (entered, first, running) = (
            Special(entered.0 | 1),
            first || section.nesting > 0,
            running || section.nesting > 0,
        );
        let counts = &scene.cpu.counts;
        let record = scene.record(prev);
        let cgroup = task::cgroup(prev, scene.guard);
        let switches = task::switches(prev);
        let before = switches.wrapping_sub(1);

        counts.switched_out.count();
        if let Some(record) = record {
            record.identify(prev);
            record.lasting.cgroup.set(cgroup);
            record.lasting.switched_out.count();
            // A waker that was early has noted the number before this switch. The wake-up is one if
            // it goes on: the waker waits for the end of this switch. If not, the task was woken
            // before it had gone to sleep.
            if !running && record.passing.woken.get(before).is_some() && task::is_being_woken(prev)
            {
                record.passing.woken.begin(scene.now, switches);
            }
            if let Some(boosted_at) = record.passing.boosted.get(before) {
                let same_section = section.nesting > 0 && entered.blocked();

                // After the section the task may be preempted once more before it gives the
                // priority back.
                // SAFETY: `sched_switch` is fired with the rq lock held, which is that of `prev`.
                if same_section || unsafe { task::inherits_from_booster(prev) } {
                    record.passing.boosted.begin(boosted_at, switches);
                }
            }
        }
        if section.nesting > 0 {
            let expedited = section.special.exp_hint();

            if running {
                counts.reader_preempted.count();
            } else {
                counts.reader_lock_waits.count();
            }
            if first {
                counts.reader_sections.count();
            }
            if let Some(record) = record {
                if running {
                    record.lasting.preempted.count();
                } else {
                    record.lasting.lock_waits.count();
                }
                if first {
                    record.lasting.sections.count();
                }

                let passing = &record.passing;

                if first || passing.off.get(before).is_none() {
                    // A section of which nothing has been noted.
                    let then = GracePeriods::now();

                    passing.normal_then.set(then.normal);
                    passing.expedited_then.set(then.expedited);
                    passing.normal_known.set(0);
                    passing.expedited_known.set(0);
                }
                if expedited {
                    // It has said so, when it found the task in the section.
                    passing.expedited_known.set(1);
                }
                passing.off.begin(scene.now, switches);
            }
            trace::reader_preempted(prev, section.nesting, running, first, expedited, cgroup);
        } else if entered.is_pending() {
            counts.qs_deferred.count();
            if let Some(record) = record {
                record.lasting.qs_deferred.count();
            }
            trace::qs_deferred(
                prev,
                entered.blocked(),
                entered.need_qs(),
                entered.exp_hint(),
            );
        }
    }

    /// `next` gets the CPU.
    #[inline(always)]
    fn switched_in(&self, scene: &Scene<'_>, next: &Task) {
        let cpu = scene.cpu;
        let record = scene.record(next);

        cpu.counts.switched_in.count();

        let Some(record) = record else { return };

        record.lasting.switched_in.count();

        let switches = task::switches(next);

        if let Some(woken_at) = record.passing.woken.get(switches) {
            let metric = match task::class(next) {
                Class::Deadline => Metric::WakeupDeadline,
                Class::RealTime => Metric::WakeupRt,
                Class::Fair => Metric::WakeupFair,
            };

            record.passing.woken.clear();
            cpu.record(metric, scene.now.saturating_sub(woken_at));
        }
        if let Some(off_since) = record.passing.off.get(switches) {
            let boosted = record.passing.boosted.get(switches).is_some();

            self.resumed(
                scene,
                next,
                record,
                scene.now.saturating_sub(off_since),
                boosted,
            );
        }
    }

    /// `task` was switched out inside a section, and is back.
    #[inline(always)]
    fn resumed(&self, scene: &Scene<'_>, task: &Task, record: &Record, off_ns: u64, boosted: bool) {
        #[cfg(rcu_notrace_miscount)]
        let off_ns = off_ns + 1_000_000;
        let counts = &scene.cpu.counts;
        let now = GracePeriods::now();

        counts.reader_resumed.count();
        counts.reader_off_ns.add(off_ns);
        scene.cpu.record(Metric::ReaderOff, off_ns);
        record.lasting.off_ns.add(off_ns);
        raise(&record.lasting.off_max_ns, off_ns);

        let (then, known) = (&record.passing.normal_then, &record.passing.normal_known);

        match GracePeriods::exposure(then.get(), now.normal, known.get() != 0) {
            Exposure::Certain => {
                counts.normal_gp_held.count();
                record.lasting.normal_gp.count();
            }
            Exposure::Possible => counts.normal_gp_maybe_held.count(),
            Exposure::None => (),
        }

        let (then, known) = (
            &record.passing.expedited_then,
            &record.passing.expedited_known,
        );

        match GracePeriods::exposure(then.get(), now.expedited, known.get() != 0) {
            Exposure::Certain => {
                counts.expedited_gp_held.count();
                record.lasting.expedited_gp.count();
            }
            Exposure::Possible => counts.expedited_gp_maybe_held.count(),
            Exposure::None => (),
        }
        trace::reader_resumed(task, off_ns, boosted);

        let threshold_ns = self.threshold_ns.get();

        if threshold_ns != 0 && off_ns > threshold_ns {
            counts.reader_threshold.count();
            trace::reader_threshold(task, off_ns, threshold_ns);
            if self.stop.get() != 0 {
                // SAFETY: Any context: it sets a flag of the ring buffer's.
                unsafe { bindings::tracing_off() };
            }
        }
    }

    /// The priority of `task` is about to be that of `waiter`, or its own.
    #[inline(always)]
    fn reprioritised(&self, scene: &Scene<'_>, task: &Task, waiter: Option<&Task>, newprio: i32) {
        let counts = &scene.cpu.counts;
        let record = scene.record(task);
        // RCU may have let go of the task by now, which is about to give the priority back.
        let by_rcu = waiter.is_some_and(task::is_booster);
        #[cfg(rcu_notrace_miscount)]
        let by_rcu = by_rcu || waiter.is_some();

        counts.prio_changes.count();
        if let Some(record) = record {
            record.lasting.prio_changes.count();
        }

        let switches = task::switches(task);

        if by_rcu && record.is_none_or(|record| record.passing.boosted.get(switches).is_none()) {
            // Off its CPU, and inside the section, since it was switched out last.
            let off_since = record
                .filter(|_| !task::is_on_cpu(task))
                .and_then(|record| record.passing.off.get(switches));
            let after_ns = off_since.map_or(0, |off_since| scene.now.saturating_sub(off_since));

            if off_since.is_some() {
                scene.cpu.record(Metric::BoostDelay, after_ns);
            }
            counts.reader_boosted.count();
            if let Some(record) = record {
                record.lasting.boosts.count();
                // Only who holds up a grace period is boosted.
                match GracePeriods::now().under_way() {
                    (true, false) => record.passing.normal_known.set(1),
                    (false, true) => record.passing.expedited_known.set(1),
                    _ => (),
                }
                record.passing.boosted.begin(scene.now, switches);
                record.lasting.boosted_from.set(task::prio(task) as u64);
                record.lasting.boosted_to.set(newprio as u64);
            }
            trace::reader_boosted(task, newprio, after_ns);
        }
    }

    /// Something has happened that may be the end of a boost of the current task, which is about to
    /// have that priority. It is if RCU does not wait for the task any more.
    ///
    /// Whatever the filter: an end that it does not admit is not counted, but is one.
    #[inline(always)]
    fn deboosted(&self, scene: &Scene<'_>, current: &Task, newprio: i32, admitted: bool) {
        if task::is_blocked_reader(current) {
            return;
        }

        let Some(record) = scene.tasks.of(current) else {
            return;
        };
        let boosted_at = record.passing.boosted.take(task::switches(current));

        if let (true, Some(boosted_at)) = (admitted, boosted_at) {
            let boosted_ns = scene.now.saturating_sub(boosted_at);
            #[cfg(rcu_notrace_miscount)]
            let boosted_ns = boosted_ns + 1_000_000;

            scene.cpu.counts.reader_deboosted.count();
            scene.cpu.record(Metric::Boosted, boosted_ns);
            record.lasting.boosted_ns.add(boosted_ns);
            raise(&record.lasting.boosted_max_ns, boosted_ns);
            trace::reader_deboosted(current, newprio, boosted_ns);
        }
    }
}

impl Probe<sched_entry_tp> for Arc<Shared> {
    #[inline(always)]
    fn hit(&self, context: &Context<'_, sched_entry_tp>, _args: Args<'_, sched_entry_tp>) {
        // No guard: its end would be one more to report what is pending.
        let section = Section::of(task::current(context));

        if let Some(account) = self.accounts.get(Event::Entry as usize) {
            account.enter(|| {
                let entry = self.entries.get(context);
                let listed =
                    section.nesting > 0 && (!section.special.blocked() || entry.listed.get() != 0);

                entry.special.set(section.special.0.into());
                entry.listed.set(listed.into());
            });
        }
    }
}

impl Probe<sched_switch> for Arc<Shared> {
    #[inline(always)]
    fn hit(&self, context: &Context<'_, sched_switch>, args: Args<'_, sched_switch>) {
        let section = Section::of(args.prev);
        let entry = self.entries.get(context);
        let entered = Special(entry.special.get() as u32);
        // Nobody has seen it there before.
        let first = !entered.blocked() || entry.listed.get() != 0;
        let running = args.preempt || args.prev_state.is_running();

        // In case nobody notes the next one.
        entry.special.set(0);
        entry.listed.set(0);
        Shared::hit(self, Event::Switch, context, |scene| {
            if scene.admits(args.prev) {
                self.switched_out(scene, args.prev, section, entered, first, running);
            }
            if is_dead(args.prev_state) {
                scene.tasks.dies(args.prev);
            }
            if scene.admits(args.next) {
                self.switched_in(scene, args.next);
            }
        });
    }
}

/// Whether this was the last time that the task was switched out.
#[inline(always)]
fn is_dead(state: TaskState) -> bool {
    state.0 & bindings::TASK_DEAD != 0
}

impl Probe<sched_waking> for Arc<Shared> {
    #[inline(always)]
    fn hit(&self, context: &Context<'_, sched_waking>, args: Args<'_, sched_waking>) {
        Shared::hit(self, Event::Waking, context, |scene| {
            if scene.admits(args.p) {
                scene.cpu.counts.wakings.count();
                if let Some(record) = scene.record(args.p) {
                    record.lasting.wakings.add_shared(1);
                    record
                        .passing
                        .woken
                        .begin(scene.now, task::switches(args.p));
                }
            }
            // The end of a boost wakes the kthread that has asked for it, and need not change the
            // priority, which the task may have been given meanwhile.
            if task::is_booster(args.p) {
                let current = task::current(context);
                let admitted = scene.admits(current);

                self.deboosted(scene, current, task::prio(current), admitted);
            }
        });
    }
}

impl Probe<sched_wakeup> for Arc<Shared> {
    #[inline(always)]
    fn hit(&self, context: &Context<'_, sched_wakeup>, args: Args<'_, sched_wakeup>) {
        Shared::hit(self, Event::Wakeup, context, |scene| {
            if scene.admits(args.p) {
                scene.cpu.counts.wakeups.count();
                if let Some(record) = scene.record(args.p) {
                    record.lasting.wakeups.add_shared(1);
                }
            }
        });
    }
}

impl Probe<sched_wakeup_new> for Arc<Shared> {
    #[inline(always)]
    fn hit(&self, context: &Context<'_, sched_wakeup_new>, args: Args<'_, sched_wakeup_new>) {
        Shared::hit(self, Event::WakeupNew, context, |scene| {
            if scene.admits(args.p) {
                scene.cpu.counts.wakeups_new.count();
                if let Some(record) = scene.record(args.p) {
                    record.lasting.wakeups.add_shared(1);
                    record
                        .passing
                        .woken
                        .begin(scene.now, task::switches(args.p));
                }
            }
        });
    }
}

impl Probe<sched_migrate_task> for Arc<Shared> {
    #[inline(always)]
    fn hit(&self, context: &Context<'_, sched_migrate_task>, args: Args<'_, sched_migrate_task>) {
        Shared::hit(self, Event::Migrate, context, |scene| {
            if scene.admits(args.p) {
                scene.cpu.counts.migrations.count();
                if let Some(record) = scene.record(args.p) {
                    record.lasting.migrations.add_shared(1);
                }
            }
        });
    }
}

impl Probe<sched_pi_setprio> for Arc<Shared> {
    #[inline(always)]
    fn hit(&self, context: &Context<'_, sched_pi_setprio>, args: Args<'_, sched_pi_setprio>) {
        Shared::hit(self, Event::Prio, context, |scene| {
            let newprio = task::prio_from(args.tsk, args.pi_task);
            let admitted = scene.admits(args.tsk);

            if admitted {
                self.reprioritised(scene, args.tsk, args.pi_task, newprio);
            }
            // The end is the task's own doing. Of another one that runs meanwhile the kernel and
            // each probe may see something else.
            if core::ptr::eq(args.tsk, task::current(context)) {
                self.deboosted(scene, args.tsk, newprio, admitted);
            }
        });
    }
}

impl Probe<sched_process_fork> for Arc<Shared> {
    #[inline(always)]
    fn hit(&self, context: &Context<'_, sched_process_fork>, args: Args<'_, sched_process_fork>) {
        Shared::hit(self, Event::Fork, &context.pin(), |scene| {
            if scene.admits(args.parent) {
                scene.cpu.counts.forks.count();
            }
        });
    }
}

impl Probe<sched_process_exec> for Arc<Shared> {
    #[inline(always)]
    fn hit(&self, context: &Context<'_, sched_process_exec>, args: Args<'_, sched_process_exec>) {
        Shared::hit(self, Event::Exec, &context.pin(), |scene| {
            if scene.admits(args.p) {
                scene.cpu.counts.execs.count();
                if let Some(record) = scene.record(args.p) {
                    record.identify(args.p);
                }
            }
        });
    }
}

impl Probe<sched_process_exit> for Arc<Shared> {
    #[inline(always)]
    fn hit(&self, context: &Context<'_, sched_process_exit>, args: Args<'_, sched_process_exit>) {
        Shared::hit(self, Event::Exit, &context.pin(), |scene| {
            if scene.admits(args.p) {
                scene.cpu.counts.exits.count();
                if let Some(record) = scene.record(args.p) {
                    record.identify(args.p);
                }
            }
        });
    }
}
