// SPDX-License-Identifier: GPL-2.0

//! A table of tasks, of a fixed size.
//!
//! Open addressing: a task is in one of the [`PROBES`] slots from where its [key](task::key) leads
//! to. Looking for one takes no lock. Taking a slot does, a raw spinlock with nothing below it, so
//! that a task does not get two.
//!
//! The key is the address of the `task_struct`, the only thing of a task that stays the same for as
//! long as it lives: a thread that calls `execve()` takes over the pid and the start time of its
//! process's leader (`de_thread()`, fs/exec.c). When the task has been switched out for the last
//! time its slot gives the key up, and nothing finds the slot any more. A slot of a task whose last
//! switch was not seen keeps its key. A later task at the same address does not take it for its
//! own, because that task was started later; when it gets a slot, the older one gives the key up.
//! So no two slots have the same key, of which `execve()` could make the wrong one old enough.
//!
//! A slot stays taken after its task has died, for its numbers to be read, until another task needs
//! it that finds no free one. Then what is known of the dead task is lost, and counted. A task that
//! finds neither is not in the table, and its events are counted as lost, each of them.

use super::{
    counters::counters,
    name::NameCell,
    number::Number,
    task::{
        self,
        Comm, //
    },
};
use crate::{
    rcu_blame::helpers,
    rcu_notrace::load_acquire,
    tracepoint_glue::{
        args::Task,
        probe_state,
        NoSleep, //
    },
};
use core::ops::Range;
use kernel::{
    prelude::*,
    sync::atomic::{
        Atomic,
        Relaxed,
        Release, //
    },
};

/// How many slots are looked at for one task.
const PROBES: usize = 32;

/// The key of a slot that has never been taken: nothing that is looked for lies beyond it.
const FREE: u64 = 0;
/// The key of one that is being taken over.
const BUSY: u64 = 1;
/// The key of one whose task has died.
const DEAD: u64 = 2;

counters! {
    /// The numbers of a task.
    pub(super) struct Lasting(Row) {
        pid,
        tgid,
        prio,
        cgroup,
        /// Whether it has been switched out for the last time.
        dead,
        switched_out,
        switched_in,
        wakings,
        wakeups,
        migrations,
        prio_changes,
        preempted,
        lock_waits,
        sections,
        off_ns,
        off_max_ns,
        boosts,
        boosted_ns,
        boosted_max_ns,
        boosted_from,
        boosted_to,
        normal_gp,
        expedited_gp,
        qs_deferred,
        comm_0,
        comm_1,
    }
}

probe_state! {
    /// When something began that ends, at the latest, with the next time that the task is switched
    /// out: the time, and how often it had been switched out by then.
    ///
    /// No end needs to be seen. A beginning that is left behind is one of another number.
    pub(super) struct Since {
        at: Number,
        switches: Number,
    }
}

impl Since {
    pub(super) const fn new() -> Self {
        Self {
            at: Number::new(0),
            switches: Number::new(0),
        }
    }

    #[inline(always)]
    pub(super) fn begin(&self, now: u64, switches: u64) {
        self.at.set(now);
        self.switches.set(switches);
    }

    /// When it began, if the task has not been switched out since.
    #[inline(always)]
    pub(super) fn get(&self, switches: u64) -> Option<u64> {
        match self.at.get() {
            0 => None,
            at => (self.switches.get() == switches).then_some(at),
        }
    }

    #[inline(always)]
    pub(super) fn clear(&self) {
        self.at.set(0);
    }

    /// [`get()`](Self::get) and [`clear()`](Self::clear), where two CPUs may do so at once: one is
    /// told when it began.
    #[inline(always)]
    pub(super) fn take(&self, switches: u64) -> Option<u64> {
        let began = self.get(switches).is_some();

        match self.at.get() {
            0 => None,
            _ => Some(self.at.take()).filter(|at| began && *at != 0),
        }
    }
}

probe_state! {
    /// Intervals of a task that have not ended.
    pub(super) struct Passing {
        /// Inside a section, and off its CPU: from the last time that it was seen to be switched
        /// out there. It stays when the task is back.
        pub(super) off: Since,
        /// The task that got the CPU then, as long as `off` is good, and which CPU that was.
        pub(super) taken_by: NameCell,
        pub(super) cpu: Number,
        /// The place in [`Absent`](super::absent::Absent), of a task that is off.
        pub(super) noted: Number,
        /// The first switch inside the section of `off`; 0: the section has ended.
        pub(super) section_begin: Number,
        /// For how long the task has run in the section since, up to the last switch.
        pub(super) section_ran_ns: Number,
        /// Woken, and not on a CPU yet.
        pub(super) woken: Since,
        /// Boosted by RCU. A switch inside the section carries it on.
        pub(super) boosted: Since,
        /// Whether a normal, and an expedited grace period is known to wait for the section.
        pub(super) normal_known: Number,
        pub(super) expedited_known: Number,
        /// The grace periods when the section was put on a list.
        pub(super) normal_then: Number,
        pub(super) expedited_then: Number,
    }
}

