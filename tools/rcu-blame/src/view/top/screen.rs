// SPDX-License-Identifier: GPL-2.0

//! The terminal of the live screen. It is restored at the end, also after a panic.

use crossterm::{
    cursor::Show,
    execute,
    terminal::{disable_raw_mode, enable_raw_mode, EnterAlternateScreen, LeaveAlternateScreen},
};
use ratatui::{backend::CrosstermBackend, Terminal};
use std::{
    io::{self, BufWriter, IsTerminal, Stdout},
    panic,
};
use thiserror::Error;

/// The reason for which there is no live screen. Its text says what to do.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum NoScreen {
    /// Standard input or output is a file or a pipe.
    #[error("this is no terminal: use \"rcu-blame top --batch\", or \"rcu-blame held\"")]
    NoTerminal,
    /// The terminal cannot move its cursor.
    #[error("the terminal is dumb (TERM): use \"rcu-blame top --batch\", or \"rcu-blame held\"")]
    Dumb,
}

/// The terminal, in raw mode, on its other screen.
pub struct Screen {
    /// The terminal of ratatui, which sends what has changed only.
    pub terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
}

impl Screen {
    /// Takes the terminal.
    ///
    /// # Errors
    ///
    /// [`NoScreen`], or an error of the terminal.
    pub fn take() -> anyhow::Result<Self> {
        if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
            return Err(NoScreen::NoTerminal.into());
        }
        if std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb") {
            return Err(NoScreen::Dumb.into());
        }

        let report = panic::take_hook();

        panic::set_hook(Box::new(move |info| {
            restore();
            report(info);
        }));
        enable_raw_mode()?;
        // From here on it is restored.
        let screen = Self {
            terminal: Terminal::new(CrosstermBackend::new(BufWriter::with_capacity(
                1 << 16,
                io::stdout(),
            )))?,
        };

        execute!(io::stdout(), EnterAlternateScreen)?;
        Ok(screen)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

fn restore() {
    let _ = execute!(io::stdout(), LeaveAlternateScreen, Show);
    let _ = disable_raw_mode();
}
