// SPDX-License-Identifier: GPL-2.0

//! Rows: what a table shows of each reader, thread and CPU of the present.

use crate::model::{
    held::{Answer, Cpu, Held, On, Reader, State, Thread},
    stack::{self, Frame},
    task::{Priority, Task},
    time::Ns,
};

/// A row of the table.
#[derive(Clone, Debug)]
pub struct Row {
    /// `reader`, `thread` or `cpu`.
    pub kind: &'static str,
    /// The task.
    pub task: Task,
    /// The CPU.
    pub cpu: u32,
    /// For how long it has waited, or has had the CPU.
    pub ns: Option<u64>,
    /// The reason.
    pub why: String,
    /// A CPU that a grace period does not wait for.
    pub is_innocent: bool,
    /// More facts, one a line.
    pub facts: Vec<String>,
    /// The stack.
    pub stack: Vec<Frame>,
}

/// The rows of a snapshot, in its order.
pub fn rows(held: &Held) -> Vec<Row> {
    let readers = held.readers.iter().map(reader);
    let threads = held.threads.iter().map(thread);
    let cpus = held.cpus.iter().map(cpu);

    readers.chain(threads).chain(cpus).collect()
}

impl Row {
    /// The time in words.
    pub fn time(&self) -> String {
        self.ns.map_or("?".into(), |ns| Ns(ns).to_string())
    }

    /// Whether the filter of a user, a part of what the row shows, admits it.
    pub fn has(&self, text: &str) -> bool {
        text.is_empty() || format!("{} {} {}", self.kind, self.task, self.why).contains(text)
    }
}

fn named(task: &Task) -> String {
    format!("{task} ({})", task.priority())
}

fn on_fact(on: Option<&On>) -> Option<String> {
    on.map(|on| {
        format!(
            "that CPU now runs {}, for {}",
            named(&on.task),
            Ns(on.on_ns)
        )
    })
}

fn in_place(stack: &[Frame]) -> String {
    stack::place(stack).map_or(String::new(), |frame| format!(", in {}", frame.function()))
}

fn reader(reader: &Reader) -> Row {
    let place = in_place(&reader.stack);
    let behind = reader.on.as_ref().map(|on| &on.task).or(reader.by.as_ref());
    let why = match (reader.state, &reader.owner, behind) {
        (State::Blocked, Some(owner), _) => format!(
            "lock of {}, {} CPU {}",
            named(&owner.task),
            if owner.on_cpu { "on" } else { "off" },
            owner.cpu
        ),
        (State::Blocked, None, _) => "waits for a lock".into(),
        (State::Preempted, _, Some(task)) => format!("behind {}", named(task)),
        (State::Preempted, _, None) => "preempted".into(),
    };
    let by = reader
        .by
        .as_ref()
        .map(|by| format!("its CPU was taken by {}", named(by)));
    let boost = reader.boost.as_ref().map_or("not boosted".into(), |boost| {
        format!("boosted to {} {} ago", Priority(boost.to), Ns(boost.ns))
    });

    Row {
        kind: "reader",
        task: reader.task.clone(),
        cpu: reader.cpu,
        ns: reader.off_ns,
        why: why + &place,
        is_innocent: false,
        facts: [
            Some(format!(
                "section {} deep, RCU's marks {}, {boost}",
                reader.nesting, reader.special
            )),
            Some(format!(
                "process {}, may run on CPUs {}{}",
                reader.tgid,
                reader.allowed,
                if reader.migration_disabled == 0 {
                    ""
                } else {
                    ", may not migrate"
                }
            )),
            by,
            on_fact(reader.on.as_ref()),
        ]
        .into_iter()
        .flatten()
        .collect(),
        stack: reader.stack.clone(),
    }
}

fn thread(thread: &Thread) -> Row {
    Row {
        kind: "thread",
        task: thread.task.clone(),
        cpu: thread.cpu,
        ns: Some(thread.runnable_ns),
        why: thread.on.as_ref().map_or("runnable".into(), |on| {
            format!("behind {}", named(&on.task))
        }),
        is_innocent: false,
        facts: on_fact(thread.on.as_ref()).into_iter().collect(),
        stack: Vec::new(),
    }
}

fn cpu(cpu: &Cpu) -> Row {
    let is_innocent = !cpu.watched
        || cpu.nesting <= 0
            && matches!(
                cpu.answer,
                Answer::Answered {
                    preempt_count: 0,
                    ..
                }
            );
    let (why, stack) = match &cpu.answer {
        _ if !cpu.watched => ("RCU does not wait for it".into(), Vec::new()),
        Answer::NotAsked => ("no switch".into(), Vec::new()),
        Answer::None { unanswered_ns } => (
            format!("interrupts off, no answer for {}", Ns(*unanswered_ns)),
            Vec::new(),
        ),
        Answer::Answered {
            preempt_count,
            stack,
        } => {
            let why = match (cpu.nesting, preempt_count) {
                (1.., _) => "runs in a section",
                (_, 0) => "no switch, not to blame",
                _ => "preemption off",
            };

            (format!("{why}{}", in_place(stack)), stack.clone())
        }
    };

    Row {
        kind: "cpu",
        task: cpu.task.clone(),
        cpu: cpu.cpu,
        ns: Some(cpu.on_ns),
        why,
        is_innocent,
        facts: vec![format!("section {} deep", cpu.nesting)],
        stack,
    }
}
