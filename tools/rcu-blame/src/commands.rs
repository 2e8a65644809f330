// SPDX-License-Identifier: GPL-2.0

//! The commands. Each has its arguments, and a function `run` that returns the exit status.

pub mod actions;
pub mod generate;
pub mod held;
pub mod metrics;
pub mod options;
pub mod record;
pub mod report;
pub mod signals;
pub mod top;
pub mod why;
