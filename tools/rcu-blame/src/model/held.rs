// SPDX-License-Identifier: GPL-2.0

//! The table `held`: the tasks, threads and CPUs that delay RCU grace periods now.

use super::{
    cpus::CpuList,
    record::{records, Malformed, Record},
    stack::Frame,
    task::Task,
};
use serde::Serialize;
use std::{fmt, str::FromStr};

/// The kind of a grace period.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum GpType {
    /// Of `synchronize_rcu()` and `call_rcu()`.
    Normal,
    /// Of `synchronize_rcu_expedited()`.
    Expedited,
}

impl FromStr for GpType {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "normal" => Ok(Self::Normal),
            "expedited" => Ok(Self::Expedited),
            _ => Err(()),
        }
    }
}

impl fmt::Display for GpType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Normal => "normal",
            Self::Expedited => "expedited",
        })
    }
}

/// A grace period that is under way.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Gp {
    /// Its kind.
    #[serde(rename = "type")]
    pub gp_type: GpType,
    /// Its number.
    pub seq: u64,
    /// For how long it has been under way, if its beginning was seen.
    pub for_ns: Option<u64>,
}

/// The task that has a CPU now.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct On {
    /// The task.
    #[serde(flatten)]
    pub task: Task,
    /// For how long, without a switch.
    pub on_ns: u64,
}

/// The state of a reader that is off its CPU.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It would run if it were given a CPU.
    Preempted,
    /// It waits for a lock.
    Blocked,
}

impl FromStr for State {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "preempted" => Ok(Self::Preempted),
            "blocked" => Ok(Self::Blocked),
            _ => Err(()),
        }
    }
}

/// A boost by RCU.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Boost {
    /// How long ago.
    pub ns: u64,
    /// The priority that it gave.
    pub to: i32,
}

/// The owner of the lock for which a reader waits.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Owner {
    /// The task.
    #[serde(flatten)]
    pub task: Task,
    /// Its CPU, or the last one that it had.
    pub cpu: u32,
    /// Whether it runs.
    pub on_cpu: bool,
}

/// A task that is off its CPU in an RCU read-side critical section.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Reader {
    /// The task.
    #[serde(flatten)]
    pub task: Task,
    /// The id of its process.
    pub tgid: i32,
    /// The depth of sections.
    pub nesting: i32,
    /// The letters of an RCU stall report, or `-`.
    pub special: String,
    /// The reason for which it does not run.
    pub state: State,
    /// The CPU that it left.
    pub cpu: u32,
    /// The CPUs on which it may run.
    pub allowed: String,
    /// How often it has disabled migration.
    pub migration_disabled: u32,
    /// For how long it has been off its CPU.
    pub off_ns: Option<u64>,
    /// For how long it has been in its section, since it was first switched out in it.
    pub section_ns: Option<u64>,
    /// The boost by RCU.
    pub boost: Option<Boost>,
    /// The task that took the CPU.
    pub by: Option<Task>,
    /// The task that has that CPU now.
    pub on: Option<On>,
    /// The owner of the lock.
    pub owner: Option<Owner>,
    /// Its stack, that of the section.
    pub stack: Vec<Frame>,
}

/// One of RCU's threads that could run, and does not.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Thread {
    /// The thread.
    #[serde(flatten)]
    pub task: Task,
    /// Its CPU.
    pub cpu: u32,
    /// For how long it has waited.
    pub runnable_ns: u64,
    /// The task that has the CPU.
    pub on: Option<On>,
}

/// The answer of a CPU that was asked by an interrupt.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It was not asked.
    NotAsked,
    /// It has not answered: its interrupts are off, for that long at least.
    None {
        /// Since it was asked.
        unanswered_ns: u64,
    },
    /// It has.
    Answered {
        /// 0: preemption and softirqs are on.
        preempt_count: u32,
        /// The stack that was interrupted.
        stack: Vec<Frame>,
    },
}

/// A CPU that has run the same task for long while a grace period is under way.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Cpu {
    /// The CPU.
    pub cpu: u32,
    /// The task that it runs.
    #[serde(flatten)]
    pub task: Task,
    /// For how long, without a switch but to the kernel's stopper.
    pub on_ns: u64,
    /// Whether RCU waits for the CPU.
    pub watched: bool,
    /// For how long the task has been in its section, since it was first switched out in it.
    pub section_ns: Option<u64>,
    /// The depth of the task's sections.
    pub nesting: i32,
    /// The answer to the interrupt.
    pub answer: Answer,
}

/// A snapshot of the present.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Held {
    /// When it was taken, by `CLOCK_MONOTONIC`.
    pub ns: u64,
    /// How many tasks were looked at.
    pub tasks: u64,
    /// How many readers there are, of which at most 64 have a record.
    pub readers_seen: u64,
    /// How many threads there are, as well.
    pub threads_seen: u64,
    /// The grace periods that are under way.
    pub gps: Vec<Gp>,
    /// The readers.
    pub readers: Vec<Reader>,
    /// RCU's threads.
    pub threads: Vec<Thread>,
    /// The CPUs.
    pub cpus: Vec<Cpu>,
}

