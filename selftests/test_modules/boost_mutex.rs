// SPDX-License-Identifier: GPL-2.0

//! A section that is preempted where RCU is about to unlock `boost_mtx`: what the kernel makes of
//! it is in Documentation/kernel-bugs.rst.
//!
//! A reader stays in its section until RCU has boosted it. The function with which the mutex is
//! then unlocked is traced, that of RCU's boosting thread, or with `reader=1` that of the reader.
//! The first time that it is called, the callback stays there for up to 20 ms: in
//! `rcu_read_lock()`, with `side=1` in a guard, with `side=0` in no section. Kthreads of SCHED_FIFO
//! see to it that both are preempted. Loading the module does all this.

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
            should_stop,
            sleep_us,
            wait_to_be_stopped,
            Kthread, //
        },
        now_ns,
        param,
        tracer::{
            Traced,
            Tracer, //
        }, //
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
    type: BoostMutex,
    name: "rcu_notrace_boost_mutex",
    authors: ["The rcu-notrace authors"],
    description: "Test of rcu_notrace: a section where RCU unlocks its boost_mtx",
    license: "GPL v2",
    params: {
        side: u32 {
            default: 2,
            description: "In no section (0), a guard (1), rcu_read_lock() (2)",
        },
        reader: u32 {
            default: 0,
            description: "In the reader that was boosted, not in RCU's boosting thread",
        },
    },
}

const STAY_NS: u64 = 20_000_000;
/// RCU boosts who has held up a grace period for half a second.
const PATIENCE_NS: u64 = 10_000_000_000;
const CPU: u32 = 1;

static INSIDE: Atomic<u32> = Atomic::new(0);
static LEAVING: Atomic<u32> = Atomic::new(0);
static ENDED: Atomic<u32> = Atomic::new(0);
static BOOSTED: Atomic<u32> = Atomic::new(0);
static STAYS: Atomic<u32> = Atomic::new(0);
static PREEMPTED: Atomic<u32> = Atomic::new(0);

struct Unlock {
    rcu: Rcu,
    side: u32,
    reader: bool,
}

/// Until it has been preempted, or for as long as that is to take at most.
#[inline(always)]
fn stay() {
    // SAFETY: The current task's own field.
    let switches = || unsafe { (&raw const (*current()).nivcsw).read_volatile() };
    let before = switches();
    let until = now_ns().wrapping_add(STAY_NS);

    while switches() == before && now_ns() < until {
        spin_loop();
    }
    PREEMPTED.store(u32::from(switches() != before), Relaxed);
}

impl Traced for Unlock {
    #[inline(always)]
    fn hit(&self) {
        let here = if self.reader {
            LEAVING.load(Relaxed) != 0 && boosted()
        } else {
            in_rcub()
        };

        if !here || STAYS.fetch_add(1, Relaxed) != 0 {
            return;
        }
        match self.side {
            0 => stay(),
            1 => {
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

fn reader() {
    {
        let _guard = Plain.read_lock();
        let until = now_ns().wrapping_add(PATIENCE_NS);

        INSIDE.store(1, Release);
        while !boosted() && now_ns() < until && !should_stop() {
            spin_loop();
        }
        BOOSTED.store(u32::from(boosted()), Relaxed);
        LEAVING.store(1, Relaxed);
    }
    LEAVING.store(0, Relaxed);
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
fn boost() -> Result {
    let _reader = Kthread::run(CPU, false, c"rcu_notrace_read", reader)?;

    while INSIDE.load(Acquire) == 0 {
        sleep_us(1000);
    }

    let mut pulses = KVec::new();

    for cpu in 0..kernel::cpu::nr_cpu_ids() {
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
        let reader = param(module_parameters::reader.value()) != 0;
        let unlock = Unlock {
            rcu: Rcu::new()?,
            side: param(module_parameters::side.value()),
            reader,
        };
        let function = if reader {
            c"rt_mutex_futex_unlock"
        } else {
            c"rt_mutex_unlock"
        };
        let tracer = Tracer::on(function, unlock)?;

        boost()?;
        drop(tracer);
        pr_info!(
            "boost_mutex boosted={} stays={} preempted={}\n",
            BOOSTED.load(Relaxed),
            STAYS.load(Relaxed),
            PREEMPTED.load(Relaxed)
        );
        Ok(Self)
    }
}
