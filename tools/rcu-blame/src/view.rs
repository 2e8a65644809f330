// SPDX-License-Identifier: GPL-2.0

//! The view: forms in which facts and verdicts are shown.

pub mod json;
pub mod rows;
pub mod text;
pub mod top;
