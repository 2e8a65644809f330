// SPDX-License-Identifier: GPL-2.0

//! The report as a page for a browser: one file, without scripts, that asks for no other.

use super::{
    html::{Attributes, Html},
    plot,
    report_text::{bounded, heading, percentile, title},
};
use crate::model::{
    distribution::{Distribution, PERCENTS},
    report::{Report, Slow},
    time::Ns,
    verdict,
    waiters::Wait,
};

/// How many readers, waits and slow grace periods are shown.
const SHOWN: usize = 50;

/// The head. The policy has the browser refuse all that is not in the page.
const HEAD: &str = concat!(
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
    "<meta http-equiv=\"Content-Security-Policy\" ",
    "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n",
    "<meta name=\"viewport\" content=\"width=device-width\">\n",
    "<meta name=\"color-scheme\" content=\"light dark\">\n",
    "<link rel=\"icon\" href=\"data:,\">\n",
    "<title>RCU grace periods</title>\n<style>\n",
    include_str!("report.css"),
    "</style>\n</head>\n<body>\n"
);

/// The page.
pub fn page(report: &Report) -> String {
    let mut html = Html::default();

    html.raw(HEAD)
        .line("h1", "RCU grace periods, and what delays them")
        .line("p", heading(report));
    if !report.caveats.is_empty() {
        html.element("ul", &[("class", &"notes")], |html| {
            for caveat in &report.caveats {
                html.line("li", caveat);
            }
        });
    }
    html.line("h2", "Times");
    times(&mut html, report);
    html.line("h2", "Time line");
    plot::timeline(&mut html, report);
    html.line("h2", "Histograms");
    html.element("div", &[("class", &"plots")], |html| {
        for d in report.distributions.iter().filter(|d| d.count > 0) {
            plot::histogram(html, d);
        }
    });
    slow(&mut html, report);
    waits(&mut html, report);
    readers(&mut html, report);
    html.raw("</body>\n</html>\n");
    html.finish()
}

/// A table with these headings, and the rows that `rows` adds.
fn table(html: &mut Html, headings: &[&str], rows: impl FnOnce(&mut Html)) {
    html.element("div", &[("class", &"scroll")], |html| {
        html.element("table", &[], |html| {
            html.element("tr", &[], |html| {
                for heading in headings {
                    html.line("th", heading);
                }
            });
            rows(html);
        });
    });
}

fn row(html: &mut Html, cells: &[String]) {
    html.element("tr", &[], |html| {
        for cell in cells {
            html.line("td", cell);
        }
    });
}

fn times(html: &mut Html, report: &Report) {
    let percents = PERCENTS.map(|percent| format!("{percent}%"));
    let mut headings = vec!["", "count"];

    headings.extend(percents.iter().map(String::as_str));
    headings.extend(["max", "from the 99th percentile on"]);
    table(html, &headings, |html| {
        for d in report.distributions.iter().filter(|d| d.count > 0) {
            let mut cells = vec![title(d.name).to_string(), d.count.to_string()];

            cells.extend(d.percentiles.iter().map(percentile));
            cells.push(bounded(d.max_ns, d.max_is_exact));
            cells.push(names(d));
            row(html, &cells);
        }
    });
    html.line(
        "p",
        "A time with < is an upper bound, from a histogram by powers of two.",
    );
}

fn names(d: &Distribution) -> String {
    d.above
        .iter()
        .map(|above| format!("{} ({}x, {})", above.name, above.count, Ns(above.max_ns)))
        .collect::<Vec<_>>()
        .join(", ")
}

fn slow(html: &mut Html, report: &Report) {
    let n = report.slow_grace_periods.len();

    html.line("h2", format!("Slow grace periods: {n}, the longest first"));
    for (at, slow) in report.slow_grace_periods.iter().take(SHOWN).enumerate() {
        let open: Attributes<'_> = if at == 0 { &[("open", &"")] } else { &[] };

        html.element("details", open, |html| {
            one_slow(html, report, slow);
        });
    }
    more(html, n);
}

fn one_slow(html: &mut Html, report: &Report, slow: &Slow) {
    let from = Ns(slow.gp.begin_ns.saturating_sub(report.recording.begin_ns));

    html.line("summary", &slow.verdict.sentence);
    html.line("p", format!("It began {from} after the recording did."));
    html.element("ul", &[], |html| {
        for link in &slow.verdict.chain {
            html.line("li", &link.text);
            if !link.stack.is_empty() {
                html.element("pre", &[], |html| {
                    for frame in &link.stack {
                        html.text(format!("{frame}\n"));
                    }
                });
            }
        }
        for also in &slow.verdict.also {
            html.line("li", format!("also: {also}"));
        }
    });
    plot::causes(html, &slow.gp);
}

fn waits(html: &mut Html, report: &Report) {
    let n = report.slow_waits.len();

    if n == 0 {
        return;
    }
    html.line("h2", format!("Slow waits: {n}, the longest first"));
    table(
        html,
        &["function", "task", "waited", "grace period", "called by"],
        |html| {
            for wait in report.slow_waits.iter().take(SHOWN) {
                row(
                    html,
                    &[
                        format!("{}()", wait.function),
                        wait.task.to_string(),
                        Ns(wait.duration_ns).to_string(),
                        grace_period(wait),
                        wait.stack
                            .first()
                            .map_or(String::new(), ToString::to_string),
                    ],
                );
            }
        },
    );
    more(html, n);
}

/// The grace period for which a task waited, or the thread that kept it from beginning.
fn grace_period(wait: &Wait) -> String {
    let not_begun = verdict::not_begun(wait)
        .and_then(|verdict| Some(format!("none: {}", verdict.chain.get(1)?.text)));
    let gp = wait.gp.map(|(gp_type, seq)| format!("{gp_type} {seq}"));

    not_begun.or(gp).unwrap_or_default()
}

fn readers(html: &mut Html, report: &Report) {
    let n = report.readers.len();

    html.line(
        "h2",
        format!("Readers off their CPU: {n} tasks, the longest absence first"),
    );
    table(
        html,
        &["task", "absences", "longest", "total", "boosts"],
        |html| {
            for reader in report.readers.iter().take(SHOWN) {
                row(
                    html,
                    &[
                        reader.name.clone(),
                        reader.absences.to_string(),
                        Ns(reader.max_ns).to_string(),
                        Ns(reader.total_ns).to_string(),
                        reader.boosts.to_string(),
                    ],
                );
            }
        },
    );
    more(html, n);
}

fn more(html: &mut Html, n: usize) {
    if n > SHOWN {
        html.line("p", format!("{} more are not shown.", n - SHOWN));
    }
}
