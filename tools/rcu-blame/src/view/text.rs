// SPDX-License-Identifier: GPL-2.0

//! Plain text, for people and pipes.

use super::rows::{rows, Row};
use crate::model::{held::Held, stack::Frame, time::Ns, verdict::Verdict};
use std::fmt::Write;

/// The present: the grace periods that are under way, and a table.
pub fn held(held: &Held) -> String {
    let mut text = String::new();

    for gp in &held.gps {
        let ns = gp.for_ns.map_or("?".into(), |ns| Ns(ns).to_string());
        let _ = writeln!(text, "{} grace period {}, for {ns}", gp.gp_type, gp.seq);
    }

    let rows = rows(held);

    if !rows.is_empty() {
        text += &table(&rows);
    }
    more(&mut text, "readers", held.readers_seen, held.readers.len());
    more(&mut text, "threads", held.threads_seen, held.threads.len());
    text
}

fn more(text: &mut String, what: &str, seen: u64, shown: usize) {
    let more = seen.saturating_sub(shown as u64);

    if shown == 64 && more > 0 {
        let _ = writeln!(text, "and {more} more {what}");
    }
}

/// The rows below their headings, each column as wide as it has to be.
pub fn table(rows: &[Row]) -> String {
    let mut cells = vec![["KIND", "TASK", "PRIO", "CPU", "FOR", "BECAUSE"].map(String::from)];

    cells.extend(rows.iter().map(|row| {
        [
            row.kind.into(),
            row.task.to_string(),
            row.task.priority().to_string(),
            row.cpu.to_string(),
            row.time(),
            row.why.clone(),
        ]
    }));

    let widths: Vec<usize> = (0..5)
        .map(|i| cells.iter().map(|row| row[i].len()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();

    for [kind, task, prio, cpu, time, why] in &cells {
        let _ = writeln!(
            text,
            "{kind:<k$}  {task:<t$}  {prio:<p$}  {cpu:>c$}  {time:>f$}  {why}",
            k = widths[0],
            t = widths[1],
            p = widths[2],
            c = widths[3],
            f = widths[4]
        );
    }
    text
}

/// The verdict: the sentence, then the chain with its stacks, then the other suspects.
pub fn verdict(verdict: &Verdict) -> String {
    let mut text = format!("{}.\n", verdict.sentence);

    for (at, link) in verdict.chain.iter().enumerate() {
        let _ = writeln!(text, "  {}{}", if at == 0 { "" } else { "<- " }, link.text);
        stack(&mut text, &link.stack);
    }
    for also in &verdict.also {
        let _ = writeln!(text, "  also: {also}");
    }
    text
}

/// The frames, one a line.
fn stack(text: &mut String, stack: &[Frame]) {
    for frame in stack {
        let _ = writeln!(text, "       {frame}");
    }
}
