// SPDX-License-Identifier: GPL-2.0

//! A table of tasks, of a fixed size.
//!
//! Slots are taken one after the other. An index leads from the [key](task::key) of a task to its
//! slot, by open addressing: the slot's number is at one of the [`PROBES`] places from where the
//! key leads to. Looking for a task takes no lock. Taking a slot and giving one up does, a raw
//! spinlock with nothing below it, so that a task does not get two.
//!
//! The key is the address of the `task_struct`, the only thing of a task that stays the same for as
//! long as it lives: a thread that calls `execve()` takes over the pid and the start time of its
//! process's leader (`de_thread()`, fs/exec.c). When the task has been switched out for the last
//! time its slot gives the key up, and its place in the index is free: so the tasks that have died
//! are in nobody's way. A slot of a task whose last switch was not seen keeps its key. A later task
//! at the same address does not take it for its own, because that task was started later; when it
//! gets a slot, the older one gives the key up. So no two slots have the same key, of which
//! `execve()` could make the wrong one old enough.
//!
//! A slot stays taken after its task has died, for its numbers to be read, until all slots are
//! taken and another task needs one: that task gets the slot of the one that died first. Then what
//! is known of that one is lost, and counted. A task for which there is no slot, or no place in the
//! index, is not in the table, and its events are counted as lost, each of them.

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
    rcu_notrace::{
        load_acquire,
        RcuReader, //
    },
    tracepoint_glue::{
        args::Task,
        probe_state,
        NoSleep, //
    },
};
use kernel::{
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed,
            Release, //
        },
        rcu, //
    },
};

/// How many places of the index are looked at for one task.
const PROBES: usize = 32;

/// The key of a slot that has no task, or one that has died.
const NOBODY: u64 = 0;
/// The slot that is never taken: the index has its number where there is no task.
const NONE: u32 = 0;

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

    /// Whether a beginning has been noted of which the next switch of the task may be the end.
    #[inline(always)]
    pub(super) fn is_noted(&self) -> bool {
        self.section_begin.get() | self.woken.at.get() | self.boosted.at.get() != 0
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
    /// Notes what the task is called, its priority and its cgroup. Each may change at any time:
    /// [`Row::refresh()`] has those of a task that lives.
    #[inline(always)]
    pub(super) fn identify(&self, task: &Task, guard: &impl RcuReader) {
        let (to, comm) = (&self.lasting, task::comm(task));

        to.comm_0.set(comm[0]);
        to.comm_1.set(comm[1]);
        to.pid.set(task::pid(task) as u64);
        to.tgid.set(task::tgid(task) as u64);
        to.prio.set(task::prio(task) as u64);
        to.cgroup.set(task::cgroup(task, guard));
    }
}

impl Row {
    /// As [`Record::identify()`] would note it now.
    fn refresh(&mut self, task: &Task, guard: &impl RcuReader) {
        [self.comm_0, self.comm_1] = task::comm(task);
        self.pid = task::pid(task) as u64;
        self.tgid = task::tgid(task) as u64;
        self.prio = task::prio(task) as u64;
        self.cgroup = task::cgroup(task, guard);
    }

    pub(super) fn comm(&self) -> Comm {
        task::comm_bytes([self.comm_0, self.comm_1])
    }
}

probe_state! {
    /// The record of the task that a CPU runs, which is not looked for when the task leaves.
    ///
    /// # Invariants
    ///
    /// `record` is the address of a [`Record`], or `key` is 0.
    pub(super) struct Running {
        key: Number,
        record: Number,
    }
}

impl Running {
    pub(super) const fn new() -> Self {
        Self {
            key: Number::new(0),
            record: Number::new(0),
        }
    }

    /// `task` comes to the CPU. On this CPU, with interrupts off.
    #[inline(always)]
    pub(super) fn set(&self, task: &Task, record: Option<&Record>) {
        match record {
            Some(record) => {
                // INVARIANT: It is that of a record.
                self.record.set(core::ptr::from_ref(record) as u64);
                self.key.set(task.as_ptr() as u64);
            }
            None => self.forget(),
        }
    }

    /// A task comes of which no record is known. Any context, if no `sched_switch` is seen.
    #[inline(always)]
    pub(super) fn forget(&self) {
        self.key.set(0);
    }

    /// That of `task`, which has the CPU, if it is known. On this CPU, with interrupts off.
    ///
    /// # Safety
    ///
    /// Each record that was set is one of `_tasks`.
    #[inline(always)]
    pub(super) unsafe fn get<'a>(&self, task: &Task, _tasks: &'a Tasks) -> Option<&'a Record> {
        if self.key.get() != task.as_ptr() as u64 {
            return None;
        }
        // SAFETY: By the type invariant, and the requirement. A record is there for as long as the
        // table is.
        Some(unsafe { &*(self.record.get() as *const Record) })
    }
}

