// SPDX-License-Identifier: GPL-2.0

//! The present: the tasks, threads and CPUs that delay RCU grace periods now.
//!
//! A snapshot looks at every task of the system, whether or not a probe has seen it: it has readers
//! that left their CPU before the module was loaded. Most facts are in the task itself
//! (`rcu_blocked_node`, `sched_info`). The table of tasks adds those that only a probe sees: since
//! when the reader is off its CPU, the task that took the CPU, the boost.
//!
//! A stack is read here, when somebody asks: a task that is off its CPU still has the stack with
//! which it left. A CPU that runs the same task for long is asked by an interrupt. The interrupt
//! handler notes whether RCU would see a quiescent state there, as a tick does
//! (`rcu_flavor_sched_clock_irq()`): no section is open, preemption and softirqs are on. A CPU that
//! does not answer has its interrupts off.
//!
//! # Context
//!
//! Process context. A snapshot sleeps for memory, and some milliseconds for answers, but for no
//! grace period.

use super::{
    asked::{
        Asked,
        Asking, //
    },
    grace_periods::kind,
    greatest,
    name::Name,
    stack::{
        Stack,
        Symbols, //
    },
    task::{
        self,
        GracePeriods,
        Section,
        Special, //
    },
    tasks::Passing,
    Shared, //
};
use crate::{
    rcu_blame::held_helpers as helpers,
    rcu_notrace::ReadSide,
    tracepoint_glue::args::Task, //
};
use core::ptr::NonNull;
use kernel::{
    prelude::*,
    seq_file::SeqFile,
    seq_print,
    sync::aref::ARef,
    time::{
        delay::fsleep,
        Delta, //
    },
};

/// How many readers, and how many threads, a snapshot has: those that wait for longest.
const MOST: usize = 64;

/// Shorter waits of threads, and shorter stays on a CPU, are left out.
const LEAST_NS: u64 = 10_000_000;

/// How many milliseconds the CPUs are given to answer.
const PATIENCE: usize = 20;

/// A task that is off its CPU inside a section.
struct Reader {
    task: ARef<Task>,
    name: Name,
    nesting: i32,
    special: Special,
    /// Whether it could run if it were given a CPU.
    queued: bool,
    cpu: u32,
    off_ns: Option<u64>,
    /// For how long it has been in its section, if all of that was seen since the first switch.
    section_ns: Option<u64>,
    by: Option<Name>,
    /// For how long it has been boosted, and to which priority.
    boosted: Option<(u64, i32)>,
    stack: Stack,
}

/// One of RCU's threads that could run, and does not.
struct Thread {
    name: Name,
    cpu: u32,
    waits_ns: u64,
}

/// The task that a CPU runs.
struct Running {
    name: Name,
    section: Section,
    for_ns: u64,
    /// For how long it has been in its section, if it was switched out in it.
    section_ns: Option<u64>,
    /// For long enough to be shown.
    is_long: bool,
    /// Whether RCU waits for the CPU: it is neither idle nor, under nohz_full, in user mode.
    is_watched: bool,
    asked: Asked,
}

/// A snapshot.
pub(super) struct Held {
    now_ns: u64,
    local_ns: u64,
    grace_periods: GracePeriods,
    /// For how long the normal one, and the expedited one, have been under way.
    gps_ns: (Option<u64>, Option<u64>),
    tasks: usize,
    /// Those that wait for longest first, as in `threads`.
    readers: KVec<Reader>,
    readers_seen: usize,
    threads: KVec<Thread>,
    threads_seen: usize,
    /// By CPU. `None`: idle.
    running: KVec<Option<Running>>,
    symbols: Symbols,
}

impl Reader {
    /// A reader of which nobody knows since when has waited for longest.
    fn waits_ns(&self) -> u64 {
        self.off_ns.unwrap_or(u64::MAX)
    }
}

impl Held {
    /// An empty one. `ENOMEM`.
    pub(super) fn new() -> Result<Self> {
        let mut running = KVec::new();

        // SAFETY: No requirements.
        for _ in 0..unsafe { helpers::rcu_blame_cpus() } {
            running.push(None, GFP_KERNEL)?;
        }
        Ok(Self {
            now_ns: 0,
            local_ns: 0,
            grace_periods: GracePeriods::now(),
            gps_ns: (None, None),
            tasks: 0,
            readers: KVec::with_capacity(MOST, GFP_KERNEL)?,
            readers_seen: 0,
            threads: KVec::with_capacity(MOST, GFP_KERNEL)?,
            threads_seen: 0,
            running,
            symbols: Symbols::new()?,
        })
    }

