// SPDX-License-Identifier: GPL-2.0

//! `rcu-blame top`: the present, live.

use super::{options::Common, signals::Ending};
use crate::{
    cli::status,
    model::held::Held,
    model::{
        time::Ns,
        verdict::{self, Verdict},
    },
    source::Facts,
    view::{
        self,
        top::{
            app::{App, Next},
            draw::draw,
            screen::Screen,
        },
    },
};
use crossterm::event::{poll, read, Event, KeyEventKind};
use std::{
    io::{self, Write},
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

/// The time within which a signal is noticed.
const PATIENCE: Duration = Duration::from_millis(250);

/// The arguments.
#[derive(clap::Args)]
pub struct Args {
    /// Look that often
    #[arg(short, long, value_name = "TIME", default_value = "1s")]
    delay: Ns,

    /// End after that many looks
    #[arg(short = 'n', long, value_name = "N")]
    iterations: Option<u64>,

    /// End after that time: 30s, 5m, ...
    #[arg(long, value_name = "TIME")]
    duration: Option<Ns>,

    /// Print text, and take no keys
    #[arg(short, long)]
    batch: bool,

    #[command(flatten)]
    common: Common,
}

/// The looks, and when the next one is due.
struct Looks {
    begin: Instant,
    next: Instant,
    left: Option<u64>,
}

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    ///
    /// There is no terminal, or the facts cannot be read.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let mut live = self.common.open()?;
        let ending = Ending::watch()?;
        let now = Instant::now();
        let looks = Looks {
            begin: now,
            next: now,
            left: self.iterations,
        };

        if self.batch {
            self.print(&mut live, &ending, looks)?;
        } else {
            self.show(&mut live, &ending, looks)?;
        }
        Ok(status::FINE)
    }

    fn look(&self, facts: &mut impl Facts) -> anyhow::Result<(Held, Verdict)> {
        let held = self.common.part(facts.held_for_certain()?);
        let verdict = verdict::present(&held, self.common.threshold.0);

        Ok((held, verdict))
    }

    /// Whether it has come to its end; if not, takes note of a look.
    fn is_over(&self, looks: &mut Looks, ending: &Ending) -> bool {
        let is_late = self
            .duration
            .is_some_and(|ns| looks.begin.elapsed() >= Duration::from_nanos(ns.0));

        if is_late || ending.is_near() || looks.left == Some(0) {
            return true;
        }
        looks.left = looks.left.map(|left| left - 1);
        // The shortest time is that of a look itself.
        looks.next = Instant::now() + Duration::from_nanos(self.delay.0.max(50_000_000));
        false
    }

    fn print(
        &self,
        facts: &mut impl Facts,
        ending: &Ending,
        mut looks: Looks,
    ) -> anyhow::Result<()> {
        while !self.is_over(&mut looks, ending) {
            let (held, verdict) = self.look(facts)?;
            let mut out = io::stdout().lock();

            write!(out, "{}.\n{}\n", verdict.sentence, view::text::held(&held))?;
            out.flush()?;
            drop(out);
            while looks.left != Some(0) && Instant::now() < looks.next && !ending.is_near() {
                thread::sleep(PATIENCE.min(looks.next.saturating_duration_since(Instant::now())));
            }
        }
        Ok(())
    }

    fn show(
        &self,
        facts: &mut impl Facts,
        ending: &Ending,
        mut looks: Looks,
    ) -> anyhow::Result<()> {
        let mut screen = Screen::take()?;
        let mut app = App::default();

        loop {
            if Instant::now() >= looks.next {
                if self.is_over(&mut looks, ending) {
                    return Ok(());
                }
                if !app.is_paused {
                    match self.look(facts) {
                        Ok((held, verdict)) => app.update(&held, verdict),
                        Err(error) => app.error = Some(format!("{error:#}")),
                    }
                    screen.terminal.draw(|frame| draw(frame, &app))?;
                }
            }
            if ending.is_near() {
                return Ok(());
            }

            let wait = looks.next.saturating_duration_since(Instant::now());

            if poll(wait.min(PATIENCE))? {
                match read()? {
                    Event::Key(key) if key.kind == KeyEventKind::Press => {
                        if app.key(key) == Next::Quit {
                            return Ok(());
                        }
                    }
                    Event::Resize(..) => screen.terminal.autoresize()?,
                    _ => continue,
                }
                screen.terminal.draw(|frame| draw(frame, &app))?;
            }
        }
    }
}
