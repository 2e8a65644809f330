// SPDX-License-Identifier: GPL-2.0

//! Measures how long a report is late: from the moment RCU could have been told to the moment it
//! has been, by read side and by the order in which the context is left.
//!
//! A reader, busy on one CPU, is hit by the interrupts of expedited grace periods that another CPU
//! keeps asking for (`boost=0`), or is preempted, holds a grace period up and gets boosted
//! (`boost=1`; then it is the deboost that is timed). It drops its guard, makes the report
//! possible, and watches its own `->rcu_read_unlock_special`, or priority. The read sides take
//! turns.
//!
//! The other CPU stands still for the length of a sample. A report wakes a thread that waits for it
//! there, and whether that takes an interrupt of the other CPU depends on the task that runs there;
//! where instructions are time, those of all CPUs are counted.
//!
//! With `everywhere=1` guards are taken all the while in the contexts that interrupt the reader:
//! hard interrupt, softirq, NMI, and `sched_switch` with the rq lock held.
//!
//! Loading the module runs the measurement; it prints a line for each context and read side.

use crate::{
    rcu_notrace::ReadSide,
    support::{
        controls::{
            Naive,
            Plain, //
        },
        guards::{
            Guards,
            Rcu, //
        },
        kthread::{
            should_stop,
            sleep_us,
            Kthread, //
        },
        now_ns,
        param,
        stats::Samples, //
    },
};
use kernel::{
    bindings,
    error::to_result,
    prelude::*,
    processor::cpu_relax,
    sync::{
        atomic::{
            Acquire,
            Atomic,
            Relaxed,
            Release, //
        },
        Arc, //
    },
};

#[path = "../../rcu_notrace.rs"]
mod rcu_notrace;
mod support;

module! {
    type: Qs,
    name: "rcu_notrace_qs",
    authors: ["The rcu-notrace authors"],
    description: "Test of rcu_notrace: delay of quiescent states and deboosts",
    license: "GPL v2",
    params: {
        samples: u32 {
            default: 250,
            description: "Samples for each context and read side",
        },
        boost: u32 {
            default: 0,
            description: "Time the deboost, not the quiescent state",
        },
        everywhere: u32 {
            default: 0,
            description: "Take guards in every other context as well",
        },
        seconds: u32 {
            default: 120,
            description: "Give up after this time",
        },
    },
}

/// The orders in which a section and its context are left.
#[derive(Clone, Copy)]
enum Context {
    /// All on: the drop itself may report.
    Preemptible,
    /// Preemption off, drop, on.
    Preempt,
    /// Interrupts off, drop, on.
    Irqs,
    /// Both off, drop, interrupts on first.
    Both,
    /// Preemption off, drop, interrupts off, preemption on, interrupts on: when preemption comes
    /// back interrupts are off, when they come back nobody looks.
    Compound,
    /// Preemption off, drop, a pause, another section, preemption on, interrupts off, drop, on:
    /// the first drop has its report promised, the second must not wait for that.
    TwoSections,
}

const CONTEXTS: [(Context, &str); 6] = [
    (Context::Preemptible, "preemptible"),
    (Context::Preempt, "preempt_off"),
    (Context::Irqs, "irqs_off"),
    (Context::Both, "both_off"),
    (Context::Compound, "compound"),
    (Context::TwoSections, "two_sections"),
];

const SIDES: [&str; 3] = ["rcu", "guard", "naive"];

/// The orders in which they take turns: what one leaves behind must not always meet the same other.
const ORDERS: [[usize; 3]; 6] = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
];

/// The pause between two sections: five periods of our timer, each twice as long as the last.
const PAUSE_NS: u64 = 1_700_000;

const TICK_US: u32 = 1_000_000 / bindings::CONFIG_HZ;
/// With this step samples begin everywhere in a tick, each read side's as the others': there are
/// three of them, and it is no multiple of a third of a tick.
const PHASE_STEP_US: u32 = TICK_US / 7 + 1;

/// No report takes longer than this, even if it is left to the tick.
const LATE_NS: u64 = 100_000_000;

/// Whether the reader is boosted, or has a report pending. It waits for that before it drops, and
/// watches it afterwards.
fn affected(boost: bool) -> bool {
    if boost {
        support::boosted()
    } else {
        support::pending()
    }
}

/// Spins until `affected()` is `wanted`; for `limit_ns` at most.
fn wait(boost: bool, wanted: bool, limit_ns: u64) -> bool {
    let start = now_ns();

    while affected(boost) != wanted {
        if now_ns().wrapping_sub(start) > limit_ns {
            return false;
        }
        cpu_relax();
    }
    true
}