probe_state! {
    struct Slot {
        /// [`task::key()`], or [`NOBODY`]. Written with the lock held.
        key: Atomic<u64>,
        /// [`task::started()`], as it was when the slot was taken. Of a task that has died, the
        /// number of the slot whose task was the next one to die.
        started: Number,
        record: Record,
    }
}

impl Slot {
    fn new() -> Self {
        Self {
            key: Atomic::<u64>::new(NOBODY),
            started: Number::new(0),
            record: Record {
                lasting: Lasting::new(),
                passing: Passing::new(),
            },
        }
    }

    /// Whether it is that of `task`, which has this key.
    ///
    /// A task that calls `execve()` may become as old as its leader, and no younger. Another one at
    /// the same address was started after the first had died.
    #[inline(always)]
    fn is_of(&self, key: u64, task: &Task) -> bool {
        // Pairs with the release in `give()`: the slot is clear.
        load_acquire(&self.key) == key && self.started.get() >= task::started(task)
    }

    /// Hands it to a task; it is clear.
    #[inline(always)]
    fn give(&self, key: u64, task: &Task, guard: &impl RcuReader) -> &Record {
        self.started.set(task::started(task));
        self.record.identify(task, guard);
        self.key.store(key, Release);
        &self.record
    }
}

/// A place of the index: the number of a slot, or [`NONE`].
struct Entry(Atomic<u32>);

impl Entry {
    #[inline(always)]
    fn get(&self) -> usize {
        // SAFETY: `READ_ONCE()` of a word that is only written atomically.
        unsafe { self.0.as_ptr().read_volatile() as usize }
    }

    /// With the lock held.
    #[inline(always)]
    fn set(&self, slot: u32) {
        // SAFETY: `WRITE_ONCE()`; all others read it atomically.
        unsafe { self.0.as_ptr().write_volatile(slot) };
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
///
/// # Invariants
///
/// There are `size + 1` slots, and `mask + 1` entries, each of which is the number of a slot. So
/// many bits of a hash as are used are the number of an entry.
pub(super) struct Tasks {
    index: KVVec<Entry>,
    mask: usize,
    /// So many bits of a hash are not used.
    shift: u32,
    /// The first is never taken.
    slots: KVVec<Slot>,
    size: u64,
    /// How many have ever been taken: the first of them, but for the very first.
    pub(super) taken: Number,
    /// The slots of the tasks that died first and last, of those that have not made way.
    first_dead: Number,
    last_dead: Number,
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

        // Half of it is free when all slots are taken.
        let entries = size.checked_mul(2).ok_or(EINVAL)?;
        let mut index = KVVec::with_capacity(entries, GFP_KERNEL)?;
        let mut slots = KVVec::with_capacity(size + 1, GFP_KERNEL)?;

        for _ in 0..entries {
            index.push_within_capacity(Entry(Atomic::<u32>::new(NONE)))?;
        }
        for _ in 0..=size {
            slots.push_within_capacity(Slot::new())?;
        }
        // INVARIANT: There are as many of each; there is a slot `NONE`. A hash has as many bits as
        // the number of an entry.
        Ok(Self {
            index,
            mask: entries - 1,
            shift: u64::BITS.wrapping_sub(entries.ilog2()),
            slots,
            size: size as u64,
            taken: Number::new(0),
            first_dead: Number::new(NONE.into()),
            last_dead: Number::new(NONE.into()),
            evicted: Number::new(0),
        })
    }

    /// The number of the entry that `key` leads to.
    #[inline(always)]
    pub(super) fn home(&self, key: u64) -> usize {
        // Fibonacci hashing: addresses at equal distances, as those of a slab, are spread evenly by
        // the highest bits of the product.
        key.wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .wrapping_shr(self.shift) as usize
    }

    /// # Safety
    ///
    /// There is an entry of that number.
    #[inline(always)]
    unsafe fn entry(&self, at: usize) -> &Entry {
        // SAFETY: By the requirement.
        unsafe { &*self.index.as_ptr().add(at) }
    }

    #[inline(always)]
    fn slot(&self, entry: &Entry) -> &Slot {
        // SAFETY: By the type invariant.
        unsafe { &*self.slots.as_ptr().add(entry.get()) }
    }

    /// The places that `key` may be at, in the order in which they are looked at.
    #[inline(always)]
    fn entries(&self, key: u64) -> impl Iterator<Item = &Entry> {
        let home = self.home(key);

        // SAFETY: By the type invariant.
        (0..PROBES).map(move |i| unsafe { self.entry(home.wrapping_add(i) & self.mask) })
    }

    #[inline(always)]
    fn find(&self, key: u64, task: &Task) -> Option<&Entry> {
        self.entries(key)
            .find(|entry| self.slot(entry).is_of(key, task))
    }

    /// The record of a task, if it has one. Any context.
    #[inline(always)]
    pub(super) fn of(&self, task: &Task) -> Option<&Record> {
        let entry = self.find(task::key(task)?, task)?;

        Some(&self.slot(entry).record)
    }

    /// The record of a task, which gets one if it has none and there is one; if there is not,
    /// `lost` counts that. Idle tasks have no key, and none. Any context but NMI.
    #[inline(always)]
    pub(super) fn get<'a>(
        &'a self,
        task: &Task,
        guard: &impl RcuReader,
        lost: &Number,
    ) -> Option<&'a Record> {
        let key = task::key(task)?;
        // Nearly all are there.
        //
        // SAFETY: By the type invariant.
        let slot = self.slot(unsafe { self.entry(self.home(key)) });

