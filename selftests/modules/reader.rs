// SPDX-License-Identifier: GPL-2.0

//! A reader of known times, for the scheduler probe to find.
//!
//! A kthread, `known_reader`, takes a guard and stays in the section until some time after a
//! kthread of SCHED_FIFO has had the CPU of both for `hog_ms`. It looks at the clock all the while:
//! where that jumps it was off the CPU. Before the hog comes a grace period is asked for, early
//! enough for that CPU to have done its part: RCU boosts nobody before it only waits for readers,
//! and a hog of higher priority than the `rcuc` kthread of its CPU keeps that from saying so.
//! (It keeps the timers of its CPU from expiring, too. If RCU's own kthread sleeps on one of
//! those, nobody is boosted until the hog is done: keep `rcu_preempt` off that CPU.)
//! The section begins while no grace period is under way. One that is, and that the CPU has yet to
//! do its part of, would wait for the section, too (`rcu_preempt_ctxt_queue()`), and have it
//! boosted early.
//! Loading the module runs this, and prints what the reader has measured.
//!
//! With `timer_ms` a kthread of the priority of RCU's sleeps for that time from the request on, on
//! the CPU of the others. If the whole machine stands still, as an emulated one may, a timer is as
//! late as RCU is, which goes by the clock, too.
//!
//! With `rescheduled=1` it enters the scheduler right at the beginning of its section, where nobody
//! waits for its CPU, and goes on.
//! With `outside=1` it takes no guard: a control, that is no reader. Two more controls have it err
//! about its own times: with `misses=1` its clock starts when the hog has run for a tenth of its
//! time, with `adds=1` it stops when the reader has been back for as long.
//!
//! Something happens to the reader while it is off its CPU:
//!
//! - `moved=1`: it is moved to another CPU, and goes on there. `lowered=1`: it was SCHED_FIFO, and
//!   is not any more; the hog lets go later. Then it ends its section, sleeps for `away_ms`, and
//!   comes back as it was before.
//! - `locked=1`: it holds a lock, and when it has been boosted a kthread of a higher priority than
//!   the hog's waits for that. On PREEMPT_RT this boosts it once more, until it unlocks, and the
//!   section goes on.
//! - `raised=1`: when it has been boosted it is made SCHED_FIFO, of a priority above that of RCU's
//!   kthreads and below that of the hog, and stays so.

use crate::{
    rcu_notrace::{
        Rcu,
        ReadSide, //
    },
    support::{
        boosted,
        busy_us,
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
use kernel::{
    bindings,
    prelude::*,
    processor::cpu_relax,
    sync::atomic::{
        Acquire,
        Atomic,
        Relaxed,
        Release, //
    },
};

#[path = "../../rcu_notrace.rs"]
mod rcu_notrace;
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
            description: "How often; 0: until the loading process gets a signal",
        },
        cpu: u32 {
            default: 1,
            description: "The CPU of the reader and of the hog",
        },
        other_cpu: u32 {
            default: 0,
            description: "That of the others",
        },
        outside: u32 {
            default: 0,
            description: "Take no guard",
        },
        misses: u32 {
            default: 0,
            description: "Leave the first tenth of the hog's time out of the reader's own times",
        },
        adds: u32 {
            default: 0,
            description: "Add as much after the hog's time to them",
        },
        timer_ms: u32 {
            default: 0,
            description: "A timer of that length, started when the grace period is asked for",
        },
        rescheduled: u32 {
            default: 0,
            description: "Enter the scheduler before the hog comes",
        },
        moved: u32 {
            default: 0,
            description: "Resume the reader on another CPU",
        },
        lowered: u32 {
            default: 0,
            description: "Resume the reader with another priority",
        },
        away_ms: u32 {
            default: 1000,
            description: "How long it then is not what it was",
        },
        locked: u32 {
            default: 0,
            description: "Have somebody wait for a lock of the reader's",
        },
        raised: u32 {
            default: 0,
            description: "Give the reader a higher priority than its boost does",
        },
    },
}

/// How long the reader stays in its section afterwards.
const TAIL_NS: u64 = 50_000_000;
/// From the request of a grace period to the hog.
const HEAD_START_US: u32 = 100_000;
/// SCHED_FIFO: what a boost by RCU is; between that and the hog; above the hog.
const LOW: i32 = 1;
const MIDDLE: i32 = 10;
const HIGH: i32 = 60;
/// From the beginning of the hog to a change.
const CHANGE_AFTER_US: u32 = 100_000;

/// The events that happen to the reader.
#[derive(Clone, Copy)]
struct How {
    cpu: u32,
    other_cpu: u32,
    outside: bool,
    misses: bool,
    adds: bool,
    tenth_ns: u64,
    rescheduled: bool,
    moved: bool,
    lowered: bool,
    away_ms: u32,
    locked: bool,
    raised: bool,
}

