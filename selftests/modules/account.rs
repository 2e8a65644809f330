// SPDX-License-Identifier: GPL-2.0

//! Fires a tracepoint a known number of times, from tasks that preempt each other and from every
//! other context, while its probe fires it again; and compares the accounts with what was fired.
//!
//! Loading the module runs the test. It prints a line for each policy, and one for a token that
//! promises to pin and does not.

use crate::{
    everywhere::Everywhere,
    support::{
        kthread::{
            cpus,
            should_stop,
            sleep_us,
            Kthread, //
        },
        tracepoints::{
            test_fire,
            test_fired, //
        },
    },
    tracepoint_glue::{
        accounting::Account,
        probe_state,
        tracepoints,
        Accounting,
        Args,
        Context,
        Counter,
        DropNested,
        Pinned,
        Probe,
        Registry,
        RunNested, //
    },
};
use kernel::prelude::*;

#[path = "support/everywhere.rs"]
mod everywhere;
#[path = "../../rcu_notrace.rs"]
mod rcu_notrace;
mod support;
#[path = "../../tracepoint_glue.rs"]
mod tracepoint_glue;

module! {
    type: Test,
    name: "rcu_notrace_account",
    authors: ["The rcu-notrace authors"],
    description: "Test of rcu_notrace: recursion and loss accounting of probes",
    license: "GPL v2",
    params: {
        seconds: u32 {
            default: 5,
            description: "How long, for each policy",
        },
    },
}

tracepoints! {
    in crate::support::tracepoints;

    rcu_notrace_fire_tp(depth: u32);
}

/// The body of a probe: it takes some time, and hits itself.
#[inline(always)]
fn body(bodies: &Counter, depth: u32) {
    bodies.inc();
    // SAFETY: No requirements.
    unsafe {
        support::test_udelay(5);
        if depth != 0 {
            test_fire(depth - 1);
        }
    }
}

probe_state! {
    struct Drops {
        account: Accounting<DropNested>,
        bodies: Counter,
    }
}

impl Probe<rcu_notrace_fire_tp> for Drops {
    #[inline(always)]
    fn hit(&self, context: &Context<'_, rcu_notrace_fire_tp>, args: Args<'_, rcu_notrace_fire_tp>) {
        self.account
            .enter(&context.pin(), || body(&self.bodies, args.depth));
    }
}

probe_state! {
    struct Runs {
        account: Accounting<RunNested>,
        bodies: Counter,
    }
}

impl Probe<rcu_notrace_fire_tp> for Runs {
    #[inline(always)]
    fn hit(
        &self,
        _context: &Context<'_, rcu_notrace_fire_tp>,
        args: Args<'_, rcu_notrace_fire_tp>,
    ) {
        self.account.enter(|| body(&self.bodies, args.depth));
    }
}

/// A lie.
struct Unpinned;

// SAFETY: None: this is what the negative control has wrong.
unsafe impl Pinned for Unpinned {}

probe_state! {
    struct Lies {
        account: Accounting<DropNested>,
        bodies: Counter,
    }
}

impl Probe<rcu_notrace_fire_tp> for Lies {
    #[inline(always)]
    fn hit(
        &self,
        _context: &Context<'_, rcu_notrace_fire_tp>,
        args: Args<'_, rcu_notrace_fire_tp>,
    ) {
        self.account
            .enter(&Unpinned, || body(&self.bodies, args.depth));
    }
}

/// # Safety
///
/// None: C calls it by pointer.
unsafe extern "C" fn fire(_context: support::test_context) {
    // SAFETY: No requirements.
    unsafe { test_fire(1) };
}

/// Fires from everywhere for the time of the test.
fn fire_everywhere() -> Result {
    // SAFETY: `fire()` may be called anywhere; this is called once at a time.
    let _everywhere = unsafe { Everywhere::new(fire, 200) }?;
    let mut threads = KVec::new();

    for cpu in cpus() {
        threads.push(
            Kthread::run(cpu, false, c"rcu_notrace_fire", || {
                while !should_stop() {
                    for _ in 0..50 {
                        // SAFETY: No requirements.
                        unsafe { test_fire(1) };
                    }
                    sleep_us(100);
                }
            })?,
            GFP_KERNEL,
        )?;
        // Preempts the other.
        threads.push(
            Kthread::run(cpu, true, c"rcu_notrace_fifo", || {
                while !should_stop() {
                    // SAFETY: No requirements.
                    unsafe { test_fire(1) };
                    sleep_us(150);
                }
            })?,
            GFP_KERNEL,
        )?;
    }
    sleep_us(support::param(module_parameters::seconds.value()) * 1_000_000);
    Ok(())
}

/// Hits that were fired: from outside, and by probes.
fn fired() -> (u64, u64) {
    // SAFETY: No requirements.
    unsafe { (test_fired(1), test_fired(0)) }
}

fn report(policy: &str, before: (u64, u64), account: Account, bodies: &Counter) {
    let after = fired();
    let (outer, nested) = (after.0 - before.0, after.1 - before.1);

    pr_info!(
        "account policy={policy} fired={} nested={nested} bodies={} {account}\n",
        outer + nested,
        bodies.sum()
    );
}

macro_rules! measure {
    ($registry:expr, $state:ident, $policy:literal) => {{
        let set = $registry.attach(
            $state {
                account: Accounting::new()?,
                bodies: Counter::new()?,
            },
            |wanted| wanted.require::<rcu_notrace_fire_tp>(),
        )?;
        let before = fired();

        fire_everywhere()?;
        report($policy, before, set.account.read(), &set.bodies);
    }};
}

#[pin_data]
struct Test {
    measured: (),
    #[pin]
    registry: Registry,
}

impl kernel::InPlaceModule for Test {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            registry <- Registry::new(),
            measured: {
                measure!(registry, Drops, "drop");
                measure!(registry, Runs, "run");
                measure!(registry, Lies, "unpinned");
            },
        }? Error)
    }
}
