// SPDX-License-Identifier: GPL-2.0

//! Readers follow an [`RcuCell`] under every guard that protects it, while its value is replaced
//! all the time, by `call_rcu()` and after expedited grace periods. Dropped values are
//! poisoned: a reader that meets the poison has seen freed memory.
//!
//! With `unguarded=1` the readers take no guard at all, and must be caught. Loading the module runs
//! the test, and prints counts.

use crate::{
    rcu_notrace::{
        Rcu,
        RcuCell,
        RcuReader,
        ReadSide,
        Sched, //
    },
    support::{
        kthread::{
            cpus,
            should_stop,
            sleep_us,
            Kthread, //
        },
        now_ns,
        param, //
    },
};
use kernel::{
    prelude::*,
    processor::cpu_relax,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        rcu,
        Arc, //
    },
};

#[path = "../../rcu_notrace.rs"]
mod rcu_notrace;
mod support;

module! {
    type: Cell,
    name: "rcu_notrace_cell",
    authors: ["The rcu-notrace authors"],
    description: "Test of rcu_notrace: the RCU-protected pointer",
    license: "GPL v2",
    params: {
        seconds: u32 {
            default: 5,
            description: "How long",
        },
        unguarded: u32 {
            default: 0,
            description: "Read without a guard, which is to be caught",
        },
    },
}

static READS: Atomic<u64> = Atomic::new(0);
static BAD: Atomic<u64> = Atomic::new(0);
static DROPPED: Atomic<u64> = Atomic::new(0);

/// Consistent for as long as it lives.
struct Value {
    number: Atomic<u64>,
    complement: Atomic<u64>,
}

impl Value {
    fn new(number: u64) -> Self {
        Self {
            number: Atomic::new(number),
            complement: Atomic::new(!number),
        }
    }

    fn is_alive(&self) -> bool {
        self.number.load(Relaxed) == !self.complement.load(Relaxed)
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        self.number.store(0, Relaxed);
        self.complement.store(0, Relaxed);
        DROPPED.add(1, Relaxed);
    }
}

/// No guard at all, for the control.
struct Unguarded;

// SAFETY: None. This is what the control is about.
unsafe impl RcuReader for Unguarded {}

/// Looks at the value for `us` microseconds, long enough that a grace period could pass, or until
/// it is seen to have been freed.
fn look(cell: &RcuCell<Value>, guard: &impl RcuReader, us: u64) {
    let value = cell.read(guard);
    let until = now_ns().wrapping_add(us * 1000);
    let mut alive = value.is_alive();

    while alive && now_ns() < until {
        alive &= value.is_alive();
        cpu_relax();
    }
    READS.add(1, Relaxed);
    if !alive {
        BAD.add(1, Relaxed);
    }
}

fn reader(cell: &RcuCell<Value>, rcu: &Rcu, unguarded: bool) {
    while !should_stop() {
        if unguarded {
            look(cell, &Unguarded, 1_000_000);
        } else {
            let guard = rcu.read_lock();

            look(cell, &guard, 500);
            // Nested, and each of the other kinds.
            look(cell, &rcu.read_lock(), 500);
            look(cell, guard.as_rcu(), 500);
            drop(guard);
            look(cell, &Sched.read_lock(), 500);
            look(cell, &rcu::read_lock(), 500);
        }
        sleep_us(50);
    }
}

struct Cell;

impl kernel::Module for Cell {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let unguarded = param(module_parameters::unguarded.value()) != 0;
        let until = now_ns() + u64::from(param(module_parameters::seconds.value())) * 1_000_000_000;
        let rcu = Arc::new(Rcu::new(), GFP_KERNEL)?;
        let cell = Arc::new(RcuCell::new(Value::new(0), GFP_KERNEL)?, GFP_KERNEL)?;
        let mut replaced = 1;
        let mut readers = KVec::new();

        for cpu in cpus().take(2) {
            let (cell, rcu) = (cell.clone(), rcu.clone());

            readers.push(
                Kthread::run(cpu, false, c"rcu_notrace_read", move || {
                    reader(&cell, &rcu, unguarded)
                })?,
                GFP_KERNEL,
            )?;
        }
        while now_ns() < until {
            for _ in 0..50 {
                cell.replace(Value::new(replaced), GFP_KERNEL)?;
                replaced += 1;
                sleep_us(20);
            }
            let old = cell.replace_expedited(Value::new(replaced))?.into_inner();

            if !old.is_alive() {
                BAD.add(1, Relaxed);
            }
            replaced += 1;
        }
        drop(readers);
        // Waits for the callbacks.
        drop(cell);
        pr_info!(
            "cell reads={} bad={} replaced={replaced} dropped={}\n",
            READS.load(Relaxed),
            BAD.load(Relaxed),
            DROPPED.load(Relaxed)
        );
        Ok(Self)
    }
}
