// SPDX-License-Identifier: GPL-2.0

//! JSON, for programs.

use serde::Serialize;

/// The value as JSON on several lines, with a newline at its end.
///
/// # Errors
///
/// The value cannot be serialized.
pub fn text(value: &impl Serialize) -> anyhow::Result<String> {
    let mut text = serde_json::to_string_pretty(value)?;

    text.push('\n');
    Ok(text)
}
