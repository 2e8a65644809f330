// SPDX-License-Identifier: GPL-2.0

//! The source: the place that the facts come from. A live kernel is one, a recorded file another.
//!
//! A source has the text of each table, as the kernel's file shows it. The [model](crate::model)
//! parses that, so a record is parsed in the same way wherever it comes from.

pub mod cgroups;
pub mod http;
pub mod instance;
pub mod live;
pub mod recording;
pub mod trace_events;
pub mod trace_format;
pub mod trace_page;

use crate::model::{
    grace_periods::{self, SlowGp},
    held::Held,
    record::Malformed,
    waiters::{self, Wait},
};
use std::{fmt, io, path::PathBuf};
use thiserror::Error;

/// A table of the kernel's, by the name of its file in debugfs.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Table {
    /// The present.
    Held,
    /// The slow grace periods.
    GracePeriods,
    /// The slow waits.
    Waiters,
    /// The numbers.
    Stats,
    /// The tasks that have been readers.
    Tasks,
    /// The numbers of each CPU.
    Cpus,
    /// A histogram, by its name.
    Hist(&'static str),
}

/// The names of the histograms.
pub const HISTOGRAMS: [&str; 11] = [
    "reader_off",
    "boost_delay",
    "boosted",
    "wakeup_deadline",
    "wakeup_rt",
    "wakeup_fair",
    "gp_normal",
    "gp_expedited",
    "synchronize_rcu",
    "synchronize_rcu_expedited",
    "rcu_barrier",
];

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held => f.write_str("held"),
            Self::GracePeriods => f.write_str("grace_periods"),
            Self::Waiters => f.write_str("waiters"),
            Self::Stats => f.write_str("stats"),
            Self::Tasks => f.write_str("tasks"),
            Self::Cpus => f.write_str("cpus"),
            Self::Hist(name) => write!(f, "hist/{name}"),
        }
    }
}

/// An error of a source. Its text is one line that says what to do.
#[derive(Debug, Error)]
pub enum Error {
    /// The module's files are not there.
    #[error("rcu_blame.ko is not loaded: load it with \"modprobe rcu_blame\"")]
    NoModule,
    /// The user may not read them.
    #[error("{} cannot be read: run rcu-blame as root", .0.display())]
    NotRoot(PathBuf),
    /// There is no debugfs at its place.
    #[error("debugfs is not mounted: mount it with \"mount -t debugfs none /sys/kernel/debug\"")]
    NoDebugfs,
    /// There is no tracefs at its place.
    #[error("tracefs is not mounted: mount it with \"mount -t tracefs none /sys/kernel/tracing\"")]
    NoTracefs,
    /// The kernel is locked down.
    #[error(
        "the kernel is in {0} lockdown, which refuses the files of debugfs: boot without it \
         (/sys/kernel/security/lockdown)"
    )]
    Lockdown(String),
    /// A kernel that is locked down for confidentiality refuses tracing.
    #[error(
        "the kernel is in {0} lockdown, which refuses tracing: held, why and top work \
         (/sys/kernel/security/lockdown)"
    )]
    NoTracing(String),
    /// The module is loaded, and has no such file.
    #[error("rcu_blame.ko has no file {0}: install the module of this tool's version")]
    OtherVersion(String),
    /// The table is not in the form that the tool knows.
    #[error("{table}: {mistake}: install the tool of the module's version")]
    Malformed {
        /// The table.
        table: Table,
        /// The first mistake in it.
        mistake: Malformed,
    },
    /// Any other error of a file.
    #[error("{}: {error}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The kernel's error.
        error: io::Error,
    },
}

/// The facts that a source has.
pub trait Facts {
    /// The text of a table.
    ///
    /// # Errors
    ///
    /// The table cannot be read.
    fn table(&mut self, table: Table) -> Result<Vec<u8>, Error>;

    /// The present.
    ///
    /// # Errors
    ///
    /// The table cannot be read, or not be parsed.
    fn held(&mut self) -> Result<Held, Error> {
        parsed(Table::Held, Held::parse(&self.table(Table::Held)?))
    }

    /// The present, without what is there by chance: a source that can looks twice.
    ///
    /// # Errors
    ///
    /// As of [`held`](Self::held).
    fn held_for_certain(&mut self) -> Result<Held, Error> {
        self.held()
    }

    /// The slow grace periods, the oldest first.
    ///
    /// # Errors
    ///
    /// As of [`held`](Self::held).
    fn grace_periods(&mut self) -> Result<Vec<SlowGp>, Error> {
        let text = self.table(Table::GracePeriods)?;

        parsed(Table::GracePeriods, grace_periods::parse(&text))
    }

    /// The slow waits, the oldest first.
    ///
    /// # Errors
    ///
    /// As of [`held`](Self::held).
    fn waiters(&mut self) -> Result<Vec<Wait>, Error> {
        parsed(Table::Waiters, waiters::parse(&self.table(Table::Waiters)?))
    }
}

/// The result of parsing a table, or the mistake with the table's name.
pub fn parsed<T>(table: Table, result: Result<T, Malformed>) -> Result<T, Error> {
    result.map_err(|mistake| Error::Malformed { table, mistake })
}
