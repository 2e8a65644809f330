// SPDX-License-Identifier: GPL-2.0

//! Takes a guard in a probe on every tracepoint that there is; with `plain=1` an ordinary
//! `rcu_read_lock()`. With `named=1` the probe is on the tracepoint of `rcu_notrace_source` only,
//! which may come and go.
//!
//! Loading the module prints how many tracepoints it is attached to, unloading it the number of
//! hits.

use crate::{
    rcu_notrace::{
        Rcu, //
        ReadSide,
    },
    support::{
        controls::Plain,
        guards::Guards, //
    },
    tracepoint_glue::{
        probe_state,
        tracepoints,
        Any,
        AnyProbe,
        Args,
        Context,
        Counter,
        Probe,
        Registry,
        Set, //
    },
};
use kernel::prelude::*;

#[path = "../../rcu_notrace.rs"]
mod rcu_notrace;
mod support;
#[path = "../../tracepoint_glue.rs"]
mod tracepoint_glue;

module! {
    type: TraceAll,
    name: "rcu_notrace_trace_all",
    authors: ["The rcu-notrace authors"],
    description: "Test of rcu_notrace: a reader in a probe on every tracepoint",
    license: "GPL v2",
    params: {
        plain: u32 {
            default: 0,
            description: "Use rcu_read_lock(), which is to panic",
        },
        named: u32 {
            default: 0,
            description: "One tracepoint, by name: 1 if and while it is there, 2 it has to be",
        },
    },
}

tracepoints! {
    in crate::support::tracepoints;

    rcu_notrace_source_tp(n: u32);
}

probe_state! {
    struct Hits {
        rcu: Rcu,
        plain: bool,
        hits: Counter,
        sum: Counter,
    }
}

impl Hits {
    #[inline(always)]
    fn hit(&self) {
        if self.plain {
            let _guard = Plain.read_lock();
            self.hits.inc();
        } else if !support::near_checked_boost_mtx() {
            let _guard = self.rcu.read_lock();
            self.hits.inc();
        }
    }
}

impl AnyProbe for Hits {
    #[inline(always)]
    fn hit(&self, _context: &Context<'_, Any>) {
        self.hit();
    }
}

impl Probe<rcu_notrace_source_tp> for Hits {
    #[inline(always)]
    fn hit(
        &self,
        _context: &Context<'_, rcu_notrace_source_tp>,
        args: Args<'_, rcu_notrace_source_tp>,
    ) {
        self.hit();
        // The argument, to be sure that it is one: 0, 1, 2, ...
        if args.n % 2 == 1 {
            self.sum.inc();
        }
    }
}

#[pin_data(PinnedDrop)]
struct TraceAll {
    set: Set<Hits>,
    #[pin]
    registry: Registry,
    guards: Guards,
}

impl kernel::InPlaceModule for TraceAll {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            guards: Guards::new()?,
            registry <- Registry::new(),
            set: {
                let set = registry.attach(
                    Hits {
                        rcu: Rcu::new(),
                        plain: support::param(module_parameters::plain.value()) != 0,
                        hits: Counter::new()?,
                        sum: Counter::new()?,
                    },
                    |wanted| match support::param(module_parameters::named.value()) {
                        0 => wanted.every(),
                        1 => wanted.follow::<rcu_notrace_source_tp>(),
                        _ => wanted.require::<rcu_notrace_source_tp>(),
                    },
                )?;

                pr_info!(
                    "trace_all attached={} refused={}\n",
                    set.attached(),
                    set.refused()
                );
                set
            },
        }? Error)
    }
}

#[pinned_drop]
impl PinnedDrop for TraceAll {
    fn drop(self: Pin<&mut Self>) {
        pr_info!(
            "trace_all hits={} odd={} now_attached={} {}\n",
            self.set.hits.sum(),
            self.set.sum.sum(),
            self.set.attached(),
            self.guards.events()
        );
    }
}
