// SPDX-License-Identifier: GPL-2.0

//! The arguments of the command line, errors, and the exit status.

use crate::commands;
use clap::{CommandFactory, Parser, Subcommand};
use std::{
    io::{self, Write},
    process::ExitCode,
};

/// The exit statuses, which scripts rely on.
pub mod status {
    use std::process::ExitCode;

    /// Nothing is held, or the command has done its work.
    pub const FINE: ExitCode = ExitCode::SUCCESS;

    /// Something is held beyond the threshold.
    pub fn held() -> ExitCode {
        ExitCode::from(1)
    }

    /// An error.
    pub fn error() -> ExitCode {
        ExitCode::from(2)
    }
}

const AFTER: &str = "\
Without a command: top. All commands read the tables of rcu_blame.ko, as root.

Exit status of held: 0 if nothing is held, 1 if something is held beyond the threshold. \
Of record: that of its command. All commands: 2 for errors.";

/// Tells which task, thread or CPU delays RCU grace periods
#[derive(Parser)]
#[command(name = "rcu-blame", version, after_help = AFTER)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

/// A command: a variant here, and a module in `commands`.
#[derive(Subcommand)]
enum Command {
    /// Show the present, live (the default)
    Top(commands::top::Args),
    /// Show the present once; the exit status says whether something is held
    Held(commands::held::Args),
    /// Say in one sentence which task, thread or CPU is to blame, and show the chain
    Why(commands::why::Args),
    /// Record the module's events and tables into a file
    Record(commands::record::Args),
    /// Show a recording, as text, JSON, a page for a browser, or a trace for Perfetto
    Report(commands::report::Args),
    /// Show the numbers in the form of OpenMetrics, for Prometheus
    Metrics(commands::metrics::Args),
    /// Make manual pages and completions
    #[command(hide = true)]
    Generate(commands::generate::Args),
}

/// Runs the command.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() {
                status::error()
            } else {
                status::FINE
            };
        }
    };

    match cli.run() {
        Ok(status) => status,
        // The reader of a pipe that has seen enough is no error.
        Err(error) if is_broken_pipe(&error) => status::FINE,
        Err(error) => {
            let _ = writeln!(io::stderr(), "rcu-blame: {error:#}");
            status::error()
        }
    }
}

impl Cli {
    fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Some(Command::Top(args)) => args.run(),
            Some(Command::Held(args)) => args.run(),
            Some(Command::Why(args)) => args.run(),
            Some(Command::Record(args)) => args.run(),
            Some(Command::Report(args)) => args.run(),
            Some(Command::Metrics(args)) => args.run(),
            Some(Command::Generate(args)) => args.run(Self::command()),
            None => Self::parse_from(["rcu-blame", "top"]).run(),
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
