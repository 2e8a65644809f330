// SPDX-License-Identifier: GPL-2.0

//! `rcu-blame why`: one sentence, then the chain.

use super::options::{Common, EVERY};
use crate::{
    cli::status,
    model::{
        time::Ns,
        verdict::{self, Verdict},
    },
    source::Facts,
    view,
};
use serde::Serialize;
use std::{
    io::{self, Write},
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

/// The arguments.
#[derive(clap::Args)]
pub struct Args {
    /// Tell of the last one that was slow, not of the present
    #[arg(long)]
    last: bool,

    /// Wait for that long until something is held: 30s, 5m, ...
    #[arg(short, long, value_name = "TIME", conflicts_with = "last")]
    duration: Option<Ns>,

    /// Print JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    common: Common,
}

/// JSON of the command; `version` rises if a field changes its meaning.
#[derive(Serialize)]
struct Json<'a> {
    version: u32,
    #[serde(flatten)]
    verdict: &'a Verdict,
    /// If nothing is held, the last that was.
    last: Option<&'a Verdict>,
}

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    ///
    /// The facts cannot be read, or the output not be written.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let mut live = self.common.open()?;
        let (verdict, last) = if self.last {
            let last = last(&mut live)?;

            (last.unwrap_or_else(verdict::none_slow), None)
        } else {
            let verdict = self.present(&mut live)?;
            let last = if verdict.held { None } else { last(&mut live)? };

            (verdict, last)
        };
        let text = if self.json {
            view::json::text(&Json {
                version: 1,
                verdict: &verdict,
                last: last.as_ref(),
            })?
        } else {
            let last = last.map_or(String::new(), |last| {
                format!("The last that was slow: {}.\n", last.sentence)
            });

            view::text::verdict(&verdict) + &last
        };

        io::stdout().lock().write_all(text.as_bytes())?;
        Ok(status::FINE)
    }

    fn present(&self, facts: &mut impl Facts) -> anyhow::Result<Verdict> {
        let time = Duration::from_nanos(self.duration.map_or(0, |ns| ns.0));
        let begin = Instant::now();

        loop {
            let (_, verdict) = self.common.look(facts)?;

            if verdict.held || begin.elapsed() >= time {
                return Ok(verdict);
            }
            thread::sleep(EVERY);
        }
    }
}

fn last(facts: &mut impl Facts) -> anyhow::Result<Option<Verdict>> {
    Ok(verdict::last(&facts.waiters()?, &facts.grace_periods()?))
}
