// SPDX-License-Identifier: GPL-2.0

//! A section that is preempted where RCU is about to unlock `boost_mtx`: what the kernel makes of
//! it is in Documentation/kernel-bugs.rst.
//!
//! A reader stays in its section until RCU has boosted it, and the function with which the mutex is
//! then unlocked is traced: that of RCU's boosting thread, or with `place=1` that of the reader.
//! With `place=2` the boosting thread is kept where it has made the reader the mutex' owner and
//! does not wait for it yet; the reader leaves its section then, and has not been boosted.
//!
//! The first time that the function is called, the callback stays there for up to 20 ms: with
//! `side=2` in `rcu_read_lock()`, with `side=1` in a guard, with `side=0` in a guard unless
//! [`near_checked_boost_mtx()`] says to take none. Kthreads of SCHED_FIFO see to it that all are
//! preempted. Loading the module does all this.

use crate::{
    rcu_notrace::{
        Rcu,
        ReadSide, //
    },
    support::{
        boosted,
        busy_us,
        controls::Plain,
        current,
        in_rcub,
        kthread::{
            cpus,
            should_stop,
            sleep_us,
            wait_to_be_stopped,
            Kthread, //
        },
        near_checked_boost_mtx,
        now_ns,
        param,
        tracer::{
            Traced,
            Tracer, //
        }, //
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
    type: BoostMutex,
    name: "rcu_notrace_boost_mutex",
    authors: ["The rcu-notrace authors"],
    description: "Test of rcu_notrace: a section where RCU unlocks its boost_mtx",
    license: "GPL v2",
    params: {
        side: u32 {
            default: 2,
            description: "In a guard if tests take one here (0), a guard (1), rcu_read_lock() (2)",
        },
        place: u32 {
            default: 0,
            description: "RCU's boosting thread (0), a reader boosted (1), one yet to be (2)",
        },
    },
}

const STAY_NS: u64 = 20_000_000;
/// RCU boosts who has held up a grace period for half a second.
const PATIENCE_NS: u64 = 10_000_000_000;
const CPU: u32 = 1;

static INSIDE: Atomic<u32> = Atomic::new(0);
/// The reader is the mutex' owner, and the boosting thread is kept from waiting for it.
static OWNER: Atomic<u32> = Atomic::new(0);
static LEAVING: Atomic<u32> = Atomic::new(0);
static LEFT: Atomic<u32> = Atomic::new(0);
static ENDED: Atomic<u32> = Atomic::new(0);
static BOOSTED: Atomic<u32> = Atomic::new(0);
static STAYS: Atomic<u32> = Atomic::new(0);
static PREEMPTED: Atomic<u32> = Atomic::new(0);

#[derive(Clone, Copy)]
enum Place {
    Rcub,
    Boosted,
    ToBeBoosted,
}

impl Place {
    fn of_param() -> Result<Self> {
        match param(module_parameters::place.value()) {
            0 => Ok(Self::Rcub),
            1 => Ok(Self::Boosted),
            2 => Ok(Self::ToBeBoosted),
            _ => Err(EINVAL),
        }
    }

    /// Whether the reader can leave its section.
    fn reached(self) -> bool {
        match self {
            Self::ToBeBoosted => OWNER.load(Acquire) != 0,
            _ => boosted(),
        }
    }

    /// Whether the current task is about to unlock the mutex in this place.
    fn here(self) -> bool {
        match self {
            Self::Rcub => in_rcub(),
            Self::Boosted => LEAVING.load(Relaxed) != 0 && boosted(),
            Self::ToBeBoosted => LEAVING.load(Relaxed) != 0 && !boosted(),
        }
    }
}

/// On what the boosting thread locks the mutex with, where it may sleep, as it is about to.
struct Lock;

impl Traced for Lock {
    #[inline(always)]
    fn hit(&self) {
        // This is what remembers the thread for the others.
        if !near_checked_boost_mtx() || !in_rcub() || OWNER.fetch_add(1, Release) != 0 {
            return;
        }
        let until = now_ns().wrapping_add(PATIENCE_NS);

        while LEFT.load(Acquire) == 0 && now_ns() < until {
            sleep_us(1000);
        }
    }
}

struct Unlock {
    rcu: Rcu,
    side: u32,
    place: Place,
}

/// Until it has been preempted, or for as long as that is to take at most.
#[inline(always)]
fn stay() {
    // SAFETY: The current task's own field.
    let switches = || unsafe { (&raw const (*current()).nivcsw).read_volatile() };
    let before = switches();
    let until = now_ns().wrapping_add(STAY_NS);

    while switches() == before && now_ns() < until {
        cpu_relax();
    }
    PREEMPTED.store(u32::from(switches() != before), Relaxed);
}

impl Traced for Unlock {
    #[inline(always)]
    fn hit(&self) {
        if !self.place.here() || STAYS.fetch_add(1, Relaxed) != 0 {
            return;
        }
        match self.side {
            0 if near_checked_boost_mtx() => stay(),
            0 | 1 => {
                let _guard = self.rcu.read_lock();
                stay();
            }
            _ => {
                let _guard = Plain.read_lock();
                stay();
            }
        }
    }
}

fn reader(place: Place) {
    {
        let _guard = Plain.read_lock();
        let until = now_ns().wrapping_add(PATIENCE_NS);

        INSIDE.store(1, Release);
        while !place.reached() && now_ns() < until && !should_stop() {
            cpu_relax();
        }
        BOOSTED.store(u32::from(boosted()), Relaxed);
        LEAVING.store(1, Relaxed);
    }
    LEAVING.store(0, Relaxed);
    LEFT.store(1, Release);
    wait_to_be_stopped();
}

fn asker() {
    // SAFETY: Process context.
    unsafe { bindings::synchronize_rcu() };
    ENDED.store(1, Release);
    wait_to_be_stopped();
}

fn pulse() {
    while !should_stop() {
        busy_us(1000);
        sleep_us(4000);
    }
}

/// Until RCU has boosted the reader, and is done with it.
fn boost(place: Place) -> Result {
    let _reader = Kthread::run(CPU, false, c"rcu_notrace_read", move || reader(place))?;

    while INSIDE.load(Acquire) == 0 {
        sleep_us(1000);
    }

    let mut pulses = KVec::new();

    for cpu in cpus() {
        pulses.push(
            Kthread::run(cpu, true, c"rcu_notrace_fifo", pulse)?,
            GFP_KERNEL,
        )?;
    }

    let _asker = Kthread::run(0, false, c"rcu_notrace_gp", asker)?;

    while ENDED.load(Acquire) == 0 {
        sleep_us(1000);
    }
    // For the boosting thread, which the end of the section has woken.
    sleep_us(200_000);
    Ok(())
}

struct BoostMutex;

impl kernel::Module for BoostMutex {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let place = Place::of_param()?;
        let unlock = Unlock {
            rcu: Rcu::new(),
            side: param(module_parameters::side.value()),
            place,
        };
        let function = match place {
            Place::Rcub => c"rt_mutex_unlock",
            _ => c"rt_mutex_futex_unlock",
        };
        let lock = match place {
            // With lockdep it is `rt_mutex_lock_nested()`.
            Place::ToBeBoosted => Some(Tracer::on(c"rt_mutex_lock*", Lock)?),
            _ => None,
        };
        let unlock = Tracer::on(function, unlock)?;

        boost(place)?;
        drop((lock, unlock));
        pr_info!(
            "boost_mutex boosted={} stays={} preempted={}\n",
            BOOSTED.load(Relaxed),
            STAYS.load(Relaxed),
            PREEMPTED.load(Relaxed)
        );
        Ok(Self)
    }
}
