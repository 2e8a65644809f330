// SPDX-License-Identifier: GPL-2.0

//! The files under test, and the properties that they are to have.

// The properties use a part of each file.
#![allow(dead_code)]

use crate::stand_in::helpers;

#[path = "../../../rcu_blame/counters.rs"]
mod counters;
#[path = "../../../rcu_blame/faults.rs"]
mod faults;
#[path = "../../../rcu_blame/filter.rs"]
mod filter;
#[path = "../../../rcu_blame/histogram.rs"]
mod histogram;
#[path = "../../../rcu_blame/name.rs"]
mod name;
#[path = "../../../rcu_blame/number.rs"]
mod number;
#[path = "../../../rcu_blame/task.rs"]
mod task;
#[path = "../../../rcu_blame/tasks.rs"]
mod tasks;
#[path = "../../../rcu_blame/text.rs"]
mod text;

#[cfg(fuzzing)]
#[path = "fuzz.rs"]
mod fuzz;
#[cfg(test)]
#[path = "properties/mod.rs"]
mod properties;
