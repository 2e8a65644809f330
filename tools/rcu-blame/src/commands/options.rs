// SPDX-License-Identifier: GPL-2.0

//! Options that several commands have.

use crate::{
    model::{
        cpus::CpuList,
        held::Held,
        time::Ns,
        verdict::{self, Verdict},
    },
    source::{live::Live, Facts},
};
use anyhow::bail;
use std::{path::PathBuf, time::Duration};

/// The time between two looks of a command that waits.
pub const EVERY: Duration = Duration::from_millis(100);

/// The place and the amount that is looked at.
#[derive(clap::Args)]
pub struct Common {
    /// Delays up to this are none: 100ms, 2s, ...
    #[arg(long, value_name = "TIME", default_value = "100ms")]
    pub threshold: Ns,

    /// Look at these CPUs only
    #[arg(short, long, value_name = "CPUS")]
    pub cpus: Option<CpuList>,

    /// Run rcu-blame itself on these CPUs
    #[arg(short = 'H', long, value_name = "CPUS")]
    pub house_keeping: Option<CpuList>,

    /// The folder of /sys
    #[arg(long, hide = true, default_value = "/")]
    pub root: PathBuf,
}

impl Common {
    /// The source, after the tool itself has been moved.
    ///
    /// # Errors
    ///
    /// The module's tables cannot be read, or there are no such CPUs.
    pub fn open(&self) -> anyhow::Result<Live> {
        let live = Live::open(&self.root)?;

        if let Some(cpus) = &self.house_keeping {
            move_to(cpus)?;
        }
        Ok(live)
    }

    /// The present, and the verdict on it.
    ///
    /// # Errors
    ///
    /// The facts cannot be read.
    pub fn look(&self, facts: &mut impl Facts) -> anyhow::Result<(Held, Verdict)> {
        let held = self.part(facts.held_for_certain()?);
        let verdict = verdict::present(&held, self.threshold.0);

        Ok((held, verdict))
    }

    /// The part of the snapshot that is looked at.
    pub fn part(&self, mut held: Held) -> Held {
        if let Some(cpus) = &self.cpus {
            held.retain_cpus(cpus);
        }
        held
    }
}

/// Moves this thread. A process that it starts later is there as well.
///
/// # Errors
///
/// None of the CPUs is online.
pub fn move_to(cpus: &CpuList) -> anyhow::Result<()> {
    let mut set = no_cpus();

    for cpu in cpus.cpus() {
        if cpu < libc::CPU_SETSIZE as u32 {
            // SAFETY: The set has that CPU.
            unsafe { libc::CPU_SET(cpu as usize, &mut set) };
        }
    }
    set_affinity(&set)
}

/// Whether this thread can be moved there.
///
/// # Errors
///
/// None of the CPUs is online.
pub fn can_move_to(cpus: &CpuList) -> anyhow::Result<()> {
    let mut before = no_cpus();

    // SAFETY: The set has the size that is passed.
    if unsafe { libc::sched_getaffinity(0, size_of_val(&before), &mut before) } != 0 {
        bail!("--house-keeping: {}", std::io::Error::last_os_error());
    }
    move_to(cpus)?;
    set_affinity(&before)
}

fn no_cpus() -> libc::cpu_set_t {
    // SAFETY: All bits at 0 are an empty set.
    unsafe { std::mem::zeroed() }
}

fn set_affinity(set: &libc::cpu_set_t) -> anyhow::Result<()> {
    // SAFETY: The set has the size that is passed.
    if unsafe { libc::sched_setaffinity(0, size_of_val(set), set) } != 0 {
        bail!(
            "--house-keeping: {}: name CPUs that are online",
            std::io::Error::last_os_error()
        );
    }
    Ok(())
}
