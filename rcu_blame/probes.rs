// SPDX-License-Identifier: GPL-2.0

//! The probes, which update the numbers at each event.

use super::{
    control::Event,
    counters::{
        Counts,
        Cpu,
        Metric, //
    },
    faults,
    filter::Filter,
    intervals::{
        Interval,
        Kind,
        Span, //
    },
    name::Name,
    stack::{
        Stack,
        StackCell, //
    },
    task::{
        self,
        Entered,
        Exposure,
        GracePeriods,
        Section,
        MAX_RT_PRIO, //
    },
    tasks::{
        raise,
        Passing,
        Record,
        Tasks, //
    },
    trace,
    Current,
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

/// The data of a probe: all of it good for the length of a section.
///
/// It is in registers, but where a function is called that is not inlined: see
/// [`apart()`](Self::apart).
struct Scene<'a> {
    guard: &'a Guard<'a>,
    filter: &'a Filter,
    tasks: &'a Tasks,
    cpu: &'a Cpu,
    now: u64,
}

impl<'a> Scene<'a> {
    /// Another one of the same, for a function that is seldom called. If that had a reference to
    /// this one, this one would be written to memory at each hit.
    #[inline(always)]
    fn apart(&self) -> Self {
        self.at(self.now)
    }

    /// The same at that time.
    #[inline(always)]
    fn at(&self, now: u64) -> Self {
        Self {
            guard: self.guard,
            filter: self.filter,
            tasks: self.tasks,
            cpu: self.cpu,
            now,
        }
    }

    #[inline(always)]
    fn admits(&self, task: &Task) -> bool {
        self.filter.admits(task, self.cpu.id, self.guard)
    }

    /// The record of a task. Idle tasks all have pid 0, and no record.
    #[inline(always)]
    fn record(&self, task: &Task) -> Option<&'a Record> {
        self.tasks.get(task, self.guard, &self.cpu.counts.lost)
    }

    /// That of the task that has had the CPU. In `sched_switch`.
    #[inline(always)]
    fn record_of_running(&self, prev: &Task) -> Option<&'a Record> {
        // SAFETY: The tasks are those of the same numbers as the CPU.
        unsafe { self.cpu.running.get(prev, self.tasks) }.or_else(|| self.record(prev))
    }
}

/// How a task leaves its CPU.
struct Left {
    section: Section,
    entered: Entered,
    /// Whether it wants to run.
    running: bool,
}

/// `prev` leaves its CPU. Returns whether there is more to do: it is a reader, or owed something as
/// it entered the scheduler, or something has been noted of it.
#[inline(always)]
fn switched_out(scene: &Scene<'_>, prev: &Task, record: Option<&Record>, entered: Entered) -> bool {
    scene.cpu.counts.switched_out.count();
    task::is_reader_beside_guard(prev, scene.guard)
        || entered.special().is_pending()
        || cfg!(rcu_blame_miscount)
        || record.is_some_and(|record| record.passing.is_noted())
}

