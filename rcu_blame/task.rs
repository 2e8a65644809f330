// SPDX-License-Identifier: GPL-2.0

//! Reads the fields of a task for probes.
//!
//! The fields are those of `struct task_struct` (`include/linux/sched.h`). They are read as they
//! are, without the locks that some of them are written under: each is a word, read once.

use crate::{
    rcu_blame::helpers,
    rcu_notrace::{
        current as current_task,
        RcuReader, //
    },
    tracepoint_glue::{
        args::Task,
        Pinned, //
    },
};
use core::mem::offset_of;
use kernel::{
    bindings,
    fmt::{
        self,
        Write, //
    },
    sync::rcu, //
};

/// The priority of a real-time task is below this, and not below 0, as that of a deadline task is
/// (`include/linux/sched/prio.h`).
pub(super) const MAX_RT_PRIO: i32 = bindings::MAX_RT_PRIO as i32;

/// The name of a task, as `task->comm` has it.
pub(super) type Comm = [u8; bindings::TASK_COMM_LEN as usize];

macro_rules! field {
    ($task:expr, $($field:ident).+) => {
        // SAFETY: A task that is borrowed exists. The field is an aligned word.
        unsafe { (&raw const (*$task.as_ptr()).$($field).+).read_volatile() }
    };
}

#[inline(always)]
pub(super) fn pid(task: &Task) -> i32 {
    field!(task, pid)
}

#[inline(always)]
pub(super) fn tgid(task: &Task) -> i32 {
    field!(task, tgid)
}

/// The priority that the scheduler goes by, boosts included. Lower is more urgent.
#[inline(always)]
pub(super) fn prio(task: &Task) -> i32 {
    field!(task, prio)
}

/// The priority that it has of its own, without boosts.
pub(super) fn normal_prio(task: &Task) -> i32 {
    field!(task, normal_prio)
}

/// The address: a number that no other task has for as long as this one lives, and that is above 2;
/// `None` for idle tasks, which are all alike.
#[inline(always)]
pub(super) fn key(task: &Task) -> Option<u64> {
    (pid(task) != 0).then_some(task.as_ptr() as u64)
}

/// When it was started, in nanoseconds; lowered to when its leader was where it takes the leader's
/// place by `execve()` (`de_thread()`, fs/exec.c).
#[inline(always)]
pub(super) fn started(task: &Task) -> u64 {
    field!(task, start_time)
}

/// How often it has been switched out, modulo 2^64.
///
/// `__schedule()` counts before it fires `sched_switch`, with the rq lock held: from one
/// `sched_switch` in which the task leaves to the next in which it comes the number is the same.
#[inline(always)]
pub(super) fn switches(task: &Task) -> u64 {
    (field!(task, nvcsw) as u64).wrapping_add(field!(task, nivcsw) as u64)
}

/// Whether a CPU runs it, or has not finished switching it out. Stable under the rq lock.
#[inline(always)]
pub(super) fn is_on_cpu(task: &Task) -> bool {
    field!(task, on_cpu) != 0
}

/// Whether it is on a run queue: it runs, or would if it were given a CPU.
pub(super) fn is_queued(task: &Task) -> bool {
    // A sleeping task may be left on its queue for a while (`DELAY_DEQUEUE`).
    field!(task, on_rq) != 0 && field!(task, se.sched_delayed) == 0
}

/// Whether it does not want to sleep.
pub(super) fn is_running(task: &Task) -> bool {
    field!(task, __state) == bindings::TASK_RUNNING
}

/// How many times migration has been disabled.
pub(super) fn migration_disabled(task: &Task) -> u32 {
    field!(task, migration_disabled).into()
}

/// A time that the scheduler keeps (`sched_info_switch()`, kernel/sched/stats.h), by the clock of
/// run queues; 0 if it keeps none.
macro_rules! sched_info {
    ($task:expr, $field:ident) => {{
        #[cfg(CONFIG_SCHED_INFO)]
        let time = field!($task, sched_info.$field);
        #[cfg(not(CONFIG_SCHED_INFO))]
        let time = {
            let _ = $task;
            0
        };

        time
    }};
}

/// When it was last given a CPU, by the clock of run queues; 0 if never. Any task, at any time.
pub(super) fn arrived(task: &Task) -> u64 {
    sched_info!(task, last_arrival)
}

/// Since when it waits for a CPU, by that clock; 0 if it does not. Any task, at any time.
#[inline(always)]
pub(super) fn queued(task: &Task) -> u64 {
    sched_info!(task, last_queued)
}

