// SPDX-License-Identifier: GPL-2.0

//! Counts what is traced of a pair of lock and unlock: calls of traceable functions, and hits of
//! tracepoints, with a callback on every function and a probe on every tracepoint of the kernel.
//!
//! Interrupts are off meanwhile, so that whatever this CPU does is done by the pairs. That is the
//! fast path: nothing happens to such a section.
//!
//! Then some guards are held until something is pending, and dropped, in each order in which a
//! context can be left. Interrupts are on, and what is counted until the report has been made is
//! also what the report and any interrupt call; of this module's own functions none may be among
//! them.
//!
//! Loading the module prints a line for each read side, for a tracepoint that is fired instead, and
//! for each order.

use crate::{
    rcu_notrace::{
        Rcu,
        ReadSide,
        Sched,
        SrcuFast,
        TasksTrace, //
    },
    support::{
        controls::Plain,
        current,
        guards::Guards,
        kthread::{
            should_stop,
            sleep_us,
            Kthread,
            ANY_CPU, //
        },
        now_ns, param, pending,
        tracepoints::test_fire,
        tracer::{
            Traced,
            Tracer, //
        },
    },
    tracepoint_glue::{
        probe_state,
        Any,
        AnyProbe,
        Context,
        Registry, //
    },
};
use kernel::{
    bindings::{
        self,
        task_struct, //
    },
    ffi::c_ulong,
    prelude::*,
    processor::cpu_relax,
    sync::atomic::{
        Atomic,
        Relaxed, //
    },
};

#[path = "../../rcu_notrace.rs"]
mod rcu_notrace;
mod support;
#[path = "../../tracepoint_glue.rs"]
mod tracepoint_glue;

module! {
    type: Test,
    name: "rcu_notrace_notrace",
    authors: ["The rcu-notrace authors"],
    description: "Test of rcu_notrace: what is traced of a pair",
    license: "GPL v2",
    params: {
        pairs: u32 {
            default: 1_000_000,
            description: "Pairs of each read side that is notrace",
        },
        control_pairs: u32 {
            default: 10_000,
            description: "Pairs of those that are not",
        },
        drops: u32 {
            default: 200,
            description: "Guards that are dropped with a report pending, in each order",
        },
    },
}

/// The task that is watched; null for nobody.
static WATCHED: Atomic<*mut task_struct> = Atomic::new(core::ptr::null_mut());
static FUNCTIONS: Atomic<u64> = Atomic::new(0);
static EVENTS: Atomic<u64> = Atomic::new(0);

/// How many addresses are told apart.
const PLACES: usize = 1024;

/// Hits at an address.
struct Place {
    ip: Atomic<u64>,
    hits: Atomic<u64>,
}

/// The functions that were hit.
static AT: [Place; PLACES] = [const {
    Place {
        ip: Atomic::new(0),
        hits: Atomic::new(0),
    }
}; PLACES];

/// One more hit at an address.
#[inline(always)]
fn hit_at(ip: u64) {
    let first = (ip >> 4) as usize;

    for n in 0..PLACES {
        let Some(place) = AT.get((first + n) % PLACES) else {
            return;
        };
        let there = place.ip.load(Relaxed);

        if there == ip || there == 0 && place.ip.cmpxchg(0, ip, Relaxed).is_ok() {
            place.hits.add(1, Relaxed);
            return;
        }
    }
}

/// Of the functions, hits of the guards' module and of this one. Process context.
fn ours() -> u64 {
    AT.iter()
        .filter(|place| {
            let ip = place.ip.load(Relaxed);

            // SAFETY: Process context.
            ip != 0 && unsafe { support::test_is_ours(ip as usize) }
        })
        .map(|place| place.hits.load(Relaxed))
        .sum()
}

fn forget() {
    FUNCTIONS.store(0, Relaxed);
    EVENTS.store(0, Relaxed);
    for place in &AT {
        place.ip.store(0, Relaxed);
        place.hits.store(0, Relaxed);
    }
}

#[inline(always)]
fn hit(count: &Atomic<u64>) {
    if WATCHED.load(Relaxed) == current() {
        count.add(1, Relaxed);
    }
}

probe_state! {
    struct Events {
        _nothing: (),
    }
}

impl AnyProbe for Events {
    #[inline(always)]
    fn hit(&self, _context: &Context<'_, Any>) {
        hit(&EVENTS);
    }
}

struct Functions;

impl Traced for Functions {
    #[inline(always)]
    fn hit(&self) {
        hit(&FUNCTIONS);
    }

    #[inline(always)]
    fn hit_at(&self, ip: c_ulong) {
        self.hit();
        if WATCHED.load(Relaxed) == current() {
            hit_at(ip as u64);
        }
    }
}