    /// Takes the snapshot. `EINTR`: the task has been killed.
    pub(super) fn take(&mut self, shared: &Shared) -> Result {
        self.readers.clear();
        self.readers_seen = 0;
        self.threads.clear();
        self.threads_seen = 0;
        self.tasks = 0;
        for running in &mut self.running {
            *running = None;
        }
        self.now_ns = task::now_ns();
        self.local_ns = task::local_ns();
        self.grace_periods = GracePeriods::now();
        self.gps_ns = [false, true]
            .map(|expedited| shared.grace_periods.under_way_for(expedited, self.now_ns))
            .into();

        let mut pid = 1;

        loop {
            // SAFETY: Process context.
            let task = unsafe { helpers::rcu_blame_next_task(&mut pid) };
            let Some(task) = NonNull::new(task) else {
                break;
            };
            // SAFETY: The reference is passed on. `Task` is transparent.
            let task = unsafe { ARef::<Task>::from_raw(task.cast()) };

            self.look_at(task, shared);
            self.tasks = self.tasks.wrapping_add(1);
            pid = pid.wrapping_add(1);
            // SAFETY: Process context, without a lock.
            if unsafe { helpers::rcu_blame_give_way() } {
                return Err(EINTR);
            }
        }
        if matches!(self.grace_periods.under_way(), (false, false)) {
            return Ok(());
        }
        self.ask()
    }

    fn look_at(&mut self, task: ARef<Task>, shared: &Shared) {
        if task::is_on_cpu(&task) {
            self.look_at_running(&task, shared);
            return;
        }
        if task::is_blocked_reader(&task) {
            self.look_at_reader(task.clone(), shared);
        }
        if task::is_rcu_thread(&task) && task::is_running(&task) {
            self.look_at_thread(&task);
        }
    }

    /// How long ago that was, by the clock of run queues; `None` if it was never.
    fn since(&self, then: u64) -> Option<u64> {
        (then != 0).then(|| self.local_ns.saturating_sub(then))
    }

    /// For how long the task of `passing` has been in its section, if it was switched out in it.
    fn section_ns(&self, passing: &Passing, switches: u64) -> Option<u64> {
        let begin = passing.section(switches)?;

        Some(self.now_ns.saturating_sub(begin))
    }

    fn look_at_running(&mut self, task: &Task, shared: &Shared) {
        let switches = task::switches(task);
        let last_arrival = task::arrived(task);
        let for_ns = shared
            .had_since(cpu(task), task, switches)
            .map(|since| self.now_ns.saturating_sub(since))
            .or_else(|| self.since(last_arrival))
            .unwrap_or(0);
        let mut section_ns = None;

        if task::is_blocked_reader(task) {
            let guard = shared.rcu.read_lock();
            let numbers = shared.numbers.read(&guard);

            section_ns = numbers
                .tasks
                .of(task)
                .and_then(|record| self.section_ns(&record.passing, switches))
                // All of it was of the same stay on the CPU.
                .filter(|_| task::is_blocked_reader(task) && task::switches(task) == switches);
        }

        // Two tasks of a CPU are on it while it switches between them: the later one stays.
        if let Some(place) = self.running.get_mut(cpu(task) as usize) {
            if place.as_ref().is_none_or(|other| other.for_ns > for_ns) {
                *place = Some(Running {
                    name: Name::of(task),
                    section: Section::of(task),
                    for_ns,
                    section_ns,
                    is_long: false,
                    is_watched: true,
                    asked: Asked::No,
                });
            }
        }
    }

    fn look_at_thread(&mut self, task: &Task) {
        let last_queued = task::queued(task);
        let waits_ns = self.since(last_queued).unwrap_or(0);

        if waits_ns < LEAST_NS {
            return;
        }
        self.threads_seen = self.threads_seen.wrapping_add(1);

        let thread = Thread {
            name: Name::of(task),
            cpu: cpu(task),
            waits_ns,
        };

        greatest::keep(&mut self.threads, MOST, thread, |thread| thread.waits_ns);
    }

