// SPDX-License-Identifier: GPL-2.0

//! Counts what is traced of a pair of lock and unlock: calls of traceable functions, and hits of
//! tracepoints, with a callback on every function and a probe on every tracepoint of the kernel.
//!
//! Interrupts are off meanwhile, so that whatever this CPU does is done by the pairs. Loading the
//! module prints a line for each read side, and for a tracepoint that is fired instead.

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
        current, param,
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
    bindings::task_struct,
    prelude::*,
    sync::atomic::{
        Atomic,
        Relaxed, //
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
    },
}

/// The task that is watched; null for nobody.
static WATCHED: Atomic<*mut task_struct> = Atomic::new(core::ptr::null_mut());
static FUNCTIONS: Atomic<u64> = Atomic::new(0);
static EVENTS: Atomic<u64> = Atomic::new(0);

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
}

/// `pairs` times `body`, watched.
fn measure(side: &str, pairs: u32, mut body: impl FnMut()) {
    FUNCTIONS.store(0, Relaxed);
    EVENTS.store(0, Relaxed);
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
            rcu: Rcu::new()?,
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
            },
        }? Error)
    }
}