impl Passing {
    const fn new() -> Self {
        Self {
            off: Since::new(),
            taken_by: NameCell::new(),
            cpu: Number::new(0),
            noted: Number::new(0),
            section_begin: Number::new(0),
            section_ran_ns: Number::new(0),
            woken: Since::new(),
            boosted: Since::new(),
            normal_known: Number::new(0),
            expedited_known: Number::new(0),
            normal_then: Number::new(0),
            expedited_then: Number::new(0),
        }
    }

    /// When the section that the task is in was first left by a switch, if that was seen; the task
    /// has been switched out that often.
    #[inline(always)]
    pub(super) fn section(&self, switches: u64) -> Option<u64> {
        match self.section_begin.get() {
            0 => None,
            begin => self.off.get(switches).map(|_| begin),
        }
    }

    /// Forgets it. The numbers of a section are those of `off`.
    fn clear(&self) {
        self.off.clear();
        self.section_begin.set(0);
        self.woken.clear();
        self.boosted.clear();
    }
}

probe_state! {
    /// A task: at first all zeroes.
    ///
    /// Written by whoever is hit by an event of the task. Those of its switches come one after the
    /// other, as do those of its priority: the scheduler has the rq lock of the CPU that it is on.
    /// A wake-up may come beside a switch, and beside another wake-up.
    pub(super) struct Record {
        pub(super) lasting: Lasting,
        pub(super) passing: Passing,
    }
}

impl Record {
    #[inline(always)]
    pub(super) fn identify(&self, task: &Task) {
        let (to, comm) = (&self.lasting, task::comm(task));

        to.comm_0.set(comm[0]);
        to.comm_1.set(comm[1]);
        to.pid.set(task::pid(task) as u64);
        to.tgid.set(task::tgid(task) as u64);
        to.prio.set(task::prio(task) as u64);
    }
}

impl Row {
    pub(super) fn comm(&self) -> Comm {
        task::comm_bytes([self.comm_0, self.comm_1])
    }
}

probe_state! {
    struct Slot {
        /// [`task::started()`], as it was when the slot was taken.
        started: Number,
        record: Record,
    }
}

impl Slot {
    /// Whether it is that of `task`, whose key it has.
    ///
    /// A task that calls `execve()` may become as old as its leader, and no younger. Another one at
    /// the same address was started after the first had died.
    #[inline(always)]
    fn is_of(&self, task: &Task) -> bool {
        self.started.get() >= task::started(task)
    }
}

/// A slot, and the key to it.
#[derive(Clone, Copy)]
struct Place<'a> {
    key: &'a Atomic<u64>,
    slot: &'a Slot,
}

impl<'a> Place<'a> {
    /// Its task has died.
    #[inline(always)]
    fn dies(self) {
        self.slot.record.lasting.dead.set(1);
        // After all that was written to it. Pairs with the acquire in `take_locked()`.
        self.key.store(DEAD, Release);
    }

    /// Hands it to a task; it is clear.
    #[inline(always)]
    fn give(self, key: u64, task: &Task) -> &'a Record {
        self.slot.started.set(task::started(task));
        self.slot.record.identify(task);
        self.key.store(key, Release);
        &self.slot.record
    }
}

/// Raises what is written by one at a time.
#[inline(always)]
pub(super) fn raise(max: &Number, value: u64) {
    if value > max.get() {
        max.set(value);
    }
}

/// The table.
pub(super) struct Tasks {
    /// [`task::key()`], or `FREE`, `BUSY`, or `DEAD`, of each slot: side by side, as a task is
    /// looked for here.
    keys: KVVec<Atomic<u64>>,
    /// A power of two of them.
    slots: KVVec<Slot>,
    mask: usize,
    /// So many bits of a hash are not used.
    shift: u32,
    /// How many have ever been taken.
    pub(super) taken: Number,
    /// How many dead tasks have made way.
    pub(super) evicted: Number,
}

// SAFETY: Atomics, and a raw spinlock.
unsafe impl NoSleep for Tasks {}

impl Tasks {
    /// Process context; `ENOMEM`, `EINVAL` where the size is no power of two.
    pub(super) fn new(size: usize) -> Result<Self> {
        if !size.is_power_of_two() {
            return Err(EINVAL);
        }

        let mut keys = KVVec::with_capacity(size, GFP_KERNEL)?;
        let mut slots = KVVec::with_capacity(size, GFP_KERNEL)?;

        for _ in 0..size {
            keys.push_within_capacity(Atomic::new(FREE))?;
            slots.push_within_capacity(Slot {
                started: Number::new(0),
                record: Record {
                    lasting: Lasting::new(),
                    passing: Passing::new(),
                },
            })?;
        }
        Ok(Self {
            keys,
            slots,
            mask: size - 1,
            shift: u64::BITS.wrapping_sub(size.ilog2()),
            taken: Number::new(0),
            evicted: Number::new(0),
        })
    }

