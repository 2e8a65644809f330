// SPDX-License-Identifier: GPL-2.0

//! The pid, the name and the priority of a task, which name it to people.

use super::{
    number::Number,
    task::{
        self,
        Comm, //
    },
};
use crate::tracepoint_glue::{
    args::Task,
    probe_state, //
};

/// A task, as it was when it was named.
#[derive(Clone, Copy, Default)]
pub(super) struct Name {
    pub(super) pid: i32,
    pub(super) comm: Comm,
    pub(super) prio: i32,
}

impl Name {
    #[inline(always)]
    pub(super) fn of(task: &Task) -> Self {
        Self {
            pid: task::pid(task),
            comm: task::comm_bytes(task::comm(task)),
            prio: task::prio(task),
        }
    }
}

probe_state! {
    /// A [`Name`] that a probe writes.
    pub(super) struct NameCell {
        comm: [Number; 2],
        /// The pid, and above it the priority.
        id: Number,
    }
}

impl NameCell {
    pub(super) const fn new() -> Self {
        Self {
            comm: [const { Number::new(0) }; 2],
            id: Number::new(0),
        }
    }

    /// Any context.
    #[inline(always)]
    pub(super) fn set(&self, task: &Task) {
        for (to, word) in self.comm.iter().zip(task::comm(task)) {
            to.set(word);
        }
        self.id
            .set(u64::from(task::prio(task) as u32) << 32 | u64::from(task::pid(task) as u32));
    }

    /// `None`: an idle task, or none was named. Any context.
    #[inline(always)]
    pub(super) fn get(&self) -> Option<Name> {
        let [a, b] = &self.comm;
        let id = self.id.get();
        let name = Name {
            pid: id as u32 as i32,
            comm: task::comm_bytes([a.get(), b.get()]),
            prio: (id >> 32) as u32 as i32,
        };

        Some(name).filter(|name| name.pid != 0)
    }
}