    fn look_at_reader(&mut self, task: ARef<Task>, shared: &Shared) {
        let switches = task::switches(&task);
        let section = Section::of(&task);
        let last_queued = task::queued(&task);
        let mut reader = Reader {
            name: Name::of(&task),
            nesting: section.nesting,
            special: section.special,
            queued: task::is_queued(&task),
            cpu: cpu(&task),
            off_ns: self.since(last_queued),
            section_ns: None,
            by: None,
            boosted: None,
            stack: Stack::of(&task),
            task,
        };

        {
            let guard = shared.rcu.read_lock();
            let numbers = shared.numbers.read(&guard);

            if let Some(record) = numbers.tasks.of(&reader.task) {
                let passing = &record.passing;

                if let Some(off) = passing.off.get(switches) {
                    reader.off_ns = Some(self.now_ns.saturating_sub(off));
                    reader.by = passing.taken_by.get();
                }
                reader.section_ns = self.section_ns(passing, switches);
                reader.boosted = passing.boosted.get(switches).map(|boosted| {
                    (
                        self.now_ns.saturating_sub(boosted),
                        record.lasting.boosted_to.get() as i32,
                    )
                });
            }
        }

        // It may have come back meanwhile, and all of this be of another stay.
        if section.nesting <= 0
            || task::is_on_cpu(&reader.task)
            || task::switches(&reader.task) != switches
            || !task::is_blocked_reader(&reader.task)
        {
            return;
        }
        self.readers_seen = self.readers_seen.wrapping_add(1);
        greatest::keep(&mut self.readers, MOST, reader, Reader::waits_ns);
    }
}

impl Held {
    /// Asks the CPUs that have run the same task for long. `EINTR`: the task has been killed.
    fn ask(&mut self) -> Result {
        let asking = Asking::wait()?;
        let own = current!().pid();
        let mut asked = KVec::new();

        for (cpu, running) in self.running.iter_mut().enumerate() {
            let Some(running) = running else { continue };

            running.is_long = running.name.pid != own
                && running.for_ns.max(running.section_ns.unwrap_or(0)) >= LEAST_NS;
            if !running.is_long {
                continue;
            }
            // SAFETY: A possible CPU.
            running.is_watched = unsafe { helpers::rcu_blame_is_watched(cpu as u32) };
            if running.is_watched && asking.ask(cpu as u32) {
                asked.push(cpu, GFP_KERNEL)?;
            }
        }
        for _ in 0..PATIENCE {
            if asked
                .iter()
                .all(|cpu| matches!(asking.answer(*cpu as u32), Asked::Answered { .. }))
            {
                break;
            }
            fsleep(Delta::from_millis(1));
        }
        for cpu in asked {
            if let Some(Some(running)) = self.running.get_mut(cpu) {
                running.asked = asking.answer(cpu as u32);
            }
        }
        Ok(())
    }
}

impl Held {
    /// The last record. The first is that of the snapshot, two are of grace periods.
    pub(super) fn last(&self) -> usize {
        2usize
            .wrapping_add(self.readers.len())
            .wrapping_add(self.threads.len())
            .wrapping_add(self.running.len())
    }

    /// Shows a record. `None`: there is nothing to be said.
    pub(super) fn show(&mut self, seq: &SeqFile, at: usize) -> Option<()> {
        let (normal, expedited) = self.grace_periods.under_way();
        let readers: usize = 3;
        let threads = readers.wrapping_add(self.readers.len());
        let running = threads.wrapping_add(self.threads.len());

        match at {
            0 => seq_print!(
                seq,
                "held ns={} tasks={} readers={} threads={}\n",
                self.now_ns,
                self.tasks,
                self.readers_seen,
                self.threads_seen
            ),
            1 if normal => show_grace_period(seq, false, self.grace_periods.normal, self.gps_ns.0),
            2 if expedited => {
                show_grace_period(seq, true, self.grace_periods.expedited, self.gps_ns.1);
            }
            1 | 2 => return None,
            at if at < threads => self.show_reader(seq, at.wrapping_sub(readers))?,
            at if at < running => self.show_thread(seq, at.wrapping_sub(threads))?,
            at => self.show_running(seq, at.wrapping_sub(running))?,
        }
        Some(())
    }

    /// The task that a CPU runs now, in the words of a record of another task.
    fn show_on(&self, seq: &SeqFile, cpu: u32) {
        if let Some(Some(on)) = self.running.get(cpu as usize) {
            on.name.show(seq, "on_");
            seq_print!(seq, " on_ns={}", on.for_ns);
        }
    }