impl How {
    fn new() -> Self {
        Self {
            cpu: param(module_parameters::cpu.value()),
            other_cpu: param(module_parameters::other_cpu.value()),
            outside: param(module_parameters::outside.value()) != 0,
            misses: param(module_parameters::misses.value()) != 0,
            adds: param(module_parameters::adds.value()) != 0,
            tenth_ns: u64::from(param(module_parameters::hog_ms.value())) * 100_000,
            rescheduled: param(module_parameters::rescheduled.value()) != 0,
            moved: param(module_parameters::moved.value()) != 0,
            lowered: param(module_parameters::lowered.value()) != 0,
            away_ms: param(module_parameters::away_ms.value()),
            locked: param(module_parameters::locked.value()) != 0,
            raised: param(module_parameters::raised.value()) != 0,
        }
    }
}

static INSIDE: Atomic<u32> = Atomic::new(0);
/// When the hog began, when it had run for a tenth of its time, and when it was done; 0 before.
static HOGS_AT: Atomic<u64> = Atomic::new(0);
static TENTH_AT: Atomic<u64> = Atomic::new(0);
static HOGGED_AT: Atomic<u64> = Atomic::new(0);
static DONE: Atomic<u32> = Atomic::new(0);
static ENTERED_AT: Atomic<u64> = Atomic::new(0);
static ASKED_AT: Atomic<u64> = Atomic::new(0);
static ENDED_AT: Atomic<u64> = Atomic::new(0);
/// When the timer expired; 0 before.
static TIMED_AT: Atomic<u64> = Atomic::new(0);

static PID: Atomic<u32> = Atomic::new(0);
static OFF_NS: Atomic<u64> = Atomic::new(0);
static OFF_MAX_NS: Atomic<u64> = Atomic::new(0);
static DROPPED_AT: Atomic<u64> = Atomic::new(0);
static DEBOOSTED_AT: Atomic<u64> = Atomic::new(0);
static BOOSTED: Atomic<u32> = Atomic::new(0);
/// When the reader was seen to have been boosted; 0 before.
static BOOSTED_AT: Atomic<u64> = Atomic::new(0);
/// Whether the hog is to come to an end, however often it is to run.
static ENOUGH: Atomic<u32> = Atomic::new(0);
/// Whether the reader has been moved, or lowered.
static CHANGED: Atomic<u32> = Atomic::new(0);

/// The current task's priority.
fn prio() -> i32 {
    // SAFETY: The current task's own field.
    unsafe { (&raw const (*current()).prio).read_volatile() }
}

/// Looks at the clock until some time after the hog was done.
fn stay(how: How) {
    stay_until(how, |now| {
        let hogged_at = HOGGED_AT.load(Relaxed);

        hogged_at != 0 && now > hogged_at.wrapping_add(TAIL_NS)
    });
}

/// Looks at the clock until it is time.
fn stay_until(how: How, done: impl Fn(u64) -> bool) {
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
        let (mut now, switches) = look();
        let mut from = last.0;

        if (from..now).contains(&HOGS_AT.load(Relaxed)) {
            if how.misses {
                from = TENTH_AT.load(Relaxed);
            }
            if how.adds {
                let until = now.wrapping_add(how.tenth_ns);

                while now < until {
                    cpu_relax();
                    now = look().0;
                }
            }
        }

        let gap = now.wrapping_sub(from);

        if switches != last.1 {
            OFF_NS.add(gap, Relaxed);
            if gap > OFF_MAX_NS.load(Relaxed) {
                OFF_MAX_NS.store(gap, Relaxed);
            }
        }
        last = (now, switches);
        if done(now) {
            return;
        }
        cpu_relax();
    }
}

fn reader(rcu: &Rcu, how: How) {
    // SAFETY: The current task's own field.
    PID.store(unsafe { (*current()).pid } as u32, Relaxed);

    if how.outside {
        INSIDE.store(1, Release);
        stay(how);
    } else {
        // SAFETY: No requirements.
        while unsafe { support::test_gp_under_way() } {
            sleep_us(100);
        }
        ENTERED_AT.store(now_ns(), Relaxed);

        let guard = rcu.read_lock();

        if how.rescheduled {
            // SAFETY: Process context, and no lock is held.
            unsafe { support::test_reschedule() };
        }
        if how.locked {
            // SAFETY: Process context; unlocked below.
            unsafe { support::test_spin_lock() };
        }
        INSIDE.store(1, Release);
        if how.moved || how.lowered {
            stay_until(how, |_| CHANGED.load(Relaxed) != 0);
        } else if how.locked {
            // The priority of who waits for the lock.
            stay_until(how, |_| prio() == 99 - HIGH);
            busy_us(50_000);
            // SAFETY: Locked above.
            unsafe { support::test_spin_unlock() };
            stay(how);
        } else {
            stay(how);
        }
        BOOSTED.store(u32::from(boosted()), Relaxed);
        // Before: afterwards it may be preempted.
        DROPPED_AT.store(now_ns(), Relaxed);
        drop(guard);
    }
    while boosted() && !how.raised {
        cpu_relax();
    }
    DEBOOSTED_AT.store(now_ns(), Relaxed);
    if how.moved || how.lowered {
        sleep_us(how.away_ms.wrapping_mul(1000));
    }
    DONE.store(1, Release);
    wait_to_be_stopped();
}

