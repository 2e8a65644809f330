// SPDX-License-Identifier: GPL-2.0

//! `rcu-blame held`: the present, once.

use crate::{
    cli::status,
    source::{live::Live, Facts},
    view,
};
use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

/// The arguments.
#[derive(clap::Args)]
pub struct Args {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    ///
    /// The facts cannot be read, or not be written.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let held = Live::open(Path::new("/"))?.held()?;
        let text = if self.json {
            view::json::text(&held)?
        } else {
            String::new()
        };

        io::stdout().lock().write_all(text.as_bytes())?;
        Ok(status::FINE)
    }
}
