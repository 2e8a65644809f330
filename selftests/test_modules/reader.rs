// SPDX-License-Identifier: GPL-2.0

//! A reader of known times, for the scheduler probe to find.
//!
//! A kthread, `known_reader`, takes a guard and stays in the section until some time after a
//! kthread of SCHED_FIFO has had the CPU of both for `hog_ms`. It looks at the clock all the while:
//! where that jumps it was off the CPU. Before the hog comes a grace period is asked for, early
//! enough for that CPU to have done its part: RCU boosts nobody before it only waits for readers,
//! and a hog of higher priority than the `rcuc` kthread of its CPU keeps that from saying so.
//! (It keeps the timers of its CPU from expiring, too. Where RCU's own kthread sleeps on one of
//! those, nobody is boosted until the hog is done: keep `rcu_preempt` off that CPU.)
//! The section begins while no grace period is under way. One that is, and that the CPU has yet to
//! do its part of, would wait for the section, too (`rcu_preempt_ctxt_queue()`), and have it
//! boosted early.
//! Loading the module runs this, and prints what the reader has measured.
//!
//! With `times=N` the hog comes as often, half a millisecond after it was done.
//! With `rescheduled=1` it enters the scheduler right at the beginning of its section, where nobody
//! waits for its CPU, and goes on.
//! With `outside=1` it takes no guard: a control, that is no reader.

use crate::{
    rcu_notrace::{
        Rcu,
        ReadSide, //
    },
    support::{
        boosted,
        current,
        kthread::{
            sleep_us,
            wait_to_be_stopped,
            Kthread, //
        },
        now_ns,
        param, //
    },
};
use core::hint::spin_loop;
use kernel::{
    bindings,
    prelude::*,
    sync::atomic::{
        Acquire,
        Atomic,
        Relaxed,
        Release, //
    },
};

#[path = "../../rcu_notrace.rs"]
mod rcu_notrace;
#[path = "../../shim/mod.rs"]
mod shim;
mod support;

module! {
    type: Reader,
    name: "rcu_notrace_reader",
    authors: ["The rcu-notrace authors"],
    description: "Test of rcu_notrace: a reader of known times",
    license: "GPL v2",
    params: {
        hog_ms: u32 {
            default: 800,
            description: "How long the reader is kept off its CPU",
        },
        times: u32 {
            default: 1,
            description: "How often",
        },
        outside: u32 {
            default: 0,
            description: "Take no guard",
        },
        rescheduled: u32 {
            default: 0,
            description: "Enter the scheduler before the hog comes",
        },
        cpu: u32 {
            default: 1,
            description: "Where the reader and the hog run",
        },
        asker_cpu: u32 {
            default: 0,
            description: "Where the grace period is asked for",
        },
    },
}

/// How long the reader stays in its section afterwards.
const TAIL_NS: u64 = 50_000_000;
/// From the request of a grace period to the hog.
const HEAD_START_US: u32 = 100_000;

static INSIDE: Atomic<u32> = Atomic::new(0);
/// When the hog was done; 0 before.
static HOGGED_AT: Atomic<u64> = Atomic::new(0);
static DONE: Atomic<u32> = Atomic::new(0);
static ENTERED_AT: Atomic<u64> = Atomic::new(0);
static ASKED_AT: Atomic<u64> = Atomic::new(0);
static ENDED_AT: Atomic<u64> = Atomic::new(0);

static PID: Atomic<u32> = Atomic::new(0);
static OFF_NS: Atomic<u64> = Atomic::new(0);
static OFF_MAX_NS: Atomic<u64> = Atomic::new(0);
static DROPPED_AT: Atomic<u64> = Atomic::new(0);
static DEBOOSTED_AT: Atomic<u64> = Atomic::new(0);
static BOOSTED: Atomic<u32> = Atomic::new(0);

