// SPDX-License-Identifier: GPL-2.0

//! Options that several commands have.

use crate::{
    model::{cpus::CpuList, held::Held, time::Ns},
    source::live::Live,
};
use anyhow::bail;
use std::path::PathBuf;

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

    /// The part of the snapshot that is looked at.
    pub fn part(&self, mut held: Held) -> Held {
        if let Some(cpus) = &self.cpus {
            held.retain_cpus(cpus);
        }
        held
    }
}

/// Moves this process.
fn move_to(cpus: &CpuList) -> anyhow::Result<()> {
    // SAFETY: All bits at 0 are an empty set.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };

    for cpu in cpus.cpus() {
        if cpu < libc::CPU_SETSIZE as u32 {
            // SAFETY: The set has that CPU.
            unsafe { libc::CPU_SET(cpu as usize, &mut set) };
        }
    }
    // SAFETY: The set has the size that is passed.
    if unsafe { libc::sched_setaffinity(0, size_of_val(&set), &set) } != 0 {
        bail!(
            "--house-keeping: {}: name CPUs that are online",
            std::io::Error::last_os_error()
        );
    }
    Ok(())
}
