// SPDX-License-Identifier: GPL-2.0

//! Counts what a pair of lock and unlock costs, by read side, in cycles of the time stamp counter.
//!
//! Under QEMU's `-icount shift=0` with one vCPU that counter advances by one for each instruction
//! executed, and the numbers are exact: instructions. Elsewhere they are time. The empty loop is
//! measured in the same way, to be subtracted. Loading the module prints a line for each.

use crate::{
    rcu_notrace::{
        Rcu,
        ReadSide,
        Sched,
        SrcuFast,
        TasksTrace, //
    },
    support::{
        controls::{
            self,
            Plain, //
        },
        kthread::{
            should_stop,
            sleep_us,
            Kthread, //
        },
        param,
        test_cycles, //
    },
};
use core::arch::asm;
use kernel::{
    prelude::*,
    sync::{
        atomic::{
            Acquire,
            Atomic,
            Relaxed,
            Release, //
        },
        rcu,
        Arc, //
    },
};

#[path = "../../rcu_notrace.rs"]
mod rcu_notrace;
mod support;

module! {
    type: Pair,
    name: "rcu_notrace_pair",
    authors: ["The rcu-notrace authors"],
    description: "Test of rcu_notrace: cost of a pair",
    license: "GPL v2",
    params: {
        pairs: u32 {
            default: 100000,
            description: "Pairs in a loop",
        },
        rounds: u32 {
            default: 5,
            description: "Loops of each, taking turns",
        },
        together: u32 {
            default: 0,
            description: "Then the guard's on so many CPUs at the same time",
        },
        leak: u32 {
            default: 0,
            description: "Leak a guard, which a build that counts them is to notice",
        },
    },
}

/// `pairs` times `body`, interrupts off; cycles.
#[inline(always)]
fn measure(pairs: u32, mut body: impl FnMut()) -> u64 {
    // SAFETY: Enabled again below.
    unsafe { support::test_local_irq_disable() };
    // SAFETY: No requirements.
    let start = unsafe { test_cycles() };
    let mut n = pairs;

    while n != 0 {
        body();
        n -= 1;
        // SAFETY: Nothing; keeps the loop a loop.
        unsafe { asm!("", options(nostack, preserves_flags)) };
    }
    // SAFETY: No requirements.
    let cycles = unsafe { test_cycles() }.wrapping_sub(start);

    // SAFETY: Disabled above.
    unsafe { support::test_local_irq_enable() };
    cycles
}

#[inline(always)]
fn pair(side: &impl ReadSide) {
    let _guard = side.read_lock();
    // SAFETY: Nothing; the section's contents.
    unsafe { asm!("", options(nostack, preserves_flags)) };
}

#[inline(never)]
fn empty(pairs: u32) -> u64 {
    measure(pairs, || {
        // SAFETY: Nothing; as in `pair()`.
        unsafe { asm!("", options(nostack, preserves_flags)) };
    })
}

#[inline(never)]
fn guard(pairs: u32, rcu: &Rcu) -> u64 {
    measure(pairs, || pair(rcu))
}

#[inline(never)]
fn rust_rcu(pairs: u32) -> u64 {
    measure(pairs, || {
        let _guard = rcu::read_lock();
        // SAFETY: Nothing; as in `pair()`.
        unsafe { asm!("", options(nostack, preserves_flags)) };
    })
}

#[inline(never)]
fn rust_srcu_fast(pairs: u32, srcu: &SrcuFast) -> u64 {
    measure(pairs, || pair(srcu))
}

#[inline(never)]
fn rust_sched(pairs: u32) -> u64 {
    measure(pairs, || pair(&Sched))
}

#[inline(never)]
fn rust_tasks_trace(pairs: u32) -> u64 {
    measure(pairs, || pair(&TasksTrace))
}

/// One section, for the `fastpath` test to disassemble.
#[no_mangle]
#[inline(never)]
extern "C" fn rcu_notrace_one_section(rcu: &Rcu) {
    pair(rcu);
}

/// The same with a call in it, for the `fastpath` test to reject.
#[no_mangle]
#[inline(never)]
extern "C" fn rcu_notrace_one_section_control(plain: &Plain) {
    pair(plain);
}