impl Shared {
    /// Accounts for a hit, and runs `body` under a guard.
    #[inline(always)]
    fn hit(&self, event: Event, pinned: &impl Pinned, body: impl FnOnce(&Scene<'_>)) {
        self.hit_at(event, pinned, task::now_ns, body);
    }

    /// The same of an event that has no use for the time, or reads it only if it is looked at.
    #[inline(always)]
    fn hit_any_time(&self, event: Event, pinned: &impl Pinned, body: impl FnOnce(&Scene<'_>)) {
        self.hit_at(event, pinned, || 0, body);
    }

    #[inline(always)]
    fn hit_at(
        &self,
        event: Event,
        pinned: &impl Pinned,
        now: impl FnOnce() -> u64,
        body: impl FnOnce(&Scene<'_>),
    ) {
        self.accounts[event as usize].enter(|| {
            let now = now();
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

    /// `prev`, which leaves the CPU, is a reader, or something has been noted of it.
    #[cold]
    #[inline(never)]
    #[link_section = ".kprobes.text"]
    fn reader_switched_out(
        &self,
        context: &Context<'_, sched_switch>,
        scene: &Scene<'_>,
        prev: &Task,
        next: &Task,
        record: Option<&Record>,
        left: Left,
    ) {
        let section = left.section;
        let entered = left.entered.special();
        let (entered, first, running) = faults::switched_out(
            entered,
            !entered.blocked() || left.entered.is_listed(),
            left.running,
            section.nesting > 0,
        );
        let counts = &scene.cpu.counts;
        let cgroup = task::cgroup(prev, scene.guard);
        let switches = task::switches(prev);
        let before = switches.wrapping_sub(1);

        if let Some(record) = record {
            record.identify(prev, scene.guard);
            if record.passing.section_begin.get() != 0 && (first || section.nesting <= 0) {
                // The end of the section was not seen: it had not come when the task came back.
                let came = self.current.get(context).came.get();

                self.section_ended(context, scene, prev, record, before, came);
            }
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
            } else {
                // An end that was not seen.
                record.passing.boosted.clear();
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
                    passing.section_begin.set(scene.now);
                    passing.section_ran_ns.set(0);
                } else {
                    let came = self.current.get(context).came.get();

                    if came != 0 {
                        passing.section_ran_ns.add(scene.now.saturating_sub(came));
                    }
                }
                if expedited {
                    // It has said so, when it found the task in the section.
                    passing.expedited_known.set(1);
                }
                passing.taken_by.set(next);
                passing.cpu.set(scene.cpu.id.into());
                passing.off.begin(scene.now, switches);
                passing.noted.set(0);
                if self.threshold_ns.get() != 0 {
                    // SAFETY: `sched_switch` is fired with interrupts off, on the CPU of the scene.
                    let place = unsafe { self.absent.note(scene.cpu.id, prev, scene.now) };

                    passing.noted.set(place);
                    if place == 0 {
                        counts.reader_unwatched.count();
                    }
                }
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
    fn switched_in(&self, context: &Context<'_, sched_switch>, scene: &Scene<'_>, next: &Task) {
        let cpu = scene.cpu;
        let record = scene.record(next);

        cpu.running.set(next, record);
        cpu.counts.switched_in.count();

        let Some(record) = record else { return };

        record.lasting.switched_in.count();

        let switches = task::switches(next);

        if let Some(woken_at) = record.passing.woken.get(switches) {
            let latency_ns = scene.now.saturating_sub(woken_at);

            record.passing.woken.clear();
            match task::prio(next) {
                ..0 => cpu.record(Metric::WakeupDeadline, latency_ns),
                0..MAX_RT_PRIO => cpu.record(Metric::WakeupRt, latency_ns),
                _ => cpu.record(Metric::WakeupFair, latency_ns),
            }
        }
        if let Some(off_since) = record.passing.off.get(switches) {
            self.reader_switched_in(context, &scene.apart(), next, record, off_since);
        }
    }

    /// `next`, which gets the CPU, was switched out inside a section.
    #[cold]
    #[inline(never)]
    #[link_section = ".kprobes.text"]
    fn reader_switched_in(
        &self,
        context: &Context<'_, sched_switch>,
        scene: &Scene<'_>,
        next: &Task,
        record: &Record,
        off_since: u64,
    ) {
        let passing = &record.passing;
        let boosted = passing.boosted.get(task::switches(next)).is_some();
        let off_ns = scene.now.saturating_sub(off_since);
        let is_unreported = self.absent.is_unreported(passing.noted.get(), off_since);
        let floor_ns = self.grace_periods.intervals.floor_ns.get();
        let section_begin = passing.section_begin.get();

        if off_ns > floor_ns {
            self.reader_was_off(context, scene, next, passing, off_since);
        }
        if section_begin != 0 {
            let stack = &self.current.get(context).section_stack;

            if scene.now.saturating_sub(section_begin) > floor_ns {
                keep_stack(stack, next);
            } else {
                stack.clear();
            }
        }
        self.resumed(scene, next, record, off_ns, boosted, is_unreported);
    }

    /// `task` was switched out inside a section, and is back.
    #[inline(always)]
    fn resumed(
        &self,
        scene: &Scene<'_>,
        task: &Task,
        record: &Record,
        off_ns: u64,
        boosted: bool,
        is_unreported: bool,
    ) {
        let off_ns = faults::time_ns(off_ns);
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

        if threshold_ns != 0 && off_ns > threshold_ns && is_unreported {
            self.exceeded(counts, task, off_ns, threshold_ns);
        }
    }

    /// A reader has been off its CPU for longer than the threshold. Any context.
    #[inline(always)]
    pub(super) fn exceeded(&self, counts: &Counts, reader: &Task, off_ns: u64, threshold_ns: u64) {
        counts.reader_threshold.count();
        trace::reader_threshold(reader, off_ns, threshold_ns);
        if self.stop.get() != 0 {
            // SAFETY: Any context: it sets a flag of the ring buffer's.
            unsafe { bindings::tracing_off() };
        }
    }

    /// The priority of `task` is about to be that of `waiter`, or its own.
    #[inline(always)]
    fn reprioritised(&self, scene: &Scene<'_>, task: &Task, waiter: Option<&Task>, newprio: i32) {
        let counts = &scene.cpu.counts;
        let record = scene.record(task);
        // RCU may have let go of the task by now, which is about to give the priority back.
        let by_rcu = faults::is_by_rcu(waiter.is_some_and(task::is_booster), waiter.is_some());

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

    /// A kthread that boosts is woken: by the task that it has boosted, unless by itself.
    #[cold]
    #[inline(never)]
    #[link_section = ".kprobes.text"]
    fn booster_wakes(&self, pinned: &impl Pinned, scene: &Scene<'_>, booster: &Task) {
        let current = task::current(pinned);

        if !core::ptr::eq(booster, current) {
            let admitted = scene.admits(current);

            self.deboosted(pinned, scene, current, task::prio(current), admitted);
        }
    }

    /// Something has happened that may be the end of a boost of the current task, which is about to
    /// have that priority. It is if RCU does not wait for the task any more.
    ///
    /// The filter decides whether the end of a boost is counted, not whether the boost ends.
    #[inline(always)]
    fn deboosted(
        &self,
        pinned: &impl Pinned,
        scene: &Scene<'_>,
        current: &Task,
        newprio: i32,
        admitted: bool,
    ) {
        if task::is_blocked_reader(current) {
            return;
        }

        let Some(record) = scene.tasks.of(current) else {
            return;
        };
        let switches = task::switches(current);

        if record.passing.section_begin.get() != 0 {
            self.section_ended(pinned, scene, current, record, switches, scene.now);
        }

        let boosted_at = record.passing.boosted.take(switches);

        if let (true, Some(boosted_at)) = (admitted, boosted_at) {
            let boosted_ns = faults::time_ns(scene.now.saturating_sub(boosted_at));

            scene.cpu.counts.reader_deboosted.count();
            scene.cpu.record(Metric::Boosted, boosted_ns);
            record.lasting.boosted_ns.add(boosted_ns);
            raise(&record.lasting.boosted_max_ns, boosted_ns);
            trace::reader_deboosted(current, newprio, boosted_ns);
        }
    }
}

impl Shared {
    /// A CPU has passed from `prev` to `next`: was what ended long?
    #[inline(always)]
    fn passed(
        &self,
        context: &Context<'_, sched_switch>,
        scene: &Scene<'_>,
        current: &Current,
        prev: &Task,
        next: &Task,
    ) {
        let floor_ns = self.grace_periods.intervals.floor_ns.get();
        let since = current.since.get();

        current.came.set(scene.now);
        if task::is_kthread(next) {
            if task::is_kthread_stopper(next) {
                stopped(scene.now, current, prev);
                return;
            }

            let queued = task::queued(next);
            let since = queued.wrapping_add(self.grace_periods.clock_offset.get());

            if queued != 0 && scene.now.wrapping_sub(since) > floor_ns {
                self.waited_for_cpu(context, &scene.apart(), prev, next);
            }
        }
        if task::is_stopper(prev) {
            if self.resumed_after_stop(context, &scene.apart(), current, next) {
                return;
            }
        } else if scene.now.wrapping_sub(since) > floor_ns {
            self.prev_had_cpu(context, &scene.apart(), current, prev);
        }
        current.since.set(scene.now);

        let (user_ns, system_ns) = task::processor_time(next);

        current.user_ns.set(user_ns);
        current.system_ns.set(system_ns);
    }

    /// Writes an interval that has ended.
    #[inline(always)]
    fn was_long(&self, pinned: &impl Pinned, scene: &Scene<'_>, interval: Interval) {
        // SAFETY: `sched_switch`, `sched_waking` of a booster and `sched_pi_setprio` are fired with
        // interrupts off, on the CPU of the scene.
        unsafe {
            self.grace_periods
                .intervals
                .write(pinned, scene.cpu.id, interval)
        };
    }

    /// The section of a task that was switched out in it `switches` times has ended, after `end`;
    /// the task has the CPU.
    #[cold]
    #[inline(never)]
    #[link_section = ".kprobes.text"]
    fn section_ended(
        &self,
        pinned: &impl Pinned,
        scene: &Scene<'_>,
        reader: &Task,
        record: &Record,
        switches: u64,
        end: u64,
    ) {
        let passing = &record.passing;
        let current = self.current.get(pinned);
        let begin = passing.section(switches);
        let stack = current.section_stack.get();
        let came = current.came.get();

        passing.section_begin.set(0);
        current.section_stack.clear();

        let Some(begin) = begin else { return };

        // The switch by which the task came was not seen.
        if came == 0 {
            return;
        }

        let ran_ns = passing
            .section_ran_ns
            .get()
            .wrapping_add(end.saturating_sub(came));

        if ran_ns <= self.grace_periods.intervals.floor_ns.get() {
            return;
        }

        let interval = Interval {
            kind: Kind::Section,
            task: Name::of(reader),
            cpu: scene.cpu.id,
            time: Span { begin, end },
            ran_ns,
            stack,
            ..Interval::default()
        };

        self.was_long(pinned, scene, interval);
    }

    /// A task has had the CPU for long.
    #[cold]
    #[inline(never)]
    #[link_section = ".kprobes.text"]
    fn had_cpu(
        &self,
        context: &Context<'_, sched_switch>,
        scene: &Scene<'_>,
        current: &Current,
        task: Name,
        end: u64,
        (user_ns, system_ns): (u64, u64),
    ) {
        if task.pid == 0 {
            return;
        }

        let interval = Interval {
            kind: Kind::Cpu,
            task,
            cpu: scene.cpu.id,
            time: Span {
                begin: current.since.get(),
                end,
            },
            user_ns: user_ns.saturating_sub(current.user_ns.get()),
            system_ns: system_ns.saturating_sub(current.system_ns.get()),
            ..Interval::default()
        };

        self.was_long(context, scene, interval);
    }

    /// The task that leaves the CPU has had it for long, if that is known.
    #[cold]
    #[inline(never)]
    #[link_section = ".kprobes.text"]
    fn prev_had_cpu(
        &self,
        context: &Context<'_, sched_switch>,
        scene: &Scene<'_>,
        current: &Current,
        prev: &Task,
    ) {
        let since = current.since.get();

        if task::pid(prev) != 0 && since != 0 && since < scene.now {
            let times = task::processor_time(prev);

            self.had_cpu(context, scene, current, Name::of(prev), scene.now, times);
        }
    }

    /// The stopper leaves the CPU. Returns whether the task that had it before goes on.
    #[cold]
    #[inline(never)]
    #[link_section = ".kprobes.text"]
    fn resumed_after_stop(
        &self,
        context: &Context<'_, sched_switch>,
        scene: &Scene<'_>,
        current: &Current,
        next: &Task,
    ) -> bool {
        let stopped = current.stopped.get();
        let since = current.since.get();
        let end = current.stopped_at.get();

        current.stopped.set(0);
        if stopped == 0 || since == 0 {
            return false;
        }
        if task::key(next) == Some(stopped) {
            current.resumed.set(stopped);
            current.resumed_since.begin(since, task::switches(next));
            return true;
        }
        if end.saturating_sub(since) > self.grace_periods.intervals.floor_ns.get() {
            let times = (
                current.stopped_user_ns.get(),
                current.stopped_system_ns.get(),
            );
            let name = current.stopped_name.get().unwrap_or_default();

            self.had_cpu(context, scene, current, name, end, times);
        }
        false
    }

    /// `next`, a kthread, has waited for the CPU for long, if it has waited at all.
    #[cold]
    #[inline(never)]
    #[link_section = ".kprobes.text"]
    fn waited_for_cpu(
        &self,
        context: &Context<'_, sched_switch>,
        scene: &Scene<'_>,
        prev: &Task,
        next: &Task,
    ) {
        let queued = task::queued(next);

        if !task::is_rcu_thread(next) {
            return;
        }

        let waited_ns = task::local_ns().saturating_sub(queued);

        // The clocks are not quite the same.
        if waited_ns <= self.grace_periods.intervals.floor_ns.get() {
            return;
        }

        let interval = Interval {
            kind: Kind::Thread,
            task: Name::of(next),
            cpu: scene.cpu.id,
            time: Span {
                begin: scene.now.saturating_sub(waited_ns),
                end: scene.now,
            },
            by: (task::pid(prev) != 0).then(|| Name::of(prev)),
            ..Interval::default()
        };

        self.was_long(context, scene, interval);
    }

    /// A reader that has been off its CPU for long is back: `sched_switch` has yet to switch to it,
    /// so the stack is that of the section.
    #[cold]
    #[inline(never)]
    #[link_section = ".kprobes.text"]
    fn reader_was_off(
        &self,
        context: &Context<'_, sched_switch>,
        scene: &Scene<'_>,
        reader: &Task,
        passing: &Passing,
        off_since: u64,
    ) {
        let interval = Interval {
            kind: Kind::Reader,
            task: Name::of(reader),
            cpu: passing.cpu.get() as u32,
            time: Span {
                begin: off_since,
                end: scene.now,
            },
            by: passing.taken_by.get(),
            boosted_at: passing.boosted.get(task::switches(reader)),
            stack: Stack::of(reader),
            ..Interval::default()
        };

        self.was_long(context, scene, interval);
    }
}

/// The stopper takes the CPU from `prev`, which may go on after that.
#[cold]
#[inline(never)]
#[link_section = ".kprobes.text"]
fn stopped(now: u64, current: &Current, prev: &Task) {
    let (user_ns, system_ns) = task::processor_time(prev);

    current.stopped.set(task::key(prev).unwrap_or(0));
    current.stopped_name.set(prev);
    current.stopped_at.set(now);
    current.stopped_user_ns.set(user_ns);
    current.stopped_system_ns.set(system_ns);
}

/// Keeps the stack of a reader that is about to run, and has been in its section for long.
#[cold]
#[inline(never)]
#[link_section = ".kprobes.text"]
fn keep_stack(to: &StackCell, reader: &Task) {
    to.set(&Stack::of(reader));
}

impl Probe<sched_entry_tp> for Arc<Shared> {
    #[inline(always)]
    fn hit(&self, context: &Context<'_, sched_entry_tp>, _args: Args<'_, sched_entry_tp>) {
        let shared: &Shared = self;

        // No guard: its end would be one more to report what is pending.
        shared.accounts[Event::Entry as usize].enter(|| {
            let section = Section::of(task::current(context));
            let entered = &shared.current.get(context).entered;
            let listed = section.nesting > 0
                && (!section.special.blocked() || Entered(entered.get()).is_listed());

            entered.set(Entered::new(section.special, listed).0);
        });
    }
}

impl Probe<sched_switch> for Arc<Shared> {
    #[inline(always)]
    fn hit(&self, context: &Context<'_, sched_switch>, args: Args<'_, sched_switch>) {
        let shared: &Shared = self;

        shared.hit(Event::Switch, context, |scene| {
            let current = shared.current.get(context);
            let entered = Entered(current.entered.get());

            // In case nobody notes the next one.
            current.entered.set(0);
            if scene.admits(args.prev) {
                let record = scene.record_of_running(args.prev);

                if let Some(record) = record {
                    record.lasting.switched_out.count();
                }
                if switched_out(scene, args.prev, record, entered) {
                    let left = Left {
                        section: Section::beside_guard(args.prev, scene.guard),
                        entered,
                        running: args.preempt || args.prev_state.is_running(),
                    };
                    let scene = &scene.apart();

                    shared.reader_switched_out(context, scene, args.prev, args.next, record, left);
                }
            }
            if is_dead(args.prev_state) {
                dies(&scene.apart(), args.prev);
            }
            if scene.admits(args.next) {
                shared.switched_in(context, scene, args.next);
            } else {
                scene.cpu.running.forget();
            }
            shared.passed(context, scene, current, args.prev, args.next);
        });
    }
}

/// A task is switched out for the last time.
#[cold]
#[inline(never)]
#[link_section = ".kprobes.text"]
fn dies(scene: &Scene<'_>, task: &Task) {
    scene.tasks.dies(task, scene.guard);
}

/// Whether this was the last time that the task was switched out.
#[inline(always)]
fn is_dead(state: TaskState) -> bool {
    state.0 & bindings::TASK_DEAD != 0
}

impl Probe<sched_waking> for Arc<Shared> {
    #[inline(always)]
    fn hit(&self, context: &Context<'_, sched_waking>, args: Args<'_, sched_waking>) {
        let shared: &Shared = self;

        shared.hit_any_time(Event::Waking, context, |scene| {
            if scene.admits(args.p) {
                let now = task::now_ns();

                scene.cpu.counts.wakings.count();
                if let Some(record) = scene.record(args.p) {
                    record.lasting.wakings.add_shared(1);
                    record.passing.woken.begin(now, task::switches(args.p));
                }
            }
            // The end of a boost wakes the kthread that has asked for it, and need not change the
            // priority, which the task may have been given meanwhile.
            if task::is_booster(args.p) {
                shared.booster_wakes(context, &scene.at(task::now_ns()), args.p);
            }
        });
    }
}

impl Probe<sched_wakeup> for Arc<Shared> {
    #[inline(always)]
    fn hit(&self, context: &Context<'_, sched_wakeup>, args: Args<'_, sched_wakeup>) {
        Shared::hit_any_time(self, Event::Wakeup, context, |scene| {
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
        Shared::hit_any_time(self, Event::Migrate, context, |scene| {
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
        let shared: &Shared = self;

        shared.hit(Event::Prio, context, |scene| {
            let newprio = task::prio_from(args.tsk, args.pi_task);
            let admitted = scene.admits(args.tsk);

            if admitted {
                shared.reprioritised(scene, args.tsk, args.pi_task, newprio);
            }
            // The end is the task's own doing. Of another one that runs meanwhile the kernel and
            // each probe may see something else.
            if core::ptr::eq(args.tsk, task::current(context)) {
                shared.deboosted(context, scene, args.tsk, newprio, admitted);
            }
        });
    }
}

impl Probe<sched_process_fork> for Arc<Shared> {
    #[inline(always)]
    fn hit(&self, context: &Context<'_, sched_process_fork>, args: Args<'_, sched_process_fork>) {
        Shared::hit_any_time(self, Event::Fork, &context.pin(), |scene| {
            if scene.admits(args.parent) {
                scene.cpu.counts.forks.count();
            }
        });
    }
}

impl Probe<sched_process_exec> for Arc<Shared> {
    #[inline(always)]
    fn hit(&self, context: &Context<'_, sched_process_exec>, args: Args<'_, sched_process_exec>) {
        Shared::hit_any_time(self, Event::Exec, &context.pin(), |scene| {
            if scene.admits(args.p) {
                scene.cpu.counts.execs.count();
                if let Some(record) = scene.record(args.p) {
                    record.identify(args.p, scene.guard);
                }
            }
        });
    }
}

impl Probe<sched_process_exit> for Arc<Shared> {
    #[inline(always)]
    fn hit(&self, context: &Context<'_, sched_process_exit>, args: Args<'_, sched_process_exit>) {
        Shared::hit_any_time(self, Event::Exit, &context.pin(), |scene| {
            if scene.admits(args.p) {
                scene.cpu.counts.exits.count();
                if let Some(record) = scene.record(args.p) {
                    record.identify(args.p, scene.guard);
                }
            }
        });
    }
}
