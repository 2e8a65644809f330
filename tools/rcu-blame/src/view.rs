// SPDX-License-Identifier: GPL-2.0

//! The view: forms in which facts and verdicts are shown.

pub mod comparison_text;
pub mod html;
pub mod json;
pub mod openmetrics;
pub mod perfetto;
pub mod plot;
pub mod report_html;
pub mod report_text;
pub mod rows;
pub mod text;
pub mod top;
