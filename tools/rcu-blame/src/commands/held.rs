// SPDX-License-Identifier: GPL-2.0

//! `rcu-blame held`: the present, once, or watched for some time.

use super::{
    actions::{self, Action},
    options::{Common, EVERY},
    signals::Ending,
};
use crate::{
    cli::status,
    model::{held::Held, time::Ns, verdict::Verdict},
    source::{instance::Instance, Facts},
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
    /// Print JSON
    #[arg(long)]
    json: bool,

    /// Watch for that long, until something is held: 30s, 5m, ...
    #[arg(short, long, value_name = "TIME")]
    duration: Option<Ns>,

    /// Pass over that time at the beginning
    #[arg(long, value_name = "TIME", requires = "duration")]
    warm_up: Option<Ns>,

    /// Act when something is held: trace[,file=F], signal,num=N,pid=P,
    /// shell,command=C, or continue
    #[arg(long, value_name = "ACTION", requires = "duration")]
    on_threshold: Vec<Action>,

    #[command(flatten)]
    common: Common,
}

/// JSON of the command; `version` rises if a field changes its meaning.
#[derive(Serialize)]
struct Json<'a> {
    version: u32,
    threshold_ns: u64,
    held_beyond_threshold: bool,
    #[serde(flatten)]
    held: &'a Held,
}

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    ///
    /// The facts cannot be read, an action fails, or the output cannot be written.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let mut live = self.common.open()?;
        let (held, verdict) = match self.duration {
            None => self.common.look(&mut live)?,
            Some(duration) => self.watch(&mut live, Duration::from_nanos(duration.0))?,
        };
        let text = if self.json {
            view::json::text(&Json {
                version: 1,
                threshold_ns: self.common.threshold.0,
                held_beyond_threshold: verdict.held,
                held: &held,
            })?
        } else {
            format!("{}.\n{}", verdict.sentence, view::text::held(&held))
        };

        io::stdout().lock().write_all(text.as_bytes())?;
        Ok(if verdict.held {
            status::held()
        } else {
            status::FINE
        })
    }

    /// Looks until something is held; with the action `continue` to the end. A snapshot in which
    /// something is held is preferred to a later one.
    fn watch(&self, facts: &mut impl Facts, time: Duration) -> anyhow::Result<(Held, Verdict)> {
        let ending = Ending::watch()?;
        let wants_trace = self
            .on_threshold
            .iter()
            .any(|action| matches!(action, Action::Trace(_)));
        let instance = wants_trace
            .then(|| Instance::create(&self.common.root))
            .transpose()?;
        let begin = Instant::now();
        let warm = Duration::from_nanos(self.warm_up.map_or(0, |ns| ns.0));
        let mut found = None;
        let mut was_held = false;

        loop {
            let (held, verdict) = self.common.look(facts)?;
            let is_held = verdict.held && begin.elapsed() >= warm;
            let is_new = is_held && !was_held;
            let is_over = begin.elapsed() >= time || ending.is_near();

            was_held = is_held;
            if is_held || found.is_none() && is_over {
                found = Some((held, verdict));
            }
            if is_new && !actions::take(&self.on_threshold, instance.as_ref())? || is_over {
                break;
            }
            thread::sleep(EVERY);
        }
        found.ok_or_else(|| anyhow::anyhow!("nothing was seen"))
    }
}
