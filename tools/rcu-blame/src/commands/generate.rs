// SPDX-License-Identifier: GPL-2.0

//! `rcu-blame generate`: manual pages and completions, made of the arguments' own text.

use clap::{Command, ValueEnum};
use clap_complete::Shell;
use std::{
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// The form that is made.
#[derive(Clone, Copy, ValueEnum)]
enum Form {
    /// Manual pages, into a folder
    Man,
    /// A completion, to standard output
    Bash,
    /// As well
    Fish,
    /// As well
    Zsh,
}

/// The arguments.
#[derive(clap::Args)]
pub struct Args {
    form: Form,

    /// The folder of the manual pages
    #[arg(default_value = ".")]
    folder: PathBuf,
}

impl Args {
    /// Runs the command, for the program that `command` describes.
    ///
    /// # Errors
    ///
    /// A file cannot be written.
    pub fn run(self, mut command: Command) -> anyhow::Result<ExitCode> {
        let shell = match self.form {
            Form::Man => {
                fs::create_dir_all(&self.folder)?;
                command.build();
                man(&command, &self.folder)?;
                return Ok(ExitCode::SUCCESS);
            }
            Form::Bash => Shell::Bash,
            Form::Fish => Shell::Fish,
            Form::Zsh => Shell::Zsh,
        };

        clap_complete::generate(shell, &mut command, "rcu-blame", &mut io::stdout());
        Ok(ExitCode::SUCCESS)
    }
}

/// A page for the command, and one for each command below it that is not hidden.
fn man(command: &Command, folder: &Path) -> io::Result<()> {
    let name = command.get_display_name().unwrap_or(command.get_name());
    let mut page = Vec::new();

    clap_mangen::Man::new(command.clone())
        .section("8")
        .render(&mut page)?;
    fs::write(folder.join(format!("{name}.8")), page)?;
    for below in command.get_subcommands() {
        if !below.is_hide_set() && below.get_name() != "help" {
            man(below, folder)?;
        }
    }
    Ok(())
}