impl Held {
    /// The snapshot in the text of the table.
    ///
    /// # Errors
    ///
    /// The text has no record `held`, or one lacks what each of its kind has.
    pub fn parse(table: &[u8]) -> Result<Self, Malformed> {
        let mut held = Self::default();
        let mut has_head = false;

        for record in records(table) {
            match record.word() {
                b"held" => {
                    has_head = true;
                    held.ns = record.required("ns")?;
                    held.tasks = record.required("tasks")?;
                    held.readers_seen = record.required("readers")?;
                    held.threads_seen = record.required("threads")?;
                }
                b"gp" => held.gps.push(gp(&record)?),
                b"reader" => held.readers.push(reader(&record)?),
                b"thread" => held.threads.push(thread(&record)?),
                b"cpu" => held.cpus.push(cpu(&record)?),
                _ => (),
            }
        }
        if has_head {
            Ok(held)
        } else {
            Err(Malformed {
                line: 1,
                what: "no record \"held\"".into(),
            })
        }
    }

    /// Leaves out what is not on these CPUs.
    pub fn retain_cpus(&mut self, cpus: &CpuList) {
        self.readers.retain(|reader| cpus.has(reader.cpu));
        self.threads.retain(|thread| cpus.has(thread.cpu));
        self.cpus.retain(|cpu| cpus.has(cpu.cpu));
    }

    /// The grace period of that kind, if it is under way.
    pub fn gp(&self, gp_type: GpType) -> Option<&Gp> {
        self.gps.iter().find(|gp| gp.gp_type == gp_type)
    }
}

fn gp(record: &Record<'_>) -> Result<Gp, Malformed> {
    Ok(Gp {
        gp_type: record.required("type").map_err(|_| no_type(record))?,
        seq: record.required("seq")?,
        for_ns: record.optional("for_ns")?,
    })
}

/// The mistake of a record with another type than these.
pub(super) fn no_type(record: &Record<'_>) -> Malformed {
    record.malformed("neither normal nor expedited")
}

fn on(record: &Record<'_>) -> Result<Option<On>, Malformed> {
    record
        .task("on_")?
        .map(|task| {
            Ok(On {
                task,
                on_ns: record.required("on_ns")?,
            })
        })
        .transpose()
}

fn owner(record: &Record<'_>) -> Result<Option<Owner>, Malformed> {
    record
        .task("owner_")?
        .map(|task| {
            Ok(Owner {
                task,
                cpu: record.required("owner_cpu")?,
                on_cpu: record.flag("owner_on_cpu")?,
            })
        })
        .transpose()
}

fn boost(record: &Record<'_>) -> Result<Option<Boost>, Malformed> {
    record
        .optional("boosted_ns")?
        .map(|ns| {
            Ok(Boost {
                ns,
                to: record.required("boosted_to")?,
            })
        })
        .transpose()
}

fn reader(record: &Record<'_>) -> Result<Reader, Malformed> {
    Ok(Reader {
        task: record.subject()?,
        tgid: record.required("tgid")?,
        nesting: record.required("nesting")?,
        special: text(record, "special"),
        state: record
            .required("state")
            .map_err(|_| record.malformed("neither preempted nor blocked"))?,
        cpu: record.required("cpu")?,
        allowed: text(record, "allowed"),
        migration_disabled: record.required("migration_disabled")?,
        off_ns: record.optional("off_ns")?,
        section_ns: record.optional("section_ns")?,
        boost: boost(record)?,
        by: record.task("by_")?,
        on: on(record)?,
        owner: owner(record)?,
        stack: record.stack(),
    })
}

/// A text that the kernel does not escape, fit for a terminal all the same.
fn text(record: &Record<'_>, key: &str) -> String {
    record
        .name(key)
        .map_or(String::new(), |name| name.to_string())
}

fn thread(record: &Record<'_>) -> Result<Thread, Malformed> {
    Ok(Thread {
        task: record.subject()?,
        cpu: record.required("cpu")?,
        runnable_ns: record.required("runnable_ns")?,
        on: on(record)?,
    })
}

fn cpu(record: &Record<'_>) -> Result<Cpu, Malformed> {
    Ok(Cpu {
        cpu: record.required("cpu")?,
        task: record.subject()?,
        on_ns: record.required("on_ns")?,
        watched: record.flag("watched")?,
        section_ns: record.optional("section_ns")?,
        nesting: record.required("nesting")?,
        answer: match (
            record.optional("unanswered_ns")?,
            record.optional("preempt_count")?,
        ) {
            (Some(unanswered_ns), _) => Answer::None { unanswered_ns },
            (None, Some(preempt_count)) => Answer::Answered {
                preempt_count,
                stack: record.stack(),
            },
            (None, None) => Answer::NotAsked,
        },
    })
}
