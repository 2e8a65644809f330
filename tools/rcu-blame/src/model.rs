// SPDX-License-Identifier: GPL-2.0

//! The model: facts, as types, and what follows from them. It is pure, and reads no file.
//!
//! The kernel's tables are parsed by [`record`]; [`held`], [`grace_periods`] and [`waiters`] have a
//! type for each record.

pub mod comparison;
pub mod cpus;
pub mod distribution;
pub mod escape;
pub mod event;
pub mod grace_periods;
pub mod held;
pub mod metrics;
pub mod numbers;
pub mod record;
pub mod report;
pub mod stack;
pub mod suspect;
pub mod task;
pub mod time;
pub mod timeline;
pub mod verdict;
pub mod waiters;