/// Whether somebody wakes it just now: holds `p->pi_lock`, as `try_to_wake_up()` does from before
/// `sched_waking` until it has said so in `__state`.
#[inline(always)]
pub(super) fn is_being_woken(task: &Task) -> bool {
    // SAFETY: The task exists.
    unsafe { helpers::rcu_blame_being_woken(task.as_ptr()) }
}

/// Its name, in two words. Of a task that renames itself meanwhile, a mixture of both names, which
/// ends in a NUL: nothing else is ever written to the last byte.
#[inline(always)]
pub(super) fn comm(task: &Task) -> [u64; 2] {
    const {
        assert!(size_of::<Comm>() == size_of::<[u64; 2]>());
        assert!(offset_of!(bindings::task_struct, comm) % align_of::<u64>() == 0);
    }

    // SAFETY: A task that is borrowed exists. The field is two aligned words.
    let words = unsafe { (&raw const (*task.as_ptr()).comm).cast::<u64>() };

    // SAFETY: As above.
    unsafe { [words.read_volatile(), words.add(1).read_volatile()] }
}

/// The first word of it.
#[inline(always)]
fn comm_begin(task: &Task) -> u64 {
    // SAFETY: As in `comm()`.
    unsafe {
        (&raw const (*task.as_ptr()).comm)
            .cast::<u64>()
            .read_volatile()
    }
}

/// The words of [`comm()`] as bytes.
#[inline(always)]
pub(super) fn comm_bytes(comm: [u64; 2]) -> Comm {
    let (a, b) = (comm[0].to_ne_bytes(), comm[1].to_ne_bytes());

    [
        a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], b[0], b[1], b[2], b[3], b[4], b[5], b[6],
        b[7],
    ]
}

/// Bytes as the words of [`comm()`].
pub(super) fn comm_words(bytes: Comm) -> [u64; 2] {
    let word = |at: usize| u64::from_ne_bytes(core::array::from_fn(|i| bytes[at + i]));

    [word(0), word(8)]
}

/// Its cgroup in the default hierarchy.
#[inline(always)]
pub(super) fn cgroup(task: &Task, _guard: &impl RcuReader) -> u64 {
    // SAFETY: The task exists, and by the guard what it points to does.
    unsafe { helpers::rcu_blame_cgroup_id(task.as_ptr()) }
}

/// Whether it is in that cgroup, or below.
#[inline(always)]
pub(super) fn is_in_cgroup(task: &Task, cgroup: u64, _guard: &impl RcuReader) -> bool {
    // SAFETY: The task exists, and by the guard what it points to does.
    unsafe { helpers::rcu_blame_in_cgroup(task.as_ptr(), cgroup) }
}

/// The current task.
#[inline(always)]
pub(super) fn current(_context: &impl Pinned) -> &Task {
    // SAFETY: The current task exists for as long as it runs, and the borrower is what it runs.
    unsafe { &*current_task().cast::<Task>() }
}

/// The `rcu_read_unlock_special` of a task, as a number that can be kept.
#[derive(Clone, Copy)]
pub(super) struct Special(pub(super) u32);

impl Special {
    #[inline(always)]
    fn byte(self, i: usize) -> bool {
        self.0.to_ne_bytes().get(i).is_some_and(|byte| *byte != 0)
    }

    /// Whether it is on a list of tasks that were switched out inside a section.
    #[inline(always)]
    pub(super) fn blocked(self) -> bool {
        self.byte(offset_of!(bindings::rcu_special__bindgen_ty_1, blocked))
    }

    /// Whether a tick has found the grace period that it holds up too old.
    #[inline(always)]
    pub(super) fn need_qs(self) -> bool {
        self.byte(offset_of!(bindings::rcu_special__bindgen_ty_1, need_qs))
    }

    /// Whether an expedited grace period has found it inside a section.
    #[inline(always)]
    pub(super) fn exp_hint(self) -> bool {
        self.byte(offset_of!(bindings::rcu_special__bindgen_ty_1, exp_hint))
    }

    /// Whether there is anything at all.
    #[inline(always)]
    pub(super) fn is_pending(self) -> bool {
        self.0 != 0
    }
}

/// The letters of the kernel's own reports (`rcu_print_task_stall()`), `-` if there are none.
impl fmt::Display for Special {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters = [
            (self.blocked(), 'b'),
            (self.need_qs(), 'q'),
            (self.exp_hint(), 'e'),
        ];

        if letters.iter().all(|(set, _)| !set) {
            return f.write_char('-');
        }
        for (_, letter) in letters.iter().filter(|(set, _)| *set) {
            f.write_char(*letter)?;
        }
        Ok(())
    }
}