/// Looks at the clock until it is time.
fn stay() {
    // How often it has been preempted: an emulated CPU stands still at times, too.
    let preempted = || {
        // SAFETY: The current task's own field.
        unsafe { (&raw const (*current()).nivcsw).read_volatile() }
    };
    // The time, and how often until then: no preemption is between the two.
    let look = || loop {
        let before = preempted();
        let now = now_ns();

        if preempted() == before {
            return (now, before);
        }
    };
    let mut last = look();

    loop {
        let hogged_at = HOGGED_AT.load(Relaxed);
        let (now, switches) = look();
        let gap = now.wrapping_sub(last.0);

        if switches != last.1 {
            OFF_NS.add(gap, Relaxed);
            if gap > OFF_MAX_NS.load(Relaxed) {
                OFF_MAX_NS.store(gap, Relaxed);
            }
        }
        last = (now, switches);
        if hogged_at != 0 && now > hogged_at.wrapping_add(TAIL_NS) {
            return;
        }
        spin_loop();
    }
}

fn reader(rcu: &Rcu, outside: bool, rescheduled: bool) {
    // SAFETY: The current task's own field.
    PID.store(unsafe { (*current()).pid } as u32, Relaxed);

    if outside {
        INSIDE.store(1, Release);
        stay();
    } else {
        // SAFETY: No requirements.
        while unsafe { support::test_gp_under_way() } {
            sleep_us(100);
        }
        ENTERED_AT.store(now_ns(), Relaxed);

        let guard = rcu.read_lock();

        if rescheduled {
            // SAFETY: Process context, and no lock is held.
            unsafe { support::test_reschedule() };
        }
        INSIDE.store(1, Release);
        stay();
        BOOSTED.store(u32::from(boosted()), Relaxed);
        // Before: afterwards it may be preempted.
        DROPPED_AT.store(now_ns(), Relaxed);
        drop(guard);
    }
    while boosted() {
        spin_loop();
    }
    DEBOOSTED_AT.store(now_ns(), Relaxed);
    DONE.store(1, Release);
    wait_to_be_stopped();
}

struct Reader;

impl kernel::Module for Reader {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let hog_ns = u64::from(param(module_parameters::hog_ms.value())) * 1_000_000;
        let times = param(module_parameters::times.value());
        let outside = param(module_parameters::outside.value()) != 0;
        let rescheduled = param(module_parameters::rescheduled.value()) != 0;
        let cpu = param(module_parameters::cpu.value());
        let asker_cpu = param(module_parameters::asker_cpu.value());
        let rcu = Rcu::new()?;

        {
            let reader = Kthread::run(cpu, false, c"known_reader", move || {
                reader(&rcu, outside, rescheduled)
            })?;

            while INSIDE.load(Acquire) == 0 {
                sleep_us(1000);
            }

            let asker = Kthread::run(asker_cpu, false, c"known_asker", || {
                ASKED_AT.store(now_ns(), Relaxed);
                // SAFETY: Process context.
                unsafe { bindings::synchronize_rcu() };
                ENDED_AT.store(now_ns(), Release);
                wait_to_be_stopped();
            })?;

            sleep_us(HEAD_START_US);

            let hog = Kthread::run(cpu, true, c"known_hog", move || {
                for i in 0..times {
                    if i != 0 {
                        sleep_us(500);
                    }

                    let until = now_ns().wrapping_add(hog_ns);

                    while now_ns() < until {
                        spin_loop();
                    }
                }
                HOGGED_AT.store(now_ns(), Relaxed);
                wait_to_be_stopped();
            })?;

            while DONE.load(Acquire) == 0 || ENDED_AT.load(Acquire) == 0 {
                sleep_us(1000);
            }
            pr_info!(
                "reader pid={} off_ns={} off_max_ns={} boosted={} entered_at={} asked_at={} \
                 ended_at={} dropped_at={} deboosted_at={}\n",
                PID.load(Relaxed),
                OFF_NS.load(Relaxed),
                OFF_MAX_NS.load(Relaxed),
                BOOSTED.load(Relaxed),
                ENTERED_AT.load(Relaxed),
                ASKED_AT.load(Relaxed),
                ENDED_AT.load(Relaxed),
                DROPPED_AT.load(Relaxed),
                DEBOOSTED_AT.load(Relaxed)
            );
            drop(asker);
            drop(hog);
            drop(reader);
        }
        Ok(Self)
    }
}
