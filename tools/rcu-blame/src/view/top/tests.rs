// SPDX-License-Identifier: GPL-2.0

//! The live screen at several sizes, with keys, and with names that are made to harm it.

use super::{
    app::{App, Next, Page, Sort},
    draw::draw,
};
use crate::model::{held::Held, verdict};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use insta::assert_snapshot;
use proptest::prelude::*;
use ratatui::{backend::TestBackend, Terminal};

const LOCK: &[u8] = include_bytes!("../../../tests/golden/lock/held");

fn app(table: &[u8]) -> App {
    let held = Held::parse(table).unwrap();
    let verdict = verdict::present(&held, 100_000_000);
    let mut app = App::default();

    app.update(&held, verdict);
    app
}

fn press(app: &mut App, keys: &[KeyCode]) -> Next {
    keys.iter().fold(Next::Draw, |_, key| {
        app.key(KeyEvent::new(*key, KeyModifiers::NONE))
    })
}

fn text(app: &App, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();

    terminal.draw(|frame| draw(frame, app)).unwrap();

    let buffer = terminal.backend().buffer();
    let lines: Vec<String> = (0..height)
        .map(|y| {
            (0..width)
                .map(|x| buffer[(x, y)].symbol())
                .collect::<String>()
                .trim_end()
                .to_string()
        })
        .collect();

    lines.join("\n")
}

