// SPDX-License-Identifier: GPL-2.0

//! Times grace periods, normal and expedited, while every CPU is in sections of one read side, one
//! after the other. The read sides take turns. Loading the module prints a line for each.

use crate::{
    rcu_notrace::{
        Rcu, //
        ReadSide,
    },
    support::{
        busy_us,
        controls::Plain,
        guards::Guards,
        kthread::{
            cpus,
            should_stop,
            sleep_us,
            Kthread, //
        },
        now_ns,
        param,
        stats::Samples, //
    },
};
use kernel::{
    bindings,
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc, //
    },
};

#[path = "../../rcu_notrace.rs"]
mod rcu_notrace;
mod support;

module! {
    type: Gp,
    name: "rcu_notrace_gp",
    authors: ["The rcu-notrace authors"],
    description: "Test of rcu_notrace: grace periods with all CPUs in sections",
    license: "GPL v2",
    params: {
        normal: u32 {
            default: 20,
            description: "Normal grace periods for each read side",
        },
        expedited: u32 {
            default: 100,
            description: "Expedited ones",
        },
        hold_us: u32 {
            default: 50,
            description: "Length of a section, in microseconds",
        },
        pace: u32 {
            default: 50,
            description: "Wake a CPU every so many us; 0: do not",
        },
    },
}

/// The naive unlock is not among them: a reader that never pauses is boosted for ever, and stalls.
const SIDES: [&str; 3] = ["none", "rcu", "guard"];

/// The read side of the readers now: an index into [`SIDES`].
static SIDE: Atomic<u32> = Atomic::new(0);

#[inline(always)]
fn section(side: &impl ReadSide, hold_us: u32) {
    let _guard = side.read_lock();

    busy_us(hold_us);
}

fn read(rcu: &Rcu, hold_us: u32) {
    while !should_stop() {
        match SIDE.load(Relaxed) {
            0 => busy_us(hold_us),
            1 => section(&Plain, hold_us),
            _ => section(rcu, hold_us),
        }
    }
}

/// Waits for `count` grace periods with each read side, in turn, and prints how long it took.
fn measure(name: &str, count: usize, wait: unsafe extern "C" fn()) -> Result {
    let mut samples = KVec::with_capacity(SIDES.len(), GFP_KERNEL)?;

    for _ in &SIDES {
        samples.push(Samples::with_capacity(count)?, GFP_KERNEL)?;
    }
    for round in 0..count {
        for turn in 0..SIDES.len() {
            let side = (round + turn) % SIDES.len();

            SIDE.store(side as u32, Relaxed);
            // After this wait nothing of the turn before is left.
            //
            // SAFETY: Process context.
            unsafe { wait() };

            let start = now_ns();

            // SAFETY: Process context.
            unsafe { wait() };
            if let Some(samples) = samples.get_mut(side) {
                samples.add(now_ns().wrapping_sub(start));
            }
        }
    }
    for (side, samples) in SIDES.iter().zip(samples.iter_mut()) {
        samples.sort();

        let samples = &*samples;

        pr_info!("gp kind={name} side={side} {samples}\n");
    }
    Ok(())
}

struct Gp;

impl kernel::Module for Gp {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let guards = Guards::new()?;
        let rcu = Arc::new(Rcu::new(), GFP_KERNEL)?;
        let hold_us = param(module_parameters::hold_us.value());
        let pace = param(module_parameters::pace.value());
        let mut readers = KVec::new();

        for cpu in cpus() {
            let rcu = rcu.clone();

            readers.push(
                Kthread::run(cpu, false, c"rcu_notrace_rd", move || read(&rcu, hold_us))?,
                GFP_KERNEL,
            )?;
        }

        let _pacer = if pace != 0 {
            Some(Kthread::run(0, true, c"rcu_notrace_pace", move || {
                while !should_stop() {
                    sleep_us(pace);
                }
            })?)
        } else {
            None
        };

        measure(
            "normal",
            param(module_parameters::normal.value()) as usize,
            bindings::synchronize_rcu,
        )?;
        measure(
            "expedited",
            param(module_parameters::expedited.value()) as usize,
            bindings::synchronize_rcu_expedited,
        )?;
        drop(readers);
        pr_info!("gp done {}\n", guards.events());
        Ok(Self)
    }
}