    /// The slots that `key` may be in, in the order in which they are looked at.
    #[inline(always)]
    fn places(&self, key: u64) -> impl Iterator<Item = usize> {
        // Fibonacci hashing: addresses at equal distances, as those of a slab, are spread evenly by
        // the highest bits of the product.
        let start = key
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .wrapping_shr(self.shift) as usize;
        let mask = self.mask;

        (0..PROBES).map(move |i| start.wrapping_add(i) & mask)
    }

    #[inline(always)]
    fn place(&self, at: usize) -> Option<Place<'_>> {
        Some(Place {
            key: self.keys.get(at)?,
            slot: self.slots.get(at)?,
        })
    }

    #[inline(always)]
    fn find(&self, key: u64, task: &Task) -> Option<Place<'_>> {
        for at in self.places(key) {
            // Pairs with the release in `take_locked()`: the slot is clear.
            match load_acquire(self.keys.get(at)?) {
                found if found == key => {
                    let place = self.place(at)?;

                    if place.slot.is_of(task) {
                        return Some(place);
                    }
                }
                FREE => return None,
                _ => (),
            }
        }
        None
    }

    /// The slot of a task, if it has one. Any context.
    #[inline(always)]
    pub(super) fn of(&self, task: &Task) -> Option<&Record> {
        Some(&self.find(task::key(task)?, task)?.slot.record)
    }

    /// The slot of a task, which gets one if it has none and there is one. Any context but NMI.
    #[inline(always)]
    pub(super) fn get(&self, task: &Task) -> Option<&Record> {
        let key = task::key(task)?;

        match self.find(key, task) {
            Some(place) => Some(&place.slot.record),
            None => self.take(key, task),
        }
    }

    #[cold]
    #[inline(never)]
    #[link_section = ".kprobes.text"]
    fn take(&self, key: u64, task: &Task) -> Option<&Record> {
        locked(|| self.take_locked(key, task))
    }

    #[inline(always)]
    fn take_locked(&self, key: u64, task: &Task) -> Option<&Record> {
        let mut dead = None;

        for at in self.places(key) {
            let place = self.place(at)?;

            match load_acquire(place.key) {
                found if found == key => {
                    if place.slot.is_of(task) {
                        return Some(&place.slot.record);
                    }
                    // A task that was here before, and whose last switch nobody has seen.
                    place.dies();
                    dead = dead.or(Some(place));
                }
                FREE => {
                    self.taken.count();
                    return Some(place.give(key, task));
                }
                // A dead task has no events: nobody has hold of its slot but those who print it.
                DEAD if dead.is_none() => dead = Some(place),
                _ => (),
            }
        }

        let place = dead?;

        self.evicted.count();
        place.key.store(BUSY, Relaxed);
        place.slot.record.lasting.clear();
        place.slot.record.passing.clear();
        Some(place.give(key, task))
    }

    /// The task has been switched out for the last time: its slot may be given to another. Any
    /// context.
    #[inline(always)]
    pub(super) fn dies(&self, task: &Task) {
        if let Some(place) = task::key(task).and_then(|key| self.find(key, task)) {
            place.dies();
        }
    }

    /// The first slot from `slots` that has a task. Any context.
    pub(super) fn first(&self, slots: Range<usize>) -> Option<usize> {
        slots.into_iter().find(|slot| {
            self.keys
                .get(*slot)
                .is_some_and(|key| key.load(Relaxed) > BUSY)
        })
    }

    /// The numbers of the task in a slot, if there is one. All are of the same task, which goes on
    /// meanwhile. Any context but NMI.
    pub(super) fn row(&self, slot: usize) -> Option<Row> {
        let place = self.place(slot)?;

        locked(|| (place.key.load(Relaxed) > BUSY).then(|| place.slot.record.lasting.read()))
    }

    /// The tasks in some of the slots. Any context but NMI.
    pub(super) fn rows(&self, slots: Range<usize>) -> impl Iterator<Item = Row> + '_ {
        slots.into_iter().filter_map(|slot| self.row(slot))
    }
}

/// Runs `f` while no slot passes to another task. Any context but NMI.
#[inline(always)]
pub(super) fn locked<R>(f: impl FnOnce() -> R) -> R {
    // SAFETY: Unlocked below.
    let flags = unsafe { helpers::rcu_blame_lock() };
    let result = f();

    // SAFETY: Locked above.
    unsafe { helpers::rcu_blame_unlock(flags) };
    result
}