    fn show_reader(&mut self, seq: &SeqFile, at: usize) -> Option<()> {
        let reader = self.readers.get(at)?;
        let state = if reader.queued {
            "preempted"
        } else {
            "blocked"
        };

        seq_print!(seq, "reader");
        reader.name.show(seq, "");
        seq_print!(
            seq,
            " tgid={} normal_prio={} nesting={} special={} state={state} cpu={} allowed=",
            task::tgid(&reader.task),
            task::normal_prio(&reader.task),
            reader.nesting,
            reader.special,
            reader.cpu
        );
        // SAFETY: An open file, and a task that exists. `SeqFile` is transparent.
        unsafe {
            helpers::rcu_blame_show_allowed(
                core::ptr::from_ref(seq).cast_mut().cast(),
                reader.task.as_ptr(),
            )
        };
        seq_print!(
            seq,
            " migration_disabled={}",
            task::migration_disabled(&reader.task)
        );
        if let Some(off_ns) = reader.off_ns {
            seq_print!(seq, " off_ns={off_ns}");
        }
        if let Some(section_ns) = reader.section_ns {
            seq_print!(seq, " section_ns={section_ns}");
        }
        if let Some((boosted_ns, boosted_to)) = reader.boosted {
            seq_print!(seq, " boosted_ns={boosted_ns} boosted_to={boosted_to}");
        }
        if reader.queued {
            if let Some(by) = &reader.by {
                by.show(seq, "by_");
            }
            self.show_on(seq, reader.cpu);
        } else if let Some(owner) = lock_owner(&reader.task) {
            Name::of(&owner).show(seq, "owner_");
            seq_print!(
                seq,
                " owner_cpu={} owner_on_cpu={}",
                cpu(&owner),
                u8::from(task::is_on_cpu(&owner))
            );
        }
        self.symbols.show(seq, &reader.stack);
        seq_print!(seq, "\n");
        Some(())
    }

    fn show_thread(&self, seq: &SeqFile, at: usize) -> Option<()> {
        let thread = self.threads.get(at)?;

        seq_print!(seq, "thread");
        thread.name.show(seq, "");
        seq_print!(seq, " cpu={} runnable_ns={}", thread.cpu, thread.waits_ns);
        self.show_on(seq, thread.cpu);
        seq_print!(seq, "\n");
        Some(())
    }

    fn show_running(&mut self, seq: &SeqFile, cpu: usize) -> Option<()> {
        let running = self.running.get(cpu)?.as_ref().filter(|on| on.is_long)?;

        seq_print!(seq, "cpu cpu={cpu}");
        running.name.show(seq, "");
        seq_print!(
            seq,
            " on_ns={} watched={}",
            running.for_ns,
            u8::from(running.is_watched)
        );
        if let Some(section_ns) = running.section_ns {
            seq_print!(seq, " section_ns={section_ns}");
        }
        match &running.asked {
            Asked::No => seq_print!(seq, " nesting={}", running.section.nesting),
            Asked::Unanswered { for_ns } => {
                seq_print!(
                    seq,
                    " nesting={} unanswered_ns={for_ns}",
                    running.section.nesting
                );
            }
            Asked::Answered {
                preempt_count,
                nesting,
                stack,
            } => {
                seq_print!(seq, " nesting={nesting} preempt_count={preempt_count}");
                self.symbols.show_interrupted(seq, stack);
            }
        }
        seq_print!(seq, "\n");
        Some(())
    }
}

fn cpu(task: &Task) -> u32 {
    // SAFETY: The task exists.
    unsafe { helpers::rcu_blame_task_cpu(task.as_ptr()) }
}

/// The owner of the lock that a task is blocked on.
fn lock_owner(task: &Task) -> Option<ARef<Task>> {
    // SAFETY: The task exists.
    let owner = NonNull::new(unsafe { helpers::rcu_blame_lock_owner(task.as_ptr()) })?;

    // SAFETY: The reference is passed on. `Task` is transparent.
    Some(unsafe { ARef::from_raw(owner.cast()) })
}

fn show_grace_period(seq: &SeqFile, expedited: bool, number: u64, for_ns: Option<u64>) {
    seq_print!(
        seq,
        "gp type={} seq={}",
        kind(expedited),
        number >> task::SEQ_SHIFT
    );
    if let Some(for_ns) = for_ns {
        seq_print!(seq, " for_ns={for_ns}");
    }
    seq_print!(seq, "\n");
}
