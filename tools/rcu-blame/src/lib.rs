// SPDX-License-Identifier: GPL-2.0

//! `rcu-blame` tells which task, thread or CPU delays RCU grace periods.
//!
//! It reads the tables of `rcu_blame.ko`. There are three layers, and each depends on those before
//! it only: [`source`] has the text of the tables, [`model`] the facts in them and what follows,
//! [`view`] shows that. [`cli`] has the arguments, and [`commands`] a module for each command.

pub mod cli;
pub mod commands;
pub mod model;
pub mod source;
pub mod view;
