// SPDX-License-Identifier: GPL-2.0

//! The table `waiters`: the calls that waited long for grace periods.

use super::{
    escape::Name,
    grace_periods::{with_causes, Cause},
    held::{no_type, GpType},
    record::{Malformed, Record},
    stack::Frame,
    task::Task,
};
use serde::Serialize;

/// A call that waited long.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Wait {
    /// The function: `synchronize_rcu`, `synchronize_rcu_expedited` or `rcu_barrier`.
    pub function: Name,
    /// The task that waited.
    #[serde(flatten)]
    pub task: Task,
    /// When it began, by `CLOCK_MONOTONIC`.
    pub begin_ns: u64,
    /// How long it was.
    pub duration_ns: u64,
    /// The slow grace period that it overlaps most: its kind and its number.
    pub gp: Option<(GpType, u64)>,
    /// The stack of the caller.
    pub stack: Vec<Frame>,
    /// The intervals that it overlaps, the greatest overlap first, if no slow grace period overlaps
    /// more than half of it.
    pub causes: Vec<Cause>,
}

impl Wait {
    /// When it ended.
    pub fn end_ns(&self) -> u64 {
        self.begin_ns.saturating_add(self.duration_ns)
    }
}

/// The waits in the text of the table, the oldest first.
///
/// # Errors
///
/// A record lacks what each of its kind has, or a cause comes before any wait.
pub fn parse(table: &[u8]) -> Result<Vec<Wait>, Malformed> {
    with_causes(table, b"wait", wait, |wait| &mut wait.causes)
}

fn wait(record: &Record<'_>) -> Result<Wait, Malformed> {
    let gp = match record.optional("gp_seq")? {
        Some(seq) => Some((
            record.required("gp_type").map_err(|_| no_type(record))?,
            seq,
        )),
        None => None,
    };

    Ok(Wait {
        function: record
            .name("function")
            .ok_or_else(|| record.malformed("no function"))?,
        task: record.subject()?,
        begin_ns: record.required("begin_ns")?,
        duration_ns: record.required("duration_ns")?,
        gp,
        stack: record.stack(),
        causes: Vec::new(),
    })
}
