// SPDX-License-Identifier: GPL-2.0

//! `rcu-blame metrics`: the numbers, for Prometheus.

use super::signals::Ending;
use crate::{
    cli::status,
    model::{
        metrics::{cpus, families, tasks, Cgroups, Tables},
        numbers::{Histogram, Numbers},
        time::Ns,
    },
    source::{cgroups::Paths, http, live::Live, Error, Facts, Table, HISTOGRAMS},
    view::openmetrics,
};
use anyhow::Context;
use std::{
    fs,
    io::{self, Write},
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// How often a signal is looked for.
const TICK: Duration = Duration::from_millis(100);

/// The arguments. With neither an address nor a file the metrics are printed once.
#[derive(clap::Args)]
pub struct Args {
    /// Serve http://ADDRESS/metrics
    #[arg(
        long,
        value_name = "ADDRESS",
        num_args = 0..=1,
        default_missing_value = "127.0.0.1:9437",
        group = "to"
    )]
    listen: Option<SocketAddr>,
    /// Write FILE, for the textfile collector of node_exporter
    #[arg(long, value_name = "FILE", group = "to")]
    textfile: Option<PathBuf>,
    /// Write the file again and again, each time after this
    #[arg(long, value_name = "TIME", requires = "textfile")]
    interval: Option<Ns>,
    /// The number of cgroups that have a label; all others are "other"
    #[arg(long, value_name = "N", default_value_t = 50)]
    cgroups: usize,
}

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    ///
    /// The module's tables cannot be read when the command begins, the address is in use, or the
    /// file cannot be written.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let ending = Ending::watch()?;
        let mut metrics = Metrics::new(self.cgroups);

        // An error later is a metric.
        metrics.read()?;
        match (self.listen, &self.textfile) {
            (Some(address), _) => serve(address, metrics, &ending)?,
            (None, Some(file)) => self.write_file(file, metrics, &ending)?,
            (None, None) => {
                let mut out = io::stdout().lock();

                out.write_all(metrics.text()?.as_bytes())?;
                out.flush()?;
            }
        }
        Ok(status::FINE)
    }

    fn write_file(&self, file: &Path, mut metrics: Metrics, ending: &Ending) -> anyhow::Result<()> {
        loop {
            replace(file, &openmetrics::classic(&metrics.text()?))
                .with_context(|| file.display().to_string())?;
            let Some(interval) = self.interval else {
                return Ok(());
            };
            let next = Instant::now() + Duration::from_nanos(interval.0);

            while Instant::now() < next {
                if ending.is_near() {
                    return Ok(());
                }
                thread::sleep(TICK.min(next.saturating_duration_since(Instant::now())));
            }
        }
    }
}

/// Writes a file so that a reader has the old text or the new one.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    let name = file.file_name().ok_or(io::ErrorKind::IsADirectory)?;
    // The collector reads names that end in ".prom" only.
    let mut beside = std::ffi::OsString::from(".");

    beside.push(name);
    beside.push(format!(".{}", std::process::id()));
    let beside = file.with_file_name(beside);
    let written = fs::write(&beside, text).and_then(|()| fs::rename(&beside, file));

    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

fn serve(address: SocketAddr, metrics: Metrics, ending: &Ending) -> anyhow::Result<()> {
    let listener = TcpListener::bind(address).with_context(|| address.to_string())?;
    let metrics = Mutex::new(metrics);

    http::serve(&listener, &|| ending.is_near(), &|request| {
        if request.path != "/metrics" {
            return http::Answer::not_found("The metrics are at /metrics.\n");
        }
        let text = metrics
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .text();

        match text {
            Ok(text) if request.accepts("application/openmetrics-text") => {
                http::Answer::fine(openmetrics::OPENMETRICS, text)
            }
            Ok(text) => http::Answer::fine(openmetrics::CLASSIC, openmetrics::classic(&text)),
            Err(error) => http::Answer::failed(format!("{error:#}\n")),
        }
    })
    .with_context(|| address.to_string())
}

/// The source, and the sums that last from one scrape to the next.
struct Metrics {
    cgroups: Cgroups,
    paths: Paths,
}

impl Metrics {
    fn new(max: usize) -> Self {
        Self {
            cgroups: Cgroups::new(max),
            paths: Paths::new(Path::new("/")),
        }
    }

    fn read(&mut self) -> Result<Tables, Error> {
        let mut live = Live::open(Path::new("/"))?;
        let mut text = |table: Table| {
            live.table(table)
                .map(|text| String::from_utf8_lossy(&text).into_owned())
        };
        let mut tables = Tables {
            stats: Numbers::parse(&text(Table::Stats)?)
                .ok_or_else(|| Error::OtherVersion("stats that is known".into()))?,
            cpus: cpus(&text(Table::Cpus)?),
            tasks: tasks(&text(Table::Tasks)?),
            ..Tables::default()
        };

        for name in HISTOGRAMS {
            let histogram = Histogram::parse(&text(Table::Hist(name))?)
                .ok_or_else(|| Error::OtherVersion(format!("hist/{name} that is known")))?;

            tables.histograms.insert(name.into(), histogram);
        }
        tables.held = Some(live.held()?);
        Ok(tables)
    }

    /// The metrics of now. If the module is not there, that is a metric.
    fn text(&mut self) -> anyhow::Result<String> {
        let tables = self.read().ok();

        if let Some(tables) = &tables {
            self.cgroups.add(&tables.tasks);
            self.paths.learn(self.cgroups.ids());
        }
        let families = families(tables.as_ref(), &self.cgroups, &|id| self.paths.name(id));

        Ok(openmetrics::text(families)?)
    }
}
