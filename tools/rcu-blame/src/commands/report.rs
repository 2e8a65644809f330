// SPDX-License-Identifier: GPL-2.0

//! `rcu-blame report`: what a recording shows.

use crate::{
    cli::status,
    model::{comparison::Comparison, report::Report},
    source::recording::Recording,
    view,
};
use anyhow::Context;
use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

/// The arguments.
#[derive(clap::Args)]
pub struct Args {
    /// The recording
    #[arg(value_name = "FILE", required_unless_present = "compare")]
    file: Option<PathBuf>,
    /// Print JSON, of the form of tools/rcu-blame/report.schema.json
    #[arg(long, group = "form")]
    json: bool,
    /// Print a page for a browser, which needs no other file
    #[arg(long, group = "form")]
    html: bool,
    /// Write a trace for Perfetto (ui.perfetto.dev) to TRACE
    #[arg(long, value_name = "TRACE", conflicts_with = "compare")]
    perfetto: Option<PathBuf>,
    /// Compare two recordings
    #[arg(long, num_args = 2, value_names = ["A", "B"], conflicts_with_all = ["file", "html"])]
    compare: Option<Vec<PathBuf>>,
    /// Write to OUTPUT, and not to standard output
    #[arg(short, long, value_name = "OUTPUT")]
    output: Option<PathBuf>,
}

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    ///
    /// A file is no recording, or the output cannot be written.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        if let Some([a, b]) = self.compare.as_deref() {
            let comparison = Comparison::new(&report(a)?, &report(b)?);

            self.write(if self.json {
                view::json::text(&comparison)?
            } else {
                view::comparison_text::text(&comparison)?
            })?;
            return Ok(status::FINE);
        }

        let report = report(self.file.as_deref().unwrap_or(Path::new("-")))?;

        if let Some(path) = &self.perfetto {
            let trace =
                view::perfetto::trace(&report.timeline, &report.slow_waits, &report.recording);

            fs::write(path, trace.bytes()).with_context(|| path.display().to_string())?;
            self.write(format!(
                "{}: {} slices, of which {} are cut by the end of the recording, {} instants\n",
                path.display(),
                trace.slices,
                trace.cut,
                trace.instants
            ))?;
            return Ok(status::FINE);
        }
        self.write(if self.json {
            view::json::text(&report)?
        } else if self.html {
            view::report_html::page(&report)
        } else {
            view::report_text::text(&report)?
        })?;
        Ok(status::FINE)
    }

    fn write(&self, text: String) -> anyhow::Result<()> {
        match &self.output {
            Some(path) => {
                fs::write(path, text).with_context(|| path.display().to_string())?;
            }
            None => {
                let mut out = io::stdout().lock();

                out.write_all(text.as_bytes())?;
                out.flush()?;
            }
        }
        Ok(())
    }
}

/// The report of a file.
fn report(path: &Path) -> anyhow::Result<Report> {
    let recording = Recording::open(path).with_context(|| path.display().to_string())?;

    Ok(Report::new(recording.facts()))
}