/// `pairs` times `body`, watched.
fn measure(side: &str, pairs: u32, mut body: impl FnMut()) {
    forget();
    // Turning interrupts off and on may be traced, so outside of what is watched.
    //
    // SAFETY: Enabled again below.
    unsafe { support::test_local_irq_disable() };
    WATCHED.store(current(), Relaxed);
    for _ in 0..pairs {
        body();
    }
    WATCHED.store(core::ptr::null_mut(), Relaxed);
    // SAFETY: Disabled above.
    unsafe { support::test_local_irq_enable() };
    pr_info!(
        "notrace side={side} pairs={pairs} functions={} events={}\n",
        FUNCTIONS.load(Relaxed),
        EVENTS.load(Relaxed)
    );
}

/// The orders in which a section with something pending is left.
#[derive(Clone, Copy)]
enum Order {
    Preemptible,
    Preempt,
    Irqs,
    /// Preemption off, drop, interrupts off, preemption on, interrupts on: a timer reports.
    Compound,
    /// A control: a function of this module that can be traced is called, too.
    Traced,
}

const ORDERS: [(Order, &str); 5] = [
    (Order::Preemptible, "preemptible"),
    (Order::Preempt, "preempt_off"),
    (Order::Irqs, "irqs_off"),
    (Order::Compound, "compound"),
    (Order::Traced, "traced"),
];

impl Order {
    fn leave<G>(self, guard: G) {
        // SAFETY: Each is paired, in this order.
        unsafe {
            match self {
                Self::Preemptible => drop(guard),
                Self::Preempt => {
                    support::test_preempt_disable();
                    drop(guard);
                    support::test_preempt_enable();
                }
                Self::Irqs => {
                    support::test_local_irq_disable();
                    drop(guard);
                    support::test_local_irq_enable();
                }
                Self::Compound => {
                    support::test_preempt_disable();
                    drop(guard);
                    support::test_local_irq_disable();
                    support::test_preempt_enable();
                    support::test_local_irq_enable();
                }
                Self::Traced => {
                    support::test_traced();
                    drop(guard);
                }
            }
        }
    }
}

/// Nothing is pending for longer than this, nor waits to be for as long.
const LIMIT_NS: u64 = 100_000_000;

/// Spins until something is pending, or nothing is.
fn wait(wanted: bool) -> bool {
    let start = now_ns();

    while pending() != wanted {
        if now_ns().wrapping_sub(start) > LIMIT_NS {
            return false;
        }
        cpu_relax();
    }
    true
}

/// Drops with something pending, watched from the drop to the report.
fn measure_pending(rcu: &Rcu, drops: u32) -> Result {
    let guards = Guards::new()?;
    let _updater = Kthread::run(ANY_CPU, true, c"rcu_notrace_gp", || {
        while !should_stop() {
            // SAFETY: Process context.
            unsafe { bindings::synchronize_rcu_expedited() };
            sleep_us(200);
        }
    })?;

    for (order, name) in ORDERS {
        let mut left = 0;

        forget();
        for _ in 0..drops {
            let guard = rcu.read_lock();

            if wait(true) {
                WATCHED.store(current(), Relaxed);
                order.leave(guard);
                wait(false);
                WATCHED.store(core::ptr::null_mut(), Relaxed);
                left += 1;
            }
        }
        pr_info!(
            "notrace order={name} drops={left} functions={} ours={} events={}\n",
            FUNCTIONS.load(Relaxed),
            ours(),
            EVENTS.load(Relaxed)
        );
    }
    pr_info!("notrace counts: {}\n", guards.events());
    Ok(())
}

#[pin_data]
struct Test {
    // For whoever wants to put a probe on what is part of it.
    rcu: Rcu,
    measured: (),
    #[pin]
    registry: Registry,
}

impl kernel::InPlaceModule for Test {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            registry <- Registry::new(),
            rcu: Rcu::new(),
            measured: {
                let srcu = KBox::pin_init(SrcuFast::new(), GFP_KERNEL)?;
                let events = registry.attach(Events { _nothing: () }, |wanted| wanted.every())?;
                let _functions = Tracer::new(Functions)?;
                let pairs = param(module_parameters::pairs.value());
                let few = param(module_parameters::control_pairs.value());

                pr_info!("notrace attached={}\n", events.attached());
                // SAFETY: Process context.
                let (path, other) = unsafe {
                    (support::test_kprobe(true), support::test_kprobe(false))
                };
                pr_info!("notrace kprobe_path={path} kprobe_other={other}\n");
                measure("guard", pairs, || drop(rcu.read_lock()));
                measure("srcu_fast", pairs, || drop(srcu.read_lock()));
                measure("sched", pairs, || drop(Sched.read_lock()));
                measure("tasks_trace", pairs, || drop(TasksTrace.read_lock()));
                measure("rcu", few, || drop(Plain.read_lock()));
                // SAFETY: No requirements.
                measure("tracepoint", few, || unsafe { test_fire(0) });
                measure_pending(rcu, param(module_parameters::drops.value()))?;
            },
        }? Error)
    }
}
