// SPDX-License-Identifier: GPL-2.0

//! Keeps many readers off the CPU, for the scheduler probe to keep in mind.
//!
//! Each takes a guard and then waits, in its section, for a spinlock, which on PREEMPT_RT sleeps.
//! One more kthread has that lock, and spins, from the time that the module is loaded until it is
//! removed. No grace period ends meanwhile. A task with that lock cannot sleep, so what is to be
//! measured meanwhile has to have a higher priority: RCU boosts a reader, and the lock its holder.

use crate::{
    rcu_notrace::{
        Rcu,
        ReadSide, //
    },
    support::{
        kthread::{
            should_stop,
            sleep_us,
            Kthread, //
        },
        param, //
    },
};
use kernel::{
    new_spinlock,
    prelude::*,
    sync::{
        atomic::{
            Acquire,
            Atomic,
            Relaxed,
            Release, //
        },
        Arc,
        Completion,
        SpinLock, //
    },
};

#[path = "../../rcu_notrace.rs"]
mod rcu_notrace;
mod support;

module! {
    type: Held,
    name: "rcu_notrace_held",
    authors: ["The rcu-notrace authors"],
    description: "Test of rcu_notrace: readers that wait for a lock",
    license: "GPL v2",
    params: {
        readers: u32 {
            default: 10,
            description: "How many",
        },
    },
}

static HELD: Atomic<u32> = Atomic::new(0);
static INSIDE: Atomic<u32> = Atomic::new(0);
static RELEASE: Atomic<u32> = Atomic::new(0);

#[pin_data]
struct Shared {
    rcu: Rcu,
    #[pin]
    gate: Completion,
    #[pin]
    lock: SpinLock<()>,
}

fn hold(shared: &Shared) {
    {
        let _lock = shared.lock.lock();

        HELD.store(1, Release);
        // Without `cpu_relax()`, for which an emulator leaves the guest each time.
        while RELEASE.load(Acquire) == 0 {}
    }
    while !should_stop() {
        sleep_us(1000);
    }
}

fn read(shared: &Shared) {
    // Threads are made while nobody spins.
    shared.gate.wait_for_completion();
    {
        let _guard = shared.rcu.read_lock();

        INSIDE.add(1, Relaxed);
        drop(shared.lock.lock());
    }
}

struct Held {
    shared: Arc<Shared>,
    threads: KVec<Kthread>,
}

impl kernel::Module for Held {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let shared = Arc::pin_init(
            try_pin_init!(Shared {
                rcu: Rcu::new(),
                gate <- Completion::new(),
                lock <- new_spinlock!(()),
            }? Error),
            GFP_KERNEL,
        )?;
        let count = param(module_parameters::readers.value());
        let mut held = Self {
            shared: shared.clone(),
            threads: KVec::new(),
        };
        let mut run = |body: fn(&Shared)| -> Result {
            let shared = shared.clone();

            held.threads.push(
                Kthread::run(0, false, c"rcu_notrace_hd", move || body(&shared))?,
                GFP_KERNEL,
            )?;
            Ok(())
        };

        for _ in 0..count {
            run(read)?;
        }
        run(hold)?;
        while HELD.load(Acquire) == 0 {
            sleep_us(1000);
        }
        shared.gate.complete_all();
        while INSIDE.load(Relaxed) != count {
            sleep_us(1000);
        }
        // The last of them is on its way to the lock.
        sleep_us(10000);
        Ok(held)
    }
}

impl Drop for Held {
    /// Lets all of them go, before they are joined.
    fn drop(&mut self) {
        RELEASE.store(1, Release);
        self.shared.gate.complete_all();
        self.threads.clear();
    }
}