/// How many have arrived at the start, and when the last of them arrived at the end.
static READY: Atomic<u32> = Atomic::new(0);
static DONE: Atomic<u32> = Atomic::new(0);

/// `body` on `cpus` CPUs at the same time: the cycles from the start until all are done.
fn together(cpus: u32, body: impl Fn() -> u64 + Clone + Send + 'static) -> Result<u64> {
    let mut threads = KVec::with_capacity(cpus as usize, GFP_KERNEL)?;
    let (began, ended) = (
        Arc::new(Atomic::new(0u64), GFP_KERNEL)?,
        Arc::new(Atomic::new(0u64), GFP_KERNEL)?,
    );

    READY.store(0, Relaxed);
    DONE.store(0, Relaxed);
    for cpu in 0..cpus {
        let (body, began, ended) = (body.clone(), began.clone(), ended.clone());

        threads.push(
            Kthread::run(cpu, false, c"rcu_notrace_pair", move || {
                // SAFETY: No requirements.
                let cycles = || unsafe { test_cycles() };

                if READY.fetch_add(1, Acquire) + 1 == cpus {
                    began.store(cycles(), Relaxed);
                    READY.fetch_add(1, Release);
                }
                while READY.load(Acquire) <= cpus {
                    // Without the hint, for which an emulator leaves the guest each time.
                }
                body();
                if DONE.fetch_add(1, Acquire) + 1 == cpus {
                    ended.store(cycles(), Release);
                }
                while !should_stop() {
                    sleep_us(1000);
                }
            })?,
            GFP_KERNEL,
        )?;
    }
    while ended.load(Acquire) == 0 {
        sleep_us(1000);
    }
    drop(threads);
    Ok(ended.load(Relaxed).wrapping_sub(began.load(Relaxed)))
}

struct Pair;

impl kernel::Module for Pair {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let rcu = Arc::new(Rcu::new(), GFP_KERNEL)?;
        let srcu = KBox::pin_init(SrcuFast::new(), GFP_KERNEL)?;
        let pairs = param(module_parameters::pairs.value());

        rcu_notrace_one_section(&rcu);
        rcu_notrace_one_section_control(&Plain);
        if param(module_parameters::leak.value()) != 0 {
            core::mem::forget(rcu.read_lock());
            // The section must end all the same, or no grace period will.
            controls::end_section();
        }
        for _ in 0..param(module_parameters::rounds.value()) {
            // SAFETY: Process context.
            let c = unsafe {
                [
                    ("c_empty", support::test_pairs_empty(pairs)),
                    ("c_guard", support::test_pairs_c_guard(pairs)),
                    ("rcu", support::test_pairs_rcu(pairs)),
                    ("srcu", support::test_pairs_srcu(pairs)),
                    ("srcu_fast", support::test_pairs_srcu_fast(pairs)),
                    ("sched", support::test_pairs_sched(pairs)),
                    ("tasks_trace", support::test_pairs_tasks_trace(pairs)),
                ]
            };
            let rust = [
                ("rust_empty", empty(pairs)),
                ("guard", guard(pairs, &rcu)),
                ("rust_rcu", rust_rcu(pairs)),
                ("rust_srcu_fast", rust_srcu_fast(pairs, &srcu)),
                ("rust_sched", rust_sched(pairs)),
                ("rust_tasks_trace", rust_tasks_trace(pairs)),
            ];

            for (name, cycles) in Iterator::chain(c.iter(), &rust) {
                pr_info!("pair side={name} pairs={pairs} cycles={cycles}\n");
            }
        }

        let cpus = param(module_parameters::together.value());

        if cpus != 0 {
            for _ in 0..param(module_parameters::rounds.value()) {
                let reader = rcu.clone();
                let loops = together(cpus, move || empty(pairs))?;
                let guards = together(cpus, move || guard(pairs, &reader))?;

                pr_info!(
                    "pair together={cpus} pairs={pairs} empty_cycles={loops} guard_cycles={guards}\n"
                );
            }
        }
        Ok(Self)
    }
}