#[test]
fn usual_size() {
    assert_snapshot!(text(&app(LOCK), 80, 24), @r"
    rcu-blame  normal 1756 for 862 ms  expedited 20 for 842 ms
    Reader cause_reader[371] has waited for 849 ms in cause_waits_for_lock for a
    lock of cause_owner[369] (real-time 1), which is off CPU 1 behind cause_hog[370]
    (real-time 50); 99 % of normal grace period 1756, under way for 862 ms.
    KIND   TASK              PRIO         CPU     FOR BECAUSE
    reader cause_owner[369]  real-time 1    1  858 ms behind cause_hog[370] (real-ti
    thread rcuc/1[31]        real-time 1    1  853 ms behind cause_hog[370] (real-ti
    reader cause_reader[371] real-time 1    0  849 ms lock of cause_owner[369] (real
    thread ksoftirqd/1[33]   nice 0         1  804 ms behind cause_hog[370] (real-ti
    thread ktimers/1[32]     real-time 1    1  754 ms behind cause_hog[370] (real-ti
    cpu    cause_hog[370]    real-time 50   1  858 ms no switch, not to blame, in ca












    q quit  ? help  6 rows by time
    ");
}

#[test]
fn small() {
    assert_snapshot!(text(&app(LOCK), 60, 15), @r"
    rcu-blame  normal 1756 for 862 ms  expedited 20 for 842 ms
    Reader cause_reader[371] has waited for 849 ms in
    cause_waits_for_lock for a lock of cause_owner[369]
    (real-time 1), which is off CPU 1 behind cause_hog[370]
    (real-time 50); 99 % of normal grace period 1756, under way
    for 862 ms.
    KIND   TASK              CPU     FOR BECAUSE
    reader cause_owner[369]    1  858 ms behind cause_hog[370] (
    thread rcuc/1[31]          1  853 ms behind cause_hog[370] (
    reader cause_reader[371]   0  849 ms lock of cause_owner[369
    thread ksoftirqd/1[33]     1  804 ms behind cause_hog[370] (
    thread ktimers/1[32]       1  754 ms behind cause_hog[370] (
    cpu    cause_hog[370]      1  858 ms no switch, not to blame

    q quit  ? help  6 rows by time
    ");
}

#[test]
fn any_size() {
    for (width, height) in [(200, 50), (20, 5), (1, 1), (3, 2), (250, 200)] {
        let mut app = app(LOCK);

        text(&app, width, height);
        press(&mut app, &[KeyCode::Enter]);
        text(&app, width, height);
    }
    let wide = text(&app(LOCK), 200, 50);

    assert!(wide.contains("behind cause_hog[370] (real-time 50), in cause_owns_lock"));
}

#[test]
fn order() {
    let mut app = app(LOCK);
    let first = |app: &App| app.rows[0].task.to_string();

    assert_eq!(first(&app), "cause_owner[369]");
    press(&mut app, &[KeyCode::Char('c')]);
    assert_eq!((app.sort, app.rows[0].cpu), (Sort::Cpu, 0));
    press(&mut app, &[KeyCode::Char('p')]);
    assert_eq!(first(&app), "cause_hog[370]");
    press(&mut app, &[KeyCode::Char('n')]);
    assert_eq!(first(&app), "cause_hog[370]");
    press(&mut app, &[KeyCode::Char('s')]);
    assert_eq!(first(&app), "cause_owner[369]");
}

#[test]
fn filter() {
    let mut app = app(LOCK);

    press(
        &mut app,
        &[KeyCode::Char('/'), KeyCode::Char('r'), KeyCode::Char('c')],
    );
    press(&mut app, &[KeyCode::Char('u'), KeyCode::Char('c')]);
    assert_eq!(app.page, Page::Typing);
    assert_eq!(app.rows.len(), 1);
    assert!(text(&app, 80, 24).contains("filter: rcuc_"));
    press(&mut app, &[KeyCode::Enter]);
    assert_eq!((app.page, app.rows.len()), (Page::Table, 1));
    press(&mut app, &[KeyCode::Char('/'), KeyCode::Esc]);
    assert!(app.rows.len() > 1);
}

#[test]
fn details() {
    let mut app = app(LOCK);

    press(
        &mut app,
        &[KeyCode::Char('s'), KeyCode::Down, KeyCode::Enter],
    );
    let shown = text(&app, 80, 24);

    assert!(shown.contains("reader cause_reader[371] (real-time 1), CPU 0, for"));
    assert!(shown.contains("<- lock of cause_owner[369] (real-time 1), off CPU 1"));
    assert!(shown.contains("cause_waits_for_lock+0x52"));
    press(&mut app, &[KeyCode::Esc]);
    assert_eq!(app.page, Page::Table);
}

#[test]
fn other_keys() {
    let mut app = app(LOCK);

    press(&mut app, &[KeyCode::Char('?')]);
    assert!(text(&app, 80, 24).contains("pause, go on"));
    press(&mut app, &[KeyCode::Char('x'), KeyCode::Char(' ')]);
    assert!(text(&app, 80, 24).contains("PAUSED"));
    assert_eq!(press(&mut app, &[KeyCode::Char('q')]), Next::Quit);
    let ctrl_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);

    assert_eq!(app.key(ctrl_c), Next::Quit);
}

#[test]
fn nothing() {
    let app = app(b"held ns=1 tasks=1 readers=0 threads=0\n");

    assert!(text(&app, 80, 24).contains("Nothing is held"));
}

#[test]
fn names_that_harm() {
    let table = String::from_utf8(LOCK.to_vec()).unwrap();
    let table = table.replace("cause_reader", "\x1b]0;x\x07\u{9b}2J");
    let mut app = app(table.as_bytes());
    let shown = text(&app, 200, 50);

    assert!(shown.contains(r"\033]0;x\007\302\2332J[371]"));
    press(&mut app, &[KeyCode::Down, KeyCode::Enter]);
    assert!(!text(&app, 200, 50).contains(|c: char| c.is_control() && c != '\n'));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    #[test]
    fn any_keys(keys in proptest::collection::vec(any::<char>(), 0..30), width in 1u16..120,
                height in 1u16..40) {
        let mut app = app(LOCK);

        for key in keys {
            let code = match key as u32 % 7 {
                0 => KeyCode::Enter,
                1 => KeyCode::Down,
                2 => KeyCode::Up,
                3 => KeyCode::Backspace,
                _ => KeyCode::Char(key),
            };

            press(&mut app, &[code]);
            text(&app, width, height);
        }
    }
}
