// SPDX-License-Identifier: GPL-2.0

//! The report as text.

use crate::model::{
    distribution::{Distribution, Percentile},
    report::Report,
    time::Ns,
    verdict,
};
use std::fmt::{self, Write};

/// How many readers, slow grace periods and waits are shown.
const SHOWN: usize = 10;

/// How many other suspects of each.
const ALSO: usize = 2;

/// The name of a distribution in words.
pub fn title(name: &str) -> &str {
    match name {
        "gp_normal" => "normal grace periods",
        "gp_expedited" => "expedited grace periods",
        "synchronize_rcu" => "synchronize_rcu()",
        "synchronize_rcu_expedited" => "synchronize_rcu_expedited()",
        "rcu_barrier" => "rcu_barrier()",
        "reader_off" => "readers off their CPU",
        "boost_delay" => "from switch-out to boost",
        "boosted" => "boosts",
        name => name,
    }
}

/// A percentile in a few characters; one that is an upper bound with `<`.
pub fn percentile(p: &Percentile) -> String {
    bounded(p.ns, p.exact)
}

/// A time, with `<` if it is an upper bound.
pub fn bounded(ns: u64, exact: bool) -> String {
    format!("{}{}", if exact { "" } else { "<" }, Ns(ns))
}

/// The report.
///
/// # Errors
///
/// None, but for those of `fmt`.
pub fn text(report: &Report) -> Result<String, fmt::Error> {
    let mut out = String::new();

    about(&mut out, report)?;
    percentiles(&mut out, &report.distributions)?;
    tails(&mut out, &report.distributions)?;
    readers(&mut out, report)?;
    slow(&mut out, report)?;
    waits(&mut out, report)?;
    Ok(out)
}

/// The heading of a recording: what was recorded, where, for how long.
pub fn heading(report: &Report) -> String {
    let about = &report.recording;
    let events: u64 = report.events.values().sum();

    format!(
        "{} of {} CPUs, kernel {} ({}), {events} events{}",
        Ns(about.end_ns.saturating_sub(about.begin_ns)),
        about.cpus,
        about.kernel,
        about.machine,
        if about.command.is_empty() {
            String::new()
        } else {
            format!(", command: {}", about.command.join(" "))
        }
    )
}

fn about(out: &mut String, report: &Report) -> fmt::Result {
    writeln!(out, "{}", heading(report))?;
    for caveat in &report.caveats {
        writeln!(out, "Note: {caveat}")?;
    }
    Ok(())
}

fn percentiles(out: &mut String, distributions: &[Distribution]) -> fmt::Result {
    writeln!(
        out,
        "\n{:<28} {:>7} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "TIMES (<: at most)", "COUNT", "50%", "90%", "99%", "99.9%", "MAX"
    )?;
    for d in distributions {
        write!(out, "{:<28} {:>7}", title(d.name), d.count)?;
        for p in &d.percentiles {
            write!(out, " {:>9}", percentile(p))?;
        }
        if d.count > 0 {
            write!(out, " {:>9}", bounded(d.max_ns, d.max_is_exact))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn tails(out: &mut String, distributions: &[Distribution]) -> fmt::Result {
    let mut with_names = distributions
        .iter()
        .filter(|d| !d.above.is_empty())
        .peekable();

    if with_names.peek().is_some() {
        writeln!(out, "\nFROM THE 99TH PERCENTILE ON")?;
    }
    for d in with_names {
        let names: Vec<_> = d
            .above
            .iter()
            .map(|above| format!("{} ({}x, {})", above.name, above.count, Ns(above.max_ns)))
            .collect();

        writeln!(out, "{}: {}", title(d.name), names.join(", "))?;
    }
    Ok(())
}

fn readers(out: &mut String, report: &Report) -> fmt::Result {
    if report.readers.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "\n{:<28} {:>7} {:>9} {:>9} {:>7}",
        "READERS OFF THEIR CPU", "COUNT", "MAX", "TOTAL", "BOOSTS"
    )?;
    for reader in report.readers.iter().take(SHOWN) {
        writeln!(
            out,
            "{:<28} {:>7} {:>9} {:>9} {:>7}",
            reader.name,
            reader.absences,
            Ns(reader.max_ns),
            Ns(reader.total_ns),
            reader.boosts
        )?;
    }
    more(out, report.readers.len(), "readers")
}

fn slow(out: &mut String, report: &Report) -> fmt::Result {
    if !report.slow_grace_periods.is_empty() {
        writeln!(out, "\nSLOW GRACE PERIODS, THE LONGEST FIRST")?;
    }
    for slow in report.slow_grace_periods.iter().take(SHOWN) {
        let from = Ns(slow.gp.begin_ns.saturating_sub(report.recording.begin_ns));

        writeln!(out, "{from} after the beginning: {}", slow.verdict.sentence)?;
        for (at, link) in slow.verdict.chain.iter().enumerate() {
            writeln!(out, "  {}{}", if at == 0 { "" } else { "<- " }, link.text)?;
        }
        for also in slow.verdict.also.iter().take(ALSO) {
            writeln!(out, "  also: {also}")?;
        }
    }
    more(out, report.slow_grace_periods.len(), "slow grace periods")
}

fn waits(out: &mut String, report: &Report) -> fmt::Result {
    if !report.slow_waits.is_empty() {
        writeln!(out, "\nSLOW WAITS, THE LONGEST FIRST")?;
    }
    for wait in report.slow_waits.iter().take(SHOWN) {
        match verdict::not_begun(wait) {
            Some(verdict) => write!(out, "{}", verdict.sentence)?,
            None => write!(
                out,
                "{}() of {} waited {}",
                wait.function,
                wait.task,
                Ns(wait.duration_ns)
            )?,
        }
        if let Some((gp_type, seq)) = wait.gp {
            write!(out, ", {gp_type} grace period {seq}")?;
        }
        if let Some(frame) = wait.stack.first() {
            write!(out, ", called by {frame}")?;
        }
        writeln!(out)?;
    }
    more(out, report.slow_waits.len(), "slow waits")
}

fn more(out: &mut String, n: usize, names: &str) -> fmt::Result {
    if n > SHOWN {
        writeln!(out, "... {} more {names}", n - SHOWN)?;
    }
    Ok(())
}
