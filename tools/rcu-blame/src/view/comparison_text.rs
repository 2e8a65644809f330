// SPDX-License-Identifier: GPL-2.0

//! The difference between two reports, as text.

use super::report_text::{bounded, title};
use crate::model::{
    comparison::{Comparison, Pair},
    distribution::Above,
    time::Ns,
};
use std::fmt::{self, Write};

/// How many readers are shown.
const SHOWN: usize = 10;

/// The difference.
///
/// # Errors
///
/// None, but for those of `fmt`.
pub fn text(comparison: &Comparison) -> Result<String, fmt::Error> {
    let mut out = String::new();

    for (name, (about, caveats)) in ["A", "B"]
        .iter()
        .zip(comparison.recordings.iter().zip(&comparison.caveats))
    {
        writeln!(
            out,
            "{name}: {} of {} CPUs, kernel {} ({})",
            Ns(about.end_ns.saturating_sub(about.begin_ns)),
            about.cpus,
            about.kernel,
            about.machine
        )?;
        for caveat in caveats {
            writeln!(out, "Note on {name}: {caveat}")?;
        }
    }
    writeln!(
        out,
        "\n{:<28} {:>7} {:>10} {:>10} {:>8}",
        "TIMES (<: at most)", "", "A", "B", "B / A"
    )?;
    for pair in &comparison.pairs {
        write_pair(&mut out, pair)?;
    }
    tails(&mut out, comparison)?;
    if !comparison.readers.is_empty() {
        writeln!(
            out,
            "\n{:<28} {:>10} {:>10} {:>8}",
            "READERS, LONGEST OFF CPU", "A", "B", "B / A"
        )?;
    }
    for reader in comparison.readers.iter().take(SHOWN) {
        writeln!(
            out,
            "{:<28} {:>10} {:>10} {:>8}",
            reader.comm,
            Ns(reader.max_ns[0]),
            Ns(reader.max_ns[1]),
            ratio(reader.max_ns)
        )?;
    }
    Ok(out)
}

/// The second value by the first.
fn ratio([a, b]: [u64; 2]) -> String {
    if a == 0 {
        "-".into()
    } else {
        format!("{:.2}", b as f64 / a as f64)
    }
}

fn write_pair(out: &mut String, pair: &Pair) -> fmt::Result {
    if pair.count == [0, 0] {
        return Ok(());
    }
    writeln!(
        out,
        "{:<28} {:>7} {:>10} {:>10} {:>8}",
        title(pair.name),
        "count",
        pair.count[0],
        pair.count[1],
        ratio(pair.count)
    )?;
    for [a, b] in &pair.percentiles {
        writeln!(
            out,
            "{:<28} {:>7} {:>10} {:>10} {:>8}",
            "",
            format!("{}%", a.percent),
            bounded(a.ns, a.exact),
            bounded(b.ns, b.exact),
            ratio([a.ns, b.ns])
        )?;
    }
    writeln!(
        out,
        "{:<28} {:>7} {:>10} {:>10} {:>8}",
        "",
        "max",
        bounded(pair.max_ns[0], pair.max_is_exact[0]),
        bounded(pair.max_ns[1], pair.max_is_exact[1]),
        ratio(pair.max_ns)
    )
}

fn tails(out: &mut String, comparison: &Comparison) -> fmt::Result {
    let names = |above: &[Above]| {
        above
            .iter()
            .map(|above| format!("{} ({})", above.name, Ns(above.max_ns)))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let mut heading = "\nFROM THE 99TH PERCENTILE ON, IN ONE OF THEM ONLY\n";

    for pair in &comparison.pairs {
        for (side, above) in [("A", &pair.only_in_a), ("B", &pair.only_in_b)] {
            if !above.is_empty() {
                writeln!(
                    out,
                    "{heading}{side}, {}: {}",
                    title(pair.name),
                    names(above)
                )?;
                heading = "";
            }
        }
    }
    Ok(())
}