struct Reader;

impl kernel::Module for Reader {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let hog_ns = u64::from(param(module_parameters::hog_ms.value())) * 1_000_000;
        let timer_ns = u64::from(param(module_parameters::timer_ms.value())) * 1_000_000;
        let times = param(module_parameters::times.value());
        let how = How::new();
        let rcu = Rcu::new();

        if how.locked && !cfg!(CONFIG_PREEMPT_RT) {
            // Without PREEMPT_RT the holder of a spinlock is not preempted.
            return Err(EINVAL);
        }
        {
            let reader = Kthread::run(how.cpu, false, c"known_reader", move || reader(&rcu, how))?;

            if how.lowered {
                reader.set_fifo(LOW);
            }
            while INSIDE.load(Acquire) == 0 {
                sleep_us(1000);
            }

            let asker = Kthread::run(how.other_cpu, false, c"known_asker", || {
                ASKED_AT.store(now_ns(), Relaxed);
                // SAFETY: Process context.
                unsafe { bindings::synchronize_rcu() };
                ENDED_AT.store(now_ns(), Release);
                wait_to_be_stopped();
            })?;

            let timer = if timer_ns != 0 {
                let timer = Kthread::run(how.other_cpu, false, c"known_timer", move || {
                    while ASKED_AT.load(Relaxed) == 0
                        || now_ns().wrapping_sub(ASKED_AT.load(Relaxed)) < timer_ns
                    {
                        sleep_us(100);
                    }
                    TIMED_AT.store(now_ns(), Relaxed);
                    wait_to_be_stopped();
                })?;

                timer.set_fifo(LOW);
                Some(timer)
            } else {
                None
            };

            sleep_us(HEAD_START_US);

            let hog = Kthread::run(how.cpu, true, c"known_hog", move || {
                let mut n = 0;

                while times == 0 && ENOUGH.load(Relaxed) == 0 || n < times {
                    if n != 0 {
                        sleep_us(500);
                    }
                    n = n.wrapping_add(1);

                    let start = now_ns();
                    let run_until = |until| {
                        while now_ns() < until {
                            cpu_relax();
                        }
                    };

                    HOGS_AT.store(start, Relaxed);
                    run_until(start.wrapping_add(how.tenth_ns));
                    TENTH_AT.store(now_ns(), Relaxed);
                    run_until(start.wrapping_add(hog_ns));
                }
                HOGGED_AT.store(now_ns(), Relaxed);
                wait_to_be_stopped();
            })?;

            let locker = if how.locked {
                let locker = Kthread::run(how.other_cpu, false, c"known_locker", || {
                    while BOOSTED_AT.load(Relaxed) == 0 {
                        sleep_us(100);
                    }
                    // SAFETY: Process context.
                    unsafe {
                        support::test_spin_lock();
                        support::test_spin_unlock();
                    }
                    wait_to_be_stopped();
                })?;

                locker.set_fifo(HIGH);
                Some(locker)
            } else {
                None
            };

            if how.moved || how.lowered {
                sleep_us(CHANGE_AFTER_US);
                if how.moved {
                    reader.move_to(how.other_cpu)?;
                } else {
                    reader.set_fifo(0);
                }
                CHANGED.store(1, Relaxed);
                sleep_us(how.away_ms.wrapping_mul(500));
                if how.moved {
                    reader.move_to(how.cpu)?;
                } else {
                    reader.set_fifo(LOW);
                }
            }
            if how.locked || how.raised {
                while reader.prio() >= 100 && DONE.load(Acquire) == 0 {
                    sleep_us(100);
                }
                if how.raised {
                    reader.set_fifo(MIDDLE);
                }
                BOOSTED_AT.store(now_ns(), Relaxed);
            }
            while DONE.load(Acquire) == 0 || ENDED_AT.load(Acquire) == 0 {
                if kernel::current!().signal_pending() {
                    ENOUGH.store(1, Relaxed);
                }
                sleep_us(1000);
            }
            pr_info!(
                "reader pid={} off_ns={} off_max_ns={} hog_ns={} boosted={} entered_at={} \
                 asked_at={} timed_at={} ended_at={} dropped_at={} boosted_at={} deboosted_at={}\n",
                PID.load(Relaxed),
                OFF_NS.load(Relaxed),
                OFF_MAX_NS.load(Relaxed),
                HOGGED_AT.load(Relaxed).wrapping_sub(HOGS_AT.load(Relaxed)),
                BOOSTED.load(Relaxed),
                ENTERED_AT.load(Relaxed),
                ASKED_AT.load(Relaxed),
                TIMED_AT.load(Relaxed),
                ENDED_AT.load(Relaxed),
                DROPPED_AT.load(Relaxed),
                BOOSTED_AT.load(Relaxed),
                DEBOOSTED_AT.load(Relaxed)
            );
            drop(timer);
            drop(locker);
            drop(asker);
            drop(hog);
            drop(reader);
        }
        Ok(Self)
    }
}
