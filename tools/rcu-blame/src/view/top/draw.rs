// SPDX-License-Identifier: GPL-2.0

//! The live screen, drawn. It takes no colour: bold and reverse say all.

use super::app::{App, Page};
use crate::{model::time::Ns, view::rows::Row};
use ratatui::{
    layout::{Constraint, Layout, Rect},
    style::{Modifier, Style},
    text::{Line, Text},
    widgets::{Paragraph, Row as TableRow, Table, TableState, Wrap},
    Frame,
};

const BOLD: Style = Style::new().add_modifier(Modifier::BOLD);
const REVERSE: Style = Style::new().add_modifier(Modifier::REVERSED);

const HELP: &str = "\
q        quit
?        this text
space    pause, go on
t c p n  sort by time, CPU, priority, name
s        sort as the kernel does: readers, threads, CPUs
/        filter: rows that have this text; Esc for none
up down  choose a row (k, j)
Enter    facts, chain and stack of that row

reader   a task off its CPU in an RCU section
thread   a thread of RCU's that could run
cpu      a CPU that has not switched for 10 ms";

/// Draws the state.
pub fn draw(frame: &mut Frame<'_>, app: &App) {
    let area = frame.area();
    // The verdict has as many lines as it needs, up to a third of the screen.
    let verdict = verdict(app);
    let lines = wrapped(&verdict, area.width).min((area.height / 3).max(1));
    let [head, said, middle, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(lines),
        Constraint::Min(1),
        Constraint::Length(1),
    ])
    .areas(area);

    frame.render_widget(Paragraph::new(title(app)).style(REVERSE), head);
    frame.render_widget(
        Paragraph::new(verdict)
            .style(BOLD)
            .wrap(Wrap { trim: true }),
        said,
    );
    match app.page {
        Page::Help => frame.render_widget(Paragraph::new(HELP), middle),
        Page::Row(at) => row(frame, app, at, middle),
        Page::Table | Page::Typing => table(frame, app, middle),
    }
    frame.render_widget(Paragraph::new(footer(app)).style(REVERSE), foot);
}

/// How many lines the text takes, and one more if words do not fit well.
fn wrapped(text: &str, width: u16) -> u16 {
    let width = usize::from(width.max(1));
    let (mut lines, mut at) = (1, 0);

    for word in text.split(' ') {
        let len = word.len().min(width);

        if at != 0 && at + 1 + len > width {
            lines += 1;
            at = len;
        } else {
            at += len + usize::from(at != 0);
        }
    }
    lines
}

fn verdict(app: &App) -> String {
    match (&app.error, &app.verdict) {
        (Some(error), _) => error.clone(),
        (None, Some(verdict)) => format!("{}.", verdict.sentence),
        (None, None) => "...".into(),
    }
}

fn title(app: &App) -> String {
    let mut text = "rcu-blame".to_string();

    for gp in &app.gps {
        let ns = gp.for_ns.map_or("?".into(), |ns| Ns(ns).to_string());

        text += &format!("  {} {} for {ns}", gp.gp_type, gp.seq);
    }
    if app.is_paused {
        text += "  PAUSED";
    }
    text
}

fn footer(app: &App) -> String {
    match app.page {
        Page::Typing => format!("filter: {}_", app.filter),
        Page::Row(_) => "up down: scroll  other keys: back".into(),
        Page::Help => "any key: back".into(),
        Page::Table => {
            let filter = if app.filter.is_empty() {
                String::new()
            } else {
                format!("  filter: {}", app.filter)
            };

            format!(
                "q quit  ? help  {} rows by {}{filter}",
                app.rows.len(),
                app.sort.word()
            )
        }
    }
}

fn table(frame: &mut Frame<'_>, app: &App, area: Rect) {
    // A narrow screen leaves out what the reason has as well.
    let is_wide = area.width >= 76;
    let cells = |row: &Row| {
        let mut cells = vec![row.kind.to_string(), row.task.to_string()];

        if is_wide {
            cells.push(row.task.priority().to_string());
        }
        cells.extend([
            format!("{:>3}", row.cpu),
            format!("{:>7}", row.time()),
            row.why.clone(),
        ]);
        TableRow::new(cells)
    };
    let mut heads = vec!["KIND", "TASK"];
    let longest = app.rows.iter().map(|row| row.task.to_string().len()).max();
    let mut widths = vec![
        Constraint::Length(6),
        Constraint::Length(longest.unwrap_or(0).clamp(4, 24) as u16),
    ];

    if is_wide {
        heads.push("PRIO");
        widths.push(Constraint::Length(12));
    }
    heads.extend(["CPU", "    FOR", "BECAUSE"]);
    widths.extend([
        Constraint::Length(3),
        Constraint::Length(7),
        Constraint::Fill(1),
    ]);

    let widget = Table::new(app.rows.iter().map(cells), widths)
        .header(TableRow::new(heads).style(BOLD))
        .highlight_style(REVERSE);
    let mut state = TableState::default();

    if !app.rows.is_empty() {
        state.select(Some(app.chosen));
    }
    frame.render_stateful_widget(widget, area, &mut state);
}

fn row(frame: &mut Frame<'_>, app: &App, at: u16, area: Rect) {
    let Some(row) = app.rows.get(app.chosen) else {
        frame.render_widget(Paragraph::new("It is back, or gone."), area);
        return;
    };
    let mut lines = vec![
        Line::styled(
            format!(
                "{} {} ({}), CPU {}, for {}",
                row.kind,
                row.task,
                row.task.priority(),
                row.cpu,
                row.time()
            ),
            BOLD,
        ),
        Line::raw(format!("<- {}", row.why)),
    ];

    lines.extend(row.facts.iter().map(|fact| Line::raw(format!("   {fact}"))));
    if !row.stack.is_empty() {
        lines.push(Line::styled("stack", BOLD));
        lines.extend(
            row.stack
                .iter()
                .map(|frame| Line::raw(format!("   {frame}"))),
        );
    }

    let most = (lines.len() as u16).saturating_sub(area.height);

    frame.render_widget(
        Paragraph::new(Text::from(lines))
            .wrap(Wrap { trim: false })
            .scroll((at.min(most), 0)),
        area,
    );
}