/// Spins for that long.
fn spin(ns: u64) {
    let start = now_ns();

    while now_ns().wrapping_sub(start) < ns {
        cpu_relax();
    }
}

/// Holds a section of `side` until something is pending, then drops it in `context`.
///
/// Returns the time from the moment a report was possible until it was seen to have been made.
fn sample(side: &impl ReadSide, context: Context, boost: bool, still: bool) -> Option<u64> {
    let guard = side.read_lock();

    if !wait(boost, true, if boost { 3_000_000_000 } else { 50_000_000 }) {
        return None;
    }

    let _still = still.then(Still::new);

    // SAFETY: Each is paired, in this order.
    let possible = unsafe {
        match context {
            Context::Preemptible => {
                let possible = now_ns();
                drop(guard);
                possible
            }
            Context::Preempt => {
                support::test_preempt_disable();
                drop(guard);
                let possible = now_ns();
                support::test_preempt_enable();
                possible
            }
            Context::Irqs => {
                support::test_local_irq_disable();
                drop(guard);
                let possible = now_ns();
                support::test_local_irq_enable();
                possible
            }
            Context::Both => {
                support::test_preempt_disable();
                support::test_local_irq_disable();
                drop(guard);
                support::test_local_irq_enable();
                let possible = now_ns();
                support::test_preempt_enable();
                possible
            }
            Context::Compound => {
                support::test_preempt_disable();
                drop(guard);
                support::test_local_irq_disable();
                support::test_preempt_enable();
                let possible = now_ns();
                support::test_local_irq_enable();
                possible
            }
            Context::TwoSections => {
                support::test_preempt_disable();
                drop(guard);
                spin(PAUSE_NS);
                let guard = side.read_lock();
                support::test_preempt_enable();
                support::test_local_irq_disable();
                drop(guard);
                let possible = now_ns();
                support::test_local_irq_enable();
                possible
            }
        }
    };

    wait(boost, false, LATE_NS);
    Some(now_ns().wrapping_sub(possible))
}

/// Whether the other CPU is to stand still, and whether it does.
static HOLD: Atomic<i32> = Atomic::new(0);
static HELD: Atomic<i32> = Atomic::new(0);

/// While this exists a thread of high priority spins on the other CPU: what is woken there does not
/// run, and takes no interrupt to be woken.
struct Still;

impl Still {
    fn new() -> Self {
        HOLD.store(1, Release);
        while HELD.load(Acquire) == 0 {
            cpu_relax();
        }
        Self
    }

    /// The thread. Its timer also has emulated CPUs take turns as often.
    fn hold() {
        while !should_stop() {
            sleep_us(50);
            while HOLD.load(Acquire) != 0 {
                HELD.store(1, Release);
                cpu_relax();
            }
            HELD.store(0, Release);
        }
    }
}

impl Drop for Still {
    fn drop(&mut self) {
        HOLD.store(0, Release);
        while HELD.load(Acquire) != 0 {
            cpu_relax();
        }
    }
}

/// The reader's part: takes all samples in turn, and prints them.
fn measure(rcu: &Rcu, count: usize, boost: bool, still: bool, deadline_ns: u64) -> Result {
    let guards = Guards::new()?;
    let mut samples = KVec::with_capacity(CONTEXTS.len() * SIDES.len(), GFP_KERNEL)?;
    let mut missed = 0;
    let mut phase_us = 0;

    for _ in 0..CONTEXTS.len() * SIDES.len() {
        samples.push(Samples::with_capacity(count)?, GFP_KERNEL)?;
    }

    for round in 0..count {
        for (c, (context, _)) in CONTEXTS.iter().enumerate() {
            for &s in &ORDERS[(round + c) % ORDERS.len()] {
                let sample = match s {
                    0 => sample(&Plain, *context, boost, still),
                    1 => sample(rcu, *context, boost, still),
                    _ => sample(&Naive, *context, boost, still),
                };

                match sample {
                    Some(ns) => samples[c * SIDES.len() + s].add(ns),
                    None => missed += 1,
                }
                if should_stop() || now_ns() > deadline_ns {
                    pr_err!("out of time, with {missed} sections to which nothing happened\n");
                    return Err(ETIMEDOUT);
                }
                // The grace period ends that waits for the naive one, and the next sample begins at
                // another distance from the tick: without that the two keep step.
                phase_us = (phase_us + PHASE_STEP_US) % TICK_US;
                sleep_us(200 + phase_us);
            }
        }
    }

    for (c, (_, context)) in CONTEXTS.iter().enumerate() {
        for (s, side) in SIDES.iter().enumerate() {
            samples[c * SIDES.len() + s].sort();

            let samples = &samples[c * SIDES.len() + s];

            pr_info!("qs context={context} side={side} {samples}\n");
        }
    }
    pr_info!("qs done missed={missed} {}\n", guards.events());
    Ok(())
}