        if slot.is_of(key, task) {
            return Some(&slot.record);
        }
        self.find_or_take(key, task, guard, lost)
    }

    #[cold]
    #[inline(never)]
    #[link_section = ".kprobes.text"]
    fn find_or_take<'a>(
        &'a self,
        key: u64,
        task: &Task,
        guard: &impl RcuReader,
        lost: &Number,
    ) -> Option<&'a Record> {
        let record = match self.find(key, task) {
            Some(entry) => Some(&self.slot(entry).record),
            None => locked(|| self.take_locked(key, task, guard)),
        };

        if record.is_none() {
            lost.count();
        }
        record
    }

    #[inline(always)]
    fn take_locked(&self, key: u64, task: &Task, guard: &impl RcuReader) -> Option<&Record> {
        let mut free = None;

        for entry in self.entries(key) {
            let slot = self.slot(entry);

            if slot.is_of(key, task) {
                return Some(&slot.record);
            }
            if slot.key.load(Relaxed) == key {
                // A task that was here before, and whose last switch nobody has seen.
                self.bury(entry);
            }
            if free.is_none() && entry.get() == NONE as usize {
                free = Some(entry);
            }
        }

        let entry = free?;
        let number = self.vacate()?;

        // INVARIANT: It is the number of a slot.
        entry.set(number);
        Some(self.slot(entry).give(key, task, guard))
    }

    /// The task of that entry has died. With the lock held.
    #[inline(always)]
    fn bury(&self, entry: &Entry) {
        let (slot, number) = (self.slot(entry), entry.get() as u64);

        slot.record.lasting.dead.set(1);
        slot.key.store(NOBODY, Relaxed);
        slot.started.set(NONE.into());
        if self.first_dead.get() == NONE.into() {
            self.first_dead.set(number);
        } else if let Some(last) = self.slots.get(self.last_dead.get() as usize) {
            last.started.set(number);
        }
        self.last_dead.set(number);
        entry.set(NONE);
    }

    /// A clear slot, if there is one, that has no task. With the lock held.
    #[inline(always)]
    fn vacate(&self) -> Option<u32> {
        if self.taken.get() < self.size {
            self.taken.count();
            return Some(self.taken.get() as u32);
        }

        let number = self.first_dead.get();
        let slot = self.slots.get(number as usize)?;

        if number == NONE.into() {
            return None;
        }
        // A dead task has no events: nobody has hold of its slot but those who print it.
        self.first_dead.set(slot.started.get());
        self.evicted.count();
        slot.record.lasting.clear();
        slot.record.passing.clear();
        Some(number as u32)
    }

    /// The task has been switched out for the last time: its slot may be given to another. Any
    /// context but NMI.
    #[inline(always)]
    pub(super) fn dies(&self, task: &Task, guard: &impl RcuReader) {
        let Some(key) = task::key(task) else { return };

        locked(|| {
            if let Some(entry) = self.find(key, task) {
                self.slot(entry).record.identify(task, guard);
                self.bury(entry);
            }
        });
    }

    /// How many rows there are: those from 0 on. Any context.
    pub(super) fn rows(&self) -> usize {
        self.taken.get() as usize
    }

    /// The numbers of the task in a row, if it is wanted. All are of the same task, which goes on
    /// meanwhile. Process context.
    pub(super) fn row(
        &self,
        at: usize,
        guard: &rcu::Guard,
        wanted: impl Fn(&Row) -> bool,
    ) -> Option<Row> {
        if at >= self.rows() {
            return None;
        }

        let slot = self.slots.get(at + 1)?;
        let (key, mut row) = locked(|| (slot.key.load(Relaxed), slot.record.lasting.read()));

        if !wanted(&row) {
            return None;
        }
        if let Some(task) = task::living(row.pid as i32, key, guard) {
            row.refresh(task, guard);
        }
        Some(row)
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
