// SPDX-License-Identifier: GPL-2.0

//! A section in RCU's boosting thread, preempted between that thread's lock and unlock of
//! `boost_mtx`: what the kernel makes of it is in Documentation/kernel-bugs.rst.
//!
//! A reader is kept off its CPU by a kthread of SCHED_FIFO until RCU has boosted it. From then on
//! a probe on every tracepoint looks for RCU's boosting thread in a place where that can be
//! preempted, and stays there for up to 20 ms: in `rcu_read_lock()`, with `side=1` in a guard, with
//! `side=0` in no section. Kthreads of SCHED_FIFO see to it that it is preempted. Loading the
//! module does all this.

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
        kthread::{
            should_stop,
            sleep_us,
            wait_to_be_stopped,
            Kthread, //
        },
        now_ns, //
    },
    tracepoint_glue::{
        probe_state,
        Any,
        AnyProbe,
        Context,
        Counter,
        Registry,
        Set, //
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
#[path = "../../tracepoint_glue.rs"]
mod tracepoint_glue;

module! {
    type: Rcub,
    name: "rcu_notrace_rcub",
    authors: ["The rcu-notrace authors"],
    description: "Test of rcu_notrace: a section in RCU's boosting thread",
    license: "GPL v2",
    params: {
        side: u32 {
            default: 2,
            description: "In no section (0), a guard (1), rcu_read_lock() (2)",
        },
    },
}

const STAY_NS: u64 = 20_000_000;
const HOG_US: u32 = 1_500_000;
const CPU: u32 = 1;

probe_state! {
    struct InRcub {
        rcu: Rcu,
        side: u32,
        stays: Counter,
        preempted: Counter,
    }
}

impl InRcub {
    /// Until it has been preempted, or for as long as that is to take at most.
    #[inline(always)]
    fn stay(&self) {
        // SAFETY: The current task's own field.
        let switches = || unsafe { (&raw const (*current()).nivcsw).read_volatile() };
        let before = switches();
        let until = now_ns().wrapping_add(STAY_NS);

        self.stays.inc();
        while switches() == before && now_ns() < until {
            spin_loop();
        }
        if switches() != before {
            self.preempted.inc();
        }
    }
}

impl AnyProbe for InRcub {
    #[inline(always)]
    fn hit(&self, _context: &Context<'_, Any>) {
        // SAFETY: No requirements.
        if !support::in_rcub() || unsafe { shim::tracepoint::tracepoint_glue_atomic() } {
            return;
        }
        // Not in the tracepoints of `rcu_read_lock()` itself, which tells lockdep.
        if STAYING.load(Relaxed) != 0 {
            return;
        }
        STAYING.store(1, Relaxed);
        match self.side {
            0 => self.stay(),
            1 => {
                let _guard = self.rcu.read_lock();
                self.stay();
            }
            _ => {
                let _guard = Plain.read_lock();
                self.stay();
            }
        }
        STAYING.store(0, Relaxed);
    }
}

/// Of the one boosting thread that there is on a few CPUs.
static STAYING: Atomic<u32> = Atomic::new(0);
static INSIDE: Atomic<u32> = Atomic::new(0);
static HOGGED: Atomic<u32> = Atomic::new(0);
static BOOSTED: Atomic<u32> = Atomic::new(0);
static ENDED: Atomic<u32> = Atomic::new(0);

fn reader() {
    {
        let _guard = Plain.read_lock();

        INSIDE.store(1, Release);
        while HOGGED.load(Relaxed) == 0 && !boosted() && !should_stop() {
            spin_loop();
        }
        BOOSTED.store(u32::from(boosted()), Relaxed);
    }
    wait_to_be_stopped();
}

fn hog() {
    busy_us(HOG_US);
    HOGGED.store(1, Relaxed);
    wait_to_be_stopped();
}

fn pulse() {
    while !should_stop() {
        busy_us(1000);
        sleep_us(4000);
    }
}

#[pin_data(PinnedDrop)]
struct Rcub {
    set: Set<InRcub>,
    #[pin]
    registry: Registry,
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

    let _asker = Kthread::run(0, false, c"rcu_notrace_gp", || {
        // SAFETY: Process context.
        unsafe { bindings::synchronize_rcu() };
        ENDED.store(1, Release);
        wait_to_be_stopped();
    })?;

    // For that CPU to do its part of the grace period: see reader.rs.
    sleep_us(100_000);

    let _hog = Kthread::run(CPU, true, c"rcu_notrace_hog", hog)?;

    while ENDED.load(Acquire) == 0 {
        sleep_us(1000);
    }
    // For the boosting thread, which the end of the section has woken.
    sleep_us(200_000);
    Ok(())
}

impl kernel::InPlaceModule for Rcub {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            registry <- Registry::new(),
            set: {
                let state = InRcub {
                    rcu: Rcu::new()?,
                    side: support::param(module_parameters::side.value()),
                    stays: Counter::new()?,
                    preempted: Counter::new()?,
                };
                let set = registry.attach(state, |wanted| wanted.every())?;

                boost()?;
                set
            },
        }? Error)
    }
}

#[pinned_drop]
impl PinnedDrop for Rcub {
    fn drop(self: Pin<&mut Self>) {
        pr_info!(
            "rcub boosted={} stays={} preempted={}\n",
            BOOSTED.load(Relaxed),
            self.set.stays.sum(),
            self.set.preempted.sum()
        );
    }
}
