// SPDX-License-Identifier: GPL-2.0

//! The state of the live screen, and the keys.

use crate::{
    model::{
        held::{Gp, Held},
        verdict::Verdict,
    },
    view::rows::{rows, Row},
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::cmp::Reverse;

/// The order of the rows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sort {
    /// The longest first.
    Time,
    /// By CPU.
    Cpu,
    /// The most urgent first.
    Prio,
    /// By the task's name.
    Name,
    /// Readers, threads, CPUs.
    Kind,
}

impl Sort {
    /// The order in a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Cpu => "cpu",
            Self::Prio => "priority",
            Self::Name => "name",
            Self::Kind => "kind",
        }
    }
}

/// The part of the screen that is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Page {
    /// The table.
    Table,
    /// A row's facts, chain and stack, scrolled by that many lines.
    Row(u16),
    /// The keys.
    Help,
    /// The table, while a filter is typed.
    Typing,
}

/// The state.
pub struct App {
    /// The page.
    pub page: Page,
    /// The order.
    pub sort: Sort,
    /// The part of a row's text that is to be there.
    pub filter: String,
    /// The table stands still.
    pub is_paused: bool,
    /// The rows that are shown, in order.
    pub rows: Vec<Row>,
    /// The row that is chosen.
    pub chosen: usize,
    /// The verdict on the snapshot.
    pub verdict: Option<Verdict>,
    /// The grace periods.
    pub gps: Vec<Gp>,
    /// The source's latest error.
    pub error: Option<String>,
    all: Vec<Row>,
}

/// The consequence of a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Next {
    /// The screen may have changed.
    Draw,
    /// The program ends.
    Quit,
}

impl Default for App {
    fn default() -> Self {
        Self {
            page: Page::Table,
            sort: Sort::Time,
            filter: String::new(),
            is_paused: false,
            rows: Vec::new(),
            chosen: 0,
            verdict: None,
            gps: Vec::new(),
            error: None,
            all: Vec::new(),
        }
    }
}

impl App {
    /// Shows a new snapshot.
    pub fn update(&mut self, held: &Held, verdict: Verdict) {
        self.gps.clone_from(&held.gps);
        self.all = rows(held);
        self.verdict = Some(verdict);
        self.error = None;
        self.arrange();
    }

    /// The rows that the filter admits, in order. The task that was chosen stays chosen.
    fn arrange(&mut self) {
        let chosen = self
            .rows
            .get(self.chosen)
            .map(|row| (row.kind, row.task.pid));

        self.rows = self
            .all
            .iter()
            .filter(|row| row.has(&self.filter))
            .cloned()
            .collect();
        match self.sort {
            Sort::Time => self
                .rows
                .sort_by_key(|row| (row.is_innocent, Reverse(row.ns.unwrap_or(u64::MAX)))),
            Sort::Cpu => self.rows.sort_by_key(|row| row.cpu),
            Sort::Prio => self.rows.sort_by_key(|row| row.task.prio),
            Sort::Name => self.rows.sort_by(|a, b| a.task.comm.cmp(&b.task.comm)),
            Sort::Kind => (),
        }
        self.chosen = chosen
            .and_then(|chosen| {
                self.rows
                    .iter()
                    .position(|row| (row.kind, row.task.pid) == chosen)
            })
            .unwrap_or(self.chosen)
            .min(self.rows.len().saturating_sub(1));
    }

    /// Does what the key says.
    pub fn key(&mut self, key: KeyEvent) -> Next {
        if key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c') {
            return Next::Quit;
        }
        match self.page {
            Page::Table => return self.key_in_table(key.code),
            Page::Typing => self.key_in_filter(key.code),
            Page::Help => self.page = Page::Table,
            Page::Row(at) => match key.code {
                KeyCode::Down | KeyCode::Char('j') => self.page = Page::Row(at.saturating_add(1)),
                KeyCode::Up | KeyCode::Char('k') => self.page = Page::Row(at.saturating_sub(1)),
                KeyCode::Char(' ') => self.is_paused = !self.is_paused,
                _ => self.page = Page::Table,
            },
        }
        Next::Draw
    }

    fn key_in_table(&mut self, code: KeyCode) -> Next {
        match code {
            KeyCode::Char('q') => return Next::Quit,
            KeyCode::Esc => {
                self.filter.clear();
                self.arrange();
            }
            KeyCode::Char('?' | 'h') => self.page = Page::Help,
            KeyCode::Char(' ') => self.is_paused = !self.is_paused,
            KeyCode::Char('/') => self.page = Page::Typing,
            KeyCode::Char('t') => self.sort_by(Sort::Time),
            KeyCode::Char('c') => self.sort_by(Sort::Cpu),
            KeyCode::Char('p') => self.sort_by(Sort::Prio),
            KeyCode::Char('n') => self.sort_by(Sort::Name),
            KeyCode::Char('s') => self.sort_by(Sort::Kind),
            KeyCode::Down | KeyCode::Char('j') => {
                self.chosen = (self.chosen + 1).min(self.rows.len().saturating_sub(1));
            }
            KeyCode::Up | KeyCode::Char('k') => self.chosen = self.chosen.saturating_sub(1),
            KeyCode::Enter if !self.rows.is_empty() => self.page = Page::Row(0),
            _ => (),
        }
        Next::Draw
    }

    fn key_in_filter(&mut self, code: KeyCode) {
        match code {
            KeyCode::Enter => self.page = Page::Table,
            KeyCode::Esc => {
                self.filter.clear();
                self.page = Page::Table;
            }
            KeyCode::Backspace => {
                self.filter.pop();
            }
            KeyCode::Char(c) if self.filter.len() < 60 && !c.is_control() => self.filter.push(c),
            _ => (),
        }
        self.arrange();
    }

    fn sort_by(&mut self, sort: Sort) {
        self.sort = sort;
        self.arrange();
    }
}
