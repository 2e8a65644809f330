// SPDX-License-Identifier: GPL-2.0

//! Measures how long interrupts are off in the report of a boosted reader, by read side.
//!
//! A reader is preempted in its section by a kthread of SCHED_FIFO, which then asks for an
//! expedited grace period on the same CPU, and gets boosted. It starts a timer and drops its guard,
//! preemptible, so that the drop reports and deboosts. If the timer is due while interrupts are off
//! its interrupt comes when they are on again. The timer is due a step later each time, from before
//! the drop to after the report: the interrupt that is latest was due when they had just gone off.
//! An interrupt that nothing delays takes time as well, which is measured beside, and subtracted.
//!
//! The scheduler then switches to the task that was woken. This is not part of the report: an
//! interrupt that comes after a switch does not count.
//!
//! Time is to be instructions executed, on a machine of one CPU. Other interrupts delay the timer's
//! as well, so each point has several samples, and their median counts.
//!
//! Loading the module runs the measurement; it prints a line for each read side.

use crate::{
    rcu_notrace::{
        Rcu,
        ReadSide, //
    },
    support::{
        boosted,
        controls::{
            Naive,
            Plain, //
        },
        guards::Guards,
        kthread::{
            should_stop,
            sleep_us,
            Kthread, //
        },
        now_ns,
        param, //
    },
};
use kernel::{
    bindings,
    prelude::*,
    processor::cpu_relax,
    sync::{
        atomic::{
            Acquire,
            Atomic,
            Release, //
        },
        Arc, //
    },
};

#[path = "../../rcu_notrace.rs"]
mod rcu_notrace;
mod support;

module! {
    type: IrqsOff,
    name: "rcu_notrace_irqs_off",
    authors: ["The rcu-notrace authors"],
    description: "Test of rcu_notrace: how long a report has interrupts off",
    license: "GPL v2",
    params: {
        samples: u32 {
            default: 3,
            description: "Samples for each point, an odd number",
        },
        step_ns: u32 {
            default: 25,
            description: "From one point to the next",
        },
        first_ns: u32 {
            default: 2500,
            description: "When the timer is due, from its start: the first point",
        },
        points: u32 {
            default: 300,
            description: "How many there are",
        },
        verbose: u32 {
            default: 0,
            description: "Print each point",
        },
        cpu: u32 {
            default: 0,
            description: "The CPU of the reader",
        },
    },
}

/// No boost takes longer than this.
const BOOSTED_NS: u64 = 3_000_000_000;

/// From the start of the timer, which has interrupts off itself, to the drop: the first points are
/// in between.
const HEAD_START_US: u32 = 3;

/// The points of a measurement.
#[derive(Clone, Copy)]
struct Sweep {
    samples: usize,
    first_ns: u32,
    step_ns: u32,
    points: u32,
    verbose: bool,
}

/// How late a timer is that is due `delay_ns` after it is started, before `leave()`.
///
/// The reader has been boosted by then; fails if it is not. `None` if the interrupt came after a
/// switch.
fn sample<G>(
    side: impl FnOnce() -> G,
    delay_ns: u32,
    leave: impl FnOnce(G),
) -> Result<Option<u64>> {
    let guard = side();
    let start = now_ns();

    while !boosted() {
        if now_ns().wrapping_sub(start) > BOOSTED_NS {
            pr_err!("nobody boosts the reader\n");
            leave(guard);
            return Err(ETIMEDOUT);
        }
        cpu_relax();
    }
    // SAFETY: Process context; the only caller, bound to its CPU.
    unsafe {
        support::test_late_start(delay_ns);
        support::test_udelay(HEAD_START_US);
    }
    leave(guard);
    // SAFETY: As above, and it was started.
    let late = unsafe { support::test_late_stop() };

    Ok((late != 0).then_some(late))
}

/// The median of those samples that there are, if that is most of them.
fn median(mut of: impl FnMut() -> Result<Option<u64>>, samples: usize) -> Result<Option<u64>> {
    let mut all = KVec::with_capacity(samples, GFP_KERNEL)?;

    for _ in 0..samples {
        if let Some(late) = of()? {
            all.push(late, GFP_KERNEL)?;
        }
        // The other kthread goes on.
        sleep_us(100);
    }
    if all.len() <= samples / 2 {
        return Ok(None);
    }
    // SAFETY: The vector's elements, all initialised.
    unsafe { support::test_sort(all.as_mut_ptr(), all.len()) };
    Ok(Some(all[all.len() / 2]))
}

