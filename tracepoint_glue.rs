// SPDX-License-Identifier: GPL-2.0

//! Typed tracepoint probes.
//!
//! A tracepoint is a type, [`Tracepoint`], that carries the prototype of its probes; [`events`] has
//! those of this kernel, one line each, checked against the kernel's own declarations when this is
//! compiled. A probe is an implementation of [`Probe`] for some state, and a [`Set`] attaches one
//! state to any number of tracepoints, all or none:
//!
//! ```ignore
//! probe_state! {
//!     struct Switches {
//!         rcu: Rcu,
//!         count: PerCpu<Atomic<u64>>,
//!     }
//! }
//!
//! impl Probe<sched_switch> for Switches {
//!     #[inline(always)]
//!     fn hit(&self, context: &Context<'_, sched_switch>, args: Args<'_, sched_switch>) {
//!         let _guard = self.rcu.read_lock();
//!
//!         if args.next.pid() != 0 {
//!             self.count.get(context).add(1, Relaxed);
//!         }
//!     }
//! }
//!
//! let set = registry.attach(Switches::new()?, |wanted| wanted.require::<sched_switch>())?;
//! ```
//!
//! # Properties that the types prove
//!
//! * **The prototype.** The function that the kernel calls is made here, from the same line as the
//!   argument types, and that line does not compile unless it says what the kernel's header says.
//!   A type here says no more than the header: two integers in the wrong order go unnoticed.
//! * **The lifetime of the arguments.** They are references for the length of the call.
//! * **The order of teardown.** The state belongs to the [`Set`]; it is dropped after the probes
//!   have been unregistered and both domains of readers have been waited for, and an [`IrqWork`] in
//!   it is waited for before what it uses is. A set that is leaked is detached by the [`Registry`],
//!   which cannot be.
//! * **The context.** Since Linux 7.0 a tracepoint protects its probes by fast SRCU and nothing
//!   else: a probe is as preemptible, and as migratable, as the place that is traced. A probe gets
//!   a [`Context`], and what is per CPU wants a [`Pinned`] one.
//! * **No sleeping locks.** A probe has nothing but `&self` and its arguments, and what can be
//!   reached from there is [`NoSleep`]. See there for what that does not cover.
//!
//! # Rules for a probe
//!
//! It runs wherever the kernel is traced: under the rq lock, in an NMI, in the middle of RCU. It
//! does not allocate, sleep, print or panic, and it calls nothing that can be traced without having
//! thought about what happens when that hits it in turn ([`Accounting`]). The functions here are
//! inlined into the one that the kernel calls, or have no tracing site, and lie in `.kprobes.text`;
//! [`Probe::hit()`] should be `#[inline(always)]` to lie there too.
//!
//! [`IrqWork`]: irq_work::IrqWork
//! [`Accounting`]: accounting::Accounting

// Test modules, and the probes, use the part of this that they need.
#![allow(dead_code)]

use kernel::{
    ffi::c_void,
    str::CStr, //
};

/// The C side, as bindgen reads `tracepoint_glue/helpers.h`.
#[allow(clippy::all, unsafe_op_in_unsafe_fn, warnings)]
pub(crate) mod helpers {
    use kernel::{bindings::*, ffi};

    include!("tracepoint_glue/helpers_generated.rs");
}

/// The prototypes of the kernel's tracepoints, as bindgen reads `tracepoint_glue/prototypes.h`.
#[allow(clippy::all, unsafe_op_in_unsafe_fn, warnings)]
pub(crate) mod prototypes {
    use kernel::{bindings::*, ffi};

    include!("tracepoint_glue/prototypes_generated.rs");
}

// Spelled out, for those who take this file as source from elsewhere.
#[path = "tracepoint_glue/accounting.rs"]
pub(crate) mod accounting;
#[path = "tracepoint_glue/any.rs"]
pub(crate) mod any;
#[path = "tracepoint_glue/args.rs"]
pub(crate) mod args;
#[path = "tracepoint_glue/attach.rs"]
mod attach;
#[path = "tracepoint_glue/context.rs"]
pub(crate) mod context;
#[path = "tracepoint_glue/declare.rs"]
mod declare;
#[path = "tracepoint_glue/events.rs"]
pub(crate) mod events;
#[path = "tracepoint_glue/faults.rs"]
pub(crate) mod faults;
#[path = "tracepoint_glue/irq_work.rs"]
pub(crate) mod irq_work;
#[path = "tracepoint_glue/percpu.rs"]
pub(crate) mod percpu;
#[path = "tracepoint_glue/probes.rs"]
mod probes;
#[path = "tracepoint_glue/registry.rs"]
pub(crate) mod registry;
#[path = "tracepoint_glue/state.rs"]
mod state;
#[path = "tracepoint_glue/wanted.rs"]
mod wanted;

#[allow(unused_imports)]
pub(crate) use {
    accounting::{
        Accounting,
        DropNested,
        RunNested, //
    },
    any::{
        Any,
        AnyProbe, //
    },
    context::{
        AtomicSite,
        Context,
        Pinned, //
    },
    declare::tracepoints,
    percpu::{
        Counter,
        PerCpu, //
    },
    registry::{
        Registry,
        Set, //
    },
    state::{
        probe_state,
        NoSleep, //
    },
    wanted::Wanted,
};

/// A tracepoint, and the prototype of its probes. Declared by [`tracepoints!`].
///
/// # Safety
///
/// `probe::<P>()` is a function with the C ABI, of the prototype with which the kernel calls probes
/// of the tracepoint `NAME`, if it is `CHECKED`. It may be called wherever that tracepoint is hit,
/// with a first argument that points to a `P`.
pub(crate) unsafe trait Tracepoint: Sized + 'static {
    /// The kernel's name for it.
    const NAME: &'static CStr;

    /// Whether the kernel's headers declare it, so that the prototype could be compared. Nothing is
    /// attached to one that they do not, even if a module has one of that name.
    const CHECKED: bool;

    /// The arguments of the tracepoint: one field for each.
    type Args<'a>;

    /// The function to register, with a pointer to a `P` as data.
    fn probe<P: Probe<Self>>() -> *mut c_void;
}

/// The arguments of a probe of `T`.
pub(crate) type Args<'a, T> = <T as Tracepoint>::Args<'a>;

/// State with a probe for the tracepoint `T`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no probe for this tracepoint",
    label = "`impl Probe<...> for {Self}` is missing"
)]
pub(crate) trait Probe<T: Tracepoint>: NoSleep + Send + Sync + 'static {
    /// Called at every hit, on whatever CPU and in whatever context, by any number of them at once.
    fn hit(&self, context: &Context<'_, T>, args: Args<'_, T>);
}