/// The state in which a task has entered the scheduler, as a number that can be kept; 0 if that
/// was not seen.
#[derive(Clone, Copy)]
pub(super) struct Entered(pub(super) u64);

impl Entered {
    const LISTED: u64 = 1 << 32;

    #[inline(always)]
    pub(super) fn new(special: Special, listed: bool) -> Self {
        Self(u64::from(special.0) | if listed { Self::LISTED } else { 0 })
    }

    /// Its `rcu_read_unlock_special`.
    #[inline(always)]
    pub(super) fn special(self) -> Special {
        Special(self.0 as u32)
    }

    /// Whether it came to a list of readers in this call of the scheduler, or in an earlier one
    /// that had it go on: RCU asks for those, too (`rcu_sched_clock_irq()`).
    #[inline(always)]
    pub(super) fn is_listed(self) -> bool {
        self.0 & Self::LISTED != 0
    }
}

/// Whether the current task is in a section beside that of the probe's own guard.
#[inline(always)]
pub(super) fn is_reader_beside_guard(task: &Task, _guard: &impl RcuReader) -> bool {
    field!(task, rcu_read_lock_nesting) > 1
}

/// The read-side state of a task, as RCU sees it.
#[derive(Clone, Copy)]
pub(super) struct Section {
    /// How deep in sections; 0 is outside of all.
    pub(super) nesting: i32,
    pub(super) special: Special,
}

impl Section {
    /// Of the current task, in a probe that has taken one guard: that is a section, too.
    #[inline(always)]
    pub(super) fn beside_guard(task: &Task, _guard: &impl RcuReader) -> Self {
        let all = Self::of(task);

        Self {
            nesting: all.nesting.wrapping_sub(1),
            ..all
        }
    }

    /// Of a task that does not run meanwhile; of the current one in a probe, before the probe takes
    /// a guard.
    #[inline(always)]
    pub(super) fn of(task: &Task) -> Self {
        Self {
            nesting: field!(task, rcu_read_lock_nesting),
            special: Special(field!(task, rcu_read_unlock_special.s)),
        }
    }
}

/// The task of that pid and [`key()`], if it lives. Process context.
pub(super) fn living(pid: i32, key: u64, _guard: &rcu::Guard) -> Option<&Task> {
    // SAFETY: By the guard this is a section of RCU, which lockdep knows of.
    let task = unsafe { helpers::rcu_blame_find(pid) };
    // SAFETY: Null, or a task that is not freed before the section ends. `Task` is transparent.
    let task = unsafe { task.cast::<Task>().as_ref() };

    task.filter(|task| task.as_ptr() as u64 == key)
}

/// Whether it is on a list of tasks that were switched out inside a section.
#[inline(always)]
pub(super) fn is_blocked_reader(task: &Task) -> bool {
    !field!(task, rcu_blocked_node).is_null()
}

/// Whether this is the kthread of a CPU that runs before all other tasks, `migration/N`
/// (kernel/stop_machine.c).
#[inline(always)]
pub(super) fn is_stopper(task: &Task) -> bool {
    is_kthread(task) && is_kthread_stopper(task)
}

/// The same of a kthread.
#[inline(always)]
pub(super) fn is_kthread_stopper(task: &Task) -> bool {
    const NAME: u64 = u64::from_ne_bytes(*b"migratio");

    comm_begin(task) == NAME
}

/// Whether this is one of the kthreads by which RCU boosts readers: `rcub/N`, one for each leaf of
/// the `rcu_node` tree (`rcu_spawn_one_boost_kthread()`).
#[inline(always)]
pub(super) fn is_booster(task: &Task) -> bool {
    /// The bytes that are compared: as many as the prefix has.
    const MASK: u64 = u64::from_ne_bytes([255, 255, 255, 255, 255, 0, 0, 0]);
    const NAME: u64 = u64::from_ne_bytes(*b"rcub/\0\0\0");

    is_kthread(task) && comm_begin(task) & MASK == NAME
}

/// The names of the threads that grace periods need: those of RCU itself, and those that run timers
/// and softirqs. The kernel cuts names at 15 characters.
const THREADS: [&[u8]; 9] = [
    b"rcu_preempt\0",
    b"rcu_exp_gp_kthr",
    b"rcu_exp_par_gp_",
    b"rcuc/",
    b"rcub/",
    b"rcuog/",
    b"rcuop/",
    b"ktimers/",
    b"ksoftirqd/",
];