impl Sweep {
    /// How late the timer is that nothing delays.
    fn base_ns(&self) -> Result<u64> {
        let late = || {
            // SAFETY: Process context; the only caller, bound to its CPU.
            unsafe {
                support::test_late_start(self.first_ns);
                support::test_udelay(20);
                Ok(Some(support::test_late_stop()))
            }
        };

        median(late, 31)?.ok_or(EIO)
    }

    /// For how long interrupts are off in `leave()`, at the longest.
    ///
    /// Prints, too, how many points there are, and how many before interrupts are off.
    fn run<G>(
        &self,
        name: &str,
        base_ns: u64,
        side: impl Fn() -> G,
        leave: impl Fn(G),
    ) -> Result<u64> {
        let (mut latest, mut measured, mut before) = (0, 0, 0);

        for point in 0..self.points {
            let delay_ns = self.first_ns + point * self.step_ns;
            let late = median(|| sample(&side, delay_ns, &leave), self.samples)?;

            if self.verbose {
                pr_info!("irqs_off side={name} delay={delay_ns} late={late:?}\n");
            }
            if let Some(late) = late {
                let off_ns = late.saturating_sub(base_ns);

                if before == measured && off_ns < base_ns {
                    before += 1;
                }
                measured += 1;
                latest = core::cmp::max(latest, off_ns);
            }
        }
        pr_info!(
            "irqs_off side={name} points={measured} before={before} base_ns={base_ns} \
             off_ns={latest}\n"
        );
        Ok(latest)
    }
}

/// The reader's part.
fn measure(rcu: &Rcu, sweep: Sweep) -> Result {
    let guards = Guards::new()?;
    let base_ns = sweep.base_ns()?;
    let plain_ns = sweep.run("rcu", base_ns, || Plain.read_lock(), drop)?;

    sweep.run("guard", base_ns, || rcu.read_lock(), drop)?;
    // A control: the guard's report, and interrupts stay off for a while.
    sweep.run(
        "prolonged",
        base_ns,
        || Naive.read_lock(),
        |guard| {
            // SAFETY: Paired, and in between the task is outside of its section.
            unsafe {
                support::test_preempt_disable();
                support::test_local_irq_disable();
                drop(guard);
                bindings::rcu_momentary_eqs();

                let until = now_ns() + 2 * plain_ns;

                while now_ns() < until {}
                support::test_local_irq_enable();
                support::test_preempt_enable();
            }
        },
    )?;
    pr_info!("irqs_off done {}\n", guards.events());
    Ok(())
}

struct IrqsOff;

const RUNNING: i32 = 1;

impl kernel::Module for IrqsOff {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let sweep = Sweep {
            samples: param(module_parameters::samples.value()) as usize,
            first_ns: param(module_parameters::first_ns.value()),
            step_ns: param(module_parameters::step_ns.value()),
            points: param(module_parameters::points.value()),
            verbose: param(module_parameters::verbose.value()) != 0,
        };
        let cpu = param(module_parameters::cpu.value());
        let result = Arc::new(Atomic::new(RUNNING), GFP_KERNEL)?;
        let reported = result.clone();
        let rcu = Rcu::new();
        let reader = Kthread::run(cpu, false, c"rcu_notrace_off", move || {
            let r = measure(&rcu, sweep);

            reported.store(r.map_or_else(|e| e.to_errno(), |()| 0), Release);
            while !should_stop() {
                sleep_us(1000);
            }
        })?;
        // Preempts the reader, and has RCU wait for it.
        let _updater = Kthread::run(cpu, true, c"rcu_notrace_gp", || {
            while !should_stop() {
                sleep_us(300);
                // SAFETY: Process context.
                unsafe { bindings::synchronize_rcu_expedited() };
            }
        })?;

        while result.load(Acquire) == RUNNING {
            sleep_us(10_000);
        }
        drop(reader);
        match result.load(Acquire) {
            0 => Ok(Self),
            e => Err(Error::from_errno(e)),
        }
    }
}
