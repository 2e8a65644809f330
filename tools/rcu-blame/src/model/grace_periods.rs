// SPDX-License-Identifier: GPL-2.0

//! The table `grace_periods`: those that were slow, and the intervals that they overlapped.

use super::{
    held::{no_type, GpType},
    record::{records, Malformed, Record},
    stack::Frame,
    task::Task,
};
use serde::Serialize;
use std::str::FromStr;

/// The kind of an interval.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A reader was off its CPU.
    Reader,
    /// One of RCU's threads could run, and did not.
    Thread,
    /// A task had a CPU without a switch.
    Cpu,
    /// A reader was in a section in which it was switched out, and ran.
    Section,
}

impl FromStr for Kind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "reader" => Ok(Self::Reader),
            "thread" => Ok(Self::Thread),
            "cpu" => Ok(Self::Cpu),
            "section" => Ok(Self::Section),
            _ => Err(()),
        }
    }
}

/// The task that had a CPU for longest.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Most {
    /// The task.
    #[serde(flatten)]
    pub task: Task,
    /// For how long in all.
    pub ns: u64,
}

/// Ticks of a CPU, as times; one with interrupts off is in neither.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Ticks {
    /// In user mode.
    pub user_ns: u64,
    /// In the kernel.
    pub system_ns: u64,
}

/// An interval that a slow grace period, or a slow wait, overlaps.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Cause {
    /// Its kind.
    pub kind: Kind,
    /// The task that it is about.
    #[serde(flatten)]
    pub task: Task,
    /// The CPU.
    pub cpu: u32,
    /// When it began, by `CLOCK_MONOTONIC`.
    pub begin_ns: u64,
    /// How long it was.
    pub duration_ns: u64,
    /// How long it overlaps the grace period, or the wait.
    pub overlap_ns: u64,
    /// The task that took the CPU, or that left it to the thread.
    pub by: Option<Task>,
    /// The task that had the CPU for longest meanwhile.
    pub most: Option<Most>,
    /// Of a CPU.
    pub ticks: Option<Ticks>,
    /// For how long a reader has run in its section.
    pub ran_ns: Option<u64>,
    /// How long after its beginning RCU boosted the reader.
    pub boosted_after_ns: Option<u64>,
    /// The stack of a reader.
    pub stack: Vec<Frame>,
}

/// A grace period that was slow.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct SlowGp {
    /// Its kind.
    #[serde(rename = "type")]
    pub gp_type: GpType,
    /// Its number.
    pub seq: u64,
    /// When it began, by `CLOCK_MONOTONIC`.
    pub begin_ns: u64,
    /// How long it was.
    pub duration_ns: u64,
    /// The part that no cause overlaps.
    pub unexplained_ns: u64,
    /// The intervals, the greatest overlap first.
    pub causes: Vec<Cause>,
}

impl SlowGp {
    /// When it ended.
    pub fn end_ns(&self) -> u64 {
        self.begin_ns.saturating_add(self.duration_ns)
    }
}

/// The slow grace periods in the text of the table, the oldest first.
///
/// # Errors
///
/// A record lacks what each of its kind has, or a cause comes before any grace period.
pub fn parse(table: &[u8]) -> Result<Vec<SlowGp>, Malformed> {
    with_causes(table, b"gp", gp, |gp| &mut gp.causes)
}

/// The records that begin with `word`, each with the causes that follow it.
///
/// # Errors
///
/// A record lacks what each of its kind has, or a cause comes before any of these records.
pub(super) fn with_causes<T>(
    table: &[u8],
    word: &[u8],
    parse: impl Fn(&Record<'_>) -> Result<T, Malformed>,
    causes: impl Fn(&mut T) -> &mut Vec<Cause>,
) -> Result<Vec<T>, Malformed> {
    let mut all: Vec<T> = Vec::new();

    for record in records(table) {
        if record.word() == word {
            all.push(parse(&record)?);
        } else if record.word() == b"cause" {
            let cause = cause(&record)?;
            let last = all
                .last_mut()
                .ok_or_else(|| record.malformed("nothing of which it is the cause before it"))?;

            causes(last).extend(cause);
        }
    }
    Ok(all)
}

fn gp(record: &Record<'_>) -> Result<SlowGp, Malformed> {
    Ok(SlowGp {
        gp_type: record.required("type").map_err(|_| no_type(record))?,
        seq: record.required("seq")?,
        begin_ns: record.required("begin_ns")?,
        duration_ns: record.required("duration_ns")?,
        unexplained_ns: record.required("unexplained_ns")?,
        causes: Vec::new(),
    })
}

/// `None`: one of a kind that is new.
fn cause(record: &Record<'_>) -> Result<Option<Cause>, Malformed> {
    let Ok(kind) = record.required("kind") else {
        return Ok(None);
    };
    let most = match record.task("most_")? {
        Some(task) => Some(Most {
            task,
            ns: record.required("most_ns")?,
        }),
        None => None,
    };
    let ticks = match record.optional("user_ns")? {
        Some(user_ns) => Some(Ticks {
            user_ns,
            system_ns: record.required("system_ns")?,
        }),
        None => None,
    };

    Ok(Some(Cause {
        kind,
        task: record.subject()?,
        cpu: record.required("cpu")?,
        begin_ns: record.required("begin_ns")?,
        duration_ns: record.required("duration_ns")?,
        overlap_ns: record.required("overlap_ns")?,
        by: record.task("by_")?,
        most,
        ticks,
        ran_ns: record.optional("ran_ns")?,
        boosted_after_ns: record.optional("boosted_after_ns")?,
        stack: record.stack(),
    }))
}