/// Whether grace periods need this thread. A task of a user may have the name of one, but is no
/// kthread; a kthread cannot be renamed by users (`comm_write()`, fs/proc/base.c).
#[inline(always)]
pub(super) fn is_rcu_thread(task: &Task) -> bool {
    is_kthread(task) && {
        let comm = comm_bytes(comm(task));

        THREADS.iter().any(|name| comm.starts_with(name))
    }
}

#[inline(always)]
pub(super) fn is_kthread(task: &Task) -> bool {
    field!(task, flags) & bindings::PF_KTHREAD != 0
}

/// The processor time that it has had, in user and in kernel mode, in nanoseconds; as ticks see it,
/// so a time with interrupts off is in neither.
#[inline(always)]
pub(super) fn processor_time(task: &Task) -> (u64, u64) {
    (field!(task, utime), field!(task, stime))
}

/// Whether it has its priority from one of these.
///
/// # Safety
///
/// The rq lock of `task` is held: whom it inherits from is blocked for that long.
#[inline(always)]
pub(super) unsafe fn inherits_from_booster(task: &Task) -> bool {
    let donor = field!(task, pi_top_task);
    // SAFETY: Null, or a task that waits for `task`: `rt_mutex_setprio()` changes the field under
    // the rq lock before that task is woken. `Task` is transparent.
    let donor = unsafe { donor.cast::<Task>().as_ref() };

    donor.is_some_and(is_booster)
}

/// The priority that `task` is about to get, in `sched_pi_setprio`: its own, or that of the first
/// of those who wait for it, if that is more urgent (`__rt_effective_prio()`).
#[inline(always)]
pub(super) fn prio_from(task: &Task, waiter: Option<&Task>) -> i32 {
    let own = field!(task, normal_prio);

    match waiter {
        Some(waiter) => own.min(prio(waiter)),
        None => own,
    }
}

/// The sequence numbers of RCU's grace periods.
#[derive(Clone, Copy)]
pub(super) struct GracePeriods {
    pub(super) normal: u64,
    pub(super) expedited: u64,
}

/// The lowest bit of the counter in a sequence number (`RCU_SEQ_CTR_SHIFT`).
pub(super) const SEQ_SHIFT: u32 = 2;

/// Whether a grace period waits for a task that has been on a blocked list for some time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Exposure {
    /// None was under way when this was asked.
    None,
    /// One was under way already when the task came to the list: it waits for the task only if it
    /// had not had a quiescent state of that CPU.
    Possible,
    /// One has begun since, and waits for all that are on the list.
    Certain,
}

impl GracePeriods {
    #[inline(always)]
    pub(super) fn now() -> Self {
        let (mut normal, mut expedited) = (0, 0);

        // SAFETY: Both are written to, and nothing else.
        unsafe { helpers::rcu_blame_grace_periods(&mut normal, &mut expedited) };
        Self {
            normal: normal as u64,
            expedited: expedited as u64,
        }
    }

    /// Whether a normal one is under way, and whether an expedited one is.
    #[inline(always)]
    pub(super) fn under_way(&self) -> (bool, bool) {
        (is_under_way(self.normal), is_under_way(self.expedited))
    }

    /// Whether the grace period of `now` waits for a task that came to its list just before `then`
    /// was read. `known`: there is other evidence that one does.
    ///
    /// The sequence number is written before any list is looked at, under whose lock the task came
    /// to it. So a grace period that `then` does not show finds the task on the list.
    #[inline(always)]
    pub(super) fn exposure(then: u64, now: u64, known: bool) -> Exposure {
        let begun = |seq: u64| (seq >> SEQ_SHIFT).wrapping_add(u64::from(is_under_way(seq)));

        if !is_under_way(now) {
            Exposure::None
        } else if known || begun(now) != begun(then) {
            Exposure::Certain
        } else {
            Exposure::Possible
        }
    }
}

#[inline(always)]
fn is_under_way(seq: u64) -> bool {
    seq & ((1 << SEQ_SHIFT) - 1) != 0
}

/// Monotonic time in nanoseconds, from a clock that nothing traces, the one that BPF has. Any
/// context; never 0, which it was when the kernel booted.
#[inline(always)]
pub(super) fn now_ns() -> u64 {
    // SAFETY: No requirements.
    unsafe { bindings::ktime_get_mono_fast_ns() }
}

/// The clock of run queues on this CPU, in nanoseconds; see [`queued()`]. Any context.
#[inline(always)]
pub(super) fn local_ns() -> u64 {
    // SAFETY: No requirements.
    unsafe { helpers::rcu_blame_local_clock() }
}