/// The source of the other contexts' guards: null but while [`Everywhere`] exists.
static RCU: Atomic<*mut Rcu> = Atomic::new(core::ptr::null_mut());
/// How many there were.
static TAKEN: [Atomic<u64>; support::TEST_NR_CONTEXTS as usize] =
    [const { Atomic::new(0) }; support::TEST_NR_CONTEXTS as usize];

/// A section in another context. The code that it interrupts may be inside of one, or have one's
/// report pending.
///
/// # Safety
///
/// Called between `test_contexts_start()` and `test_contexts_stop()`.
#[link_section = ".kprobes.text"]
unsafe extern "C" fn section(context: support::test_context) {
    // SAFETY: Null, or what `Everywhere` holds for as long as this may be called.
    if let Some(rcu) = unsafe { RCU.load(Relaxed).as_ref() } {
        let _guard = rcu.read_lock();

        if let Some(taken) = TAKEN.get(context as usize) {
            taken.add(1, Relaxed);
        }
    }
}

/// While this exists guards are taken in other contexts, on CPU 1.
struct Everywhere {
    provoker: Option<Kthread>,
    _rcu: Arc<Rcu>,
}

impl Everywhere {
    fn new(rcu: Arc<Rcu>) -> Result<Self> {
        RCU.store((&raw const *rcu).cast_mut(), Relaxed);
        // SAFETY: `section()` may be called anywhere, until `test_contexts_stop()`.
        to_result(unsafe { support::test_contexts_start(Some(section)) })?;

        let mut everywhere = Self {
            provoker: None,
            _rcu: rcu,
        };

        everywhere.provoker = Some(Kthread::run(0, false, c"rcu_notrace_irq", || {
            while !should_stop() {
                // SAFETY: Process context; the contexts have been started.
                unsafe { support::test_contexts_provoke(1) };
                sleep_us(100);
            }
        })?);
        Ok(everywhere)
    }
}

impl Drop for Everywhere {
    fn drop(&mut self) {
        self.provoker = None;
        // SAFETY: Started in `new()`, and nobody provokes any more.
        unsafe { support::test_contexts_stop() };
        RCU.store(core::ptr::null_mut(), Relaxed);
        for (taken, context) in TAKEN.iter().zip(["hardirq", "softirq", "nmi", "rq_lock"]) {
            pr_info!("qs taken={} in={context}\n", taken.load(Relaxed));
        }
    }
}

struct Qs;

const RUNNING: i32 = 1;

impl kernel::Module for Qs {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let count = param(module_parameters::samples.value()) as usize;
        let boost = param(module_parameters::boost.value()) != 0;
        let limit_ns = u64::from(param(module_parameters::seconds.value())) * 1_000_000_000;
        let deadline_ns = now_ns() + limit_ns;
        let result = Arc::new(Atomic::new(RUNNING), GFP_KERNEL)?;

        let rcu = Arc::new(Rcu::new(), GFP_KERNEL)?;
        // One or the other: guards in other contexts are provoked from the other CPU.
        let everywhere = if param(module_parameters::everywhere.value()) != 0 {
            Some(Everywhere::new(rcu.clone())?)
        } else {
            None
        };
        let still = everywhere.is_none();
        let holder = if still {
            Some(Kthread::run(0, true, c"rcu_notrace_hold", Still::hold)?)
        } else {
            None
        };
        let reported = result.clone();
        let reader = Kthread::run(1, false, c"rcu_notrace_qs", move || {
            let r = measure(&rcu, count, boost, still, deadline_ns);

            reported.store(r.map_or_else(|e| e.to_errno(), |()| 0), Release);
            while !should_stop() {
                sleep_us(1000);
            }
        })?;
        // Asks for expedited grace periods, all the time.
        let _updater = Kthread::run(0, false, c"rcu_notrace_gp", || {
            while !should_stop() {
                // SAFETY: Process context.
                unsafe { bindings::synchronize_rcu_expedited() };
            }
        })?;
        // Preempts the reader, which makes it block the grace period as a task.
        let _preempter = if boost {
            Some(Kthread::run(1, true, c"rcu_notrace_fifo", || {
                while !should_stop() {
                    sleep_us(1000);
                }
            })?)
        } else {
            None
        };

        while result.load(Acquire) == RUNNING {
            sleep_us(10_000);
        }
        drop(reader);
        drop(holder);
        drop(everywhere);
        match result.load(Relaxed) {
            0 => Ok(Self),
            e => Err(Error::from_errno(e)),
        }
    }
}
