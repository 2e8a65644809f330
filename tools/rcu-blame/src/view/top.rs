// SPDX-License-Identifier: GPL-2.0

//! The live screen. [`app`] is its state, and the keys; [`draw`] shows that; [`screen`] is
//! the terminal.

pub mod app;
pub mod draw;
pub mod screen;
#[cfg(test)]
mod tests;
