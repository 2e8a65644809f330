// SPDX-License-Identifier: GPL-2.0

//! The plots of the page, as SVG.

use super::{html::Html, report_text::title};
use crate::model::{
    distribution::Distribution,
    grace_periods::{Kind, SlowGp},
    held::GpType,
    numbers::exponent,
    report::{cause_name, Report},
    time::Ns,
};
use std::fmt::Display;

/// The width of the plots that are as wide as the page.
const WIDTH: f64 = 1200.0;

/// The room for names at their left.
const LEFT: f64 = 170.0;

/// The height of a lane.
const LANE: f64 = 22.0;

/// The readers that have a lane of their own.
const READERS: usize = 12;

/// The slices of a lane, the longest ones.
const SLICES: usize = 400;

/// A slice that is shorter than this, in units of the plot, is not seen.
const SEEN: f64 = 0.05;

/// A slice of a lane.
struct Slice {
    begin_ns: u64,
    end_ns: u64,
    class: &'static str,
    label: String,
}

/// A lane, and its slices.
struct Lane {
    name: String,
    slices: Vec<Slice>,
}

/// The scale from times to the plot.
#[derive(Clone, Copy)]
struct Scale {
    begin_ns: u64,
    ns: u64,
}

impl Scale {
    fn x(self, ns: u64) -> f64 {
        let part = ns.saturating_sub(self.begin_ns).min(self.ns) as f64 / self.ns.max(1) as f64;

        LEFT + part * (WIDTH - LEFT - 25.0)
    }
}

fn svg(html: &mut Html, width: f64, height: f64, content: impl FnOnce(&mut Html)) {
    html.element(
        "svg",
        &[
            ("viewBox", &format!("0 0 {width} {height}")),
            ("role", &"img"),
        ],
        content,
    )
    .raw("\n");
}

fn label(html: &mut Html, at: (f64, f64), anchor: &'static str, text: impl Display) {
    html.element(
        "text",
        &[
            ("x", &format!("{:.1}", at.0)),
            ("y", &format!("{:.1}", at.1)),
            ("text-anchor", &anchor),
        ],
        |html| {
            html.text(text);
        },
    );
}

fn line(html: &mut Html, from: (f64, f64), to: (f64, f64)) {
    html.element(
        "line",
        &[
            ("x1", &format!("{:.1}", from.0)),
            ("y1", &format!("{:.1}", from.1)),
            ("x2", &format!("{:.1}", to.0)),
            ("y2", &format!("{:.1}", to.1)),
        ],
        |_| (),
    );
}

/// A rectangle that has its label when the mouse is on it.
fn bar(html: &mut Html, class: &'static str, at: (f64, f64), size: (f64, f64), text: impl Display) {
    html.element(
        "rect",
        &[
            ("class", &class),
            ("x", &format!("{:.2}", at.0)),
            ("y", &format!("{:.2}", at.1)),
            ("width", &format!("{:.2}", size.0)),
            ("height", &format!("{:.2}", size.1)),
        ],
        |html| {
            html.element("title", &[], |html| {
                html.text(text);
            });
        },
    );
}

/// The name, short enough for the room at the left.
fn short(name: &str) -> String {
    if name.chars().count() <= 30 {
        return name.into();
    }
    name.chars().take(29).chain(['…']).collect()
}

/// Lanes below each other, above an axis.
fn lanes(html: &mut Html, scale: Scale, lanes: &mut [Lane]) {
    let bottom = LANE * lanes.len() as f64 + 4.0;

    svg(html, WIDTH, bottom + 22.0, |html| {
        axis(html, scale, bottom);
        for (lane, y) in lanes.iter_mut().zip((0..).map(|i| f64::from(i) * LANE)) {
            label(html, (LEFT - 8.0, y + 15.0), "end", short(&lane.name));
            lane.slices
                .sort_by_key(|slice| std::cmp::Reverse(slice.end_ns - slice.begin_ns));
            for slice in lane.slices.iter().take(SLICES) {
                let (from, to) = (scale.x(slice.begin_ns), scale.x(slice.end_ns));

                if to - from >= SEEN {
                    let size = ((to - from).max(1.0), LANE - 6.0);

                    bar(html, slice.class, (from, y + 3.0), size, &slice.label);
                }
            }
        }
    });
}

/// The axis, with five to ten marks at round times.
fn axis(html: &mut Html, scale: Scale, bottom: f64) {
    let mut step = 1u64;

    while scale.ns / step > 10 {
        step = match step.to_string().as_bytes()[0] {
            b'2' => step / 2 * 5,
            _ => step.saturating_mul(2),
        };
    }
    for i in 0..=scale.ns / step {
        let x = scale.x(scale.begin_ns.saturating_add(i * step));

        line(html, (x, 0.0), (x, bottom));
        label(
            html,
            (x, bottom + 15.0),
            "middle",
            if i == 0 {
                "0".into()
            } else {
                Ns(i * step).to_string()
            },
        );
    }
}

/// The slow grace periods of the recording, and the readers that were off their CPU for longest.
pub fn timeline(html: &mut Html, report: &Report) {
    let timeline = &report.timeline;
    let scale = Scale {
        begin_ns: timeline.begin_ns,
        ns: timeline.end_ns.saturating_sub(timeline.begin_ns),
    };
    let gp_lane = |gp_type: GpType, class: &'static str| Lane {
        name: format!("slow, {gp_type}"),
        slices: timeline
            .grace_periods
            .iter()
            .filter(|gp| gp.gp_type == gp_type)
            .map(|gp| Slice {
                begin_ns: gp.begin_ns,
                end_ns: gp.end_ns,
                class,
                label: format!(
                    "{gp_type} grace period {}, {}",
                    gp.seq,
                    Ns(gp.end_ns.saturating_sub(gp.begin_ns))
                ),
            })
            .collect(),
    };
    let reader_lane = |name: &str| Lane {
        name: name.into(),
        slices: timeline
            .absences
            .iter()
            .filter(|absence| absence.task.to_string() == name)
            .map(|absence| Slice {
                begin_ns: absence.begin_ns,
                end_ns: absence.end_ns,
                class: if absence.is_cut {
                    "reader cut"
                } else {
                    "reader"
                },
                label: format!("{name} off its CPU for {}", Ns(absence.ns())),
            })
            .collect(),
    };
    let mut all: Vec<Lane> = [(GpType::Normal, "normal"), (GpType::Expedited, "expedited")]
        .into_iter()
        .map(|(gp_type, class)| gp_lane(gp_type, class))
        .filter(|lane| !lane.slices.is_empty())
        .collect();

    all.extend(
        report
            .readers
            .iter()
            .take(READERS)
            .map(|reader| reader_lane(&reader.name)),
    );
    if all.is_empty() {
        html.line(
            "p",
            "No grace period was slow, and no reader was off its CPU.",
        );
        return;
    }
    html.element("figure", &[], |html| {
        lanes(html, scale, &mut all);
    });
    html.line(
        "p",
        format!(
            "Slow grace periods, and the {READERS} readers that were off their CPU for longest. \
             Times are since the recording began."
        ),
    );
}

/// The causes of a slow grace period, on its time.
pub fn causes(html: &mut Html, gp: &SlowGp) {
    let scale = Scale {
        begin_ns: gp.begin_ns,
        ns: gp.duration_ns,
    };
    let mut all = vec![Lane {
        name: format!("{} {}", gp.gp_type, gp.seq),
        slices: vec![Slice {
            begin_ns: gp.begin_ns,
            end_ns: gp.end_ns(),
            class: match gp.gp_type {
                GpType::Normal => "normal",
                GpType::Expedited => "expedited",
            },
            label: format!("{} grace period, {}", gp.gp_type, Ns(gp.duration_ns)),
        }],
    }];

    all.extend(gp.causes.iter().map(|cause| Lane {
        name: cause_name(cause),
        slices: vec![Slice {
            begin_ns: cause.begin_ns,
            end_ns: cause.begin_ns.saturating_add(cause.duration_ns),
            class: match cause.kind {
                Kind::Reader | Kind::Section => "reader",
                Kind::Thread => "thread",
                Kind::Cpu => "cpu",
            },
            label: format!(
                "{}, CPU {}, {}, of which {} in the grace period",
                cause_name(cause),
                cause.cpu,
                Ns(cause.duration_ns),
                Ns(cause.overlap_ns)
            ),
        }],
    }));
    lanes(html, scale, &mut all);
}

/// The histogram of a distribution: a bar for each power of two, from the least to the greatest.
pub fn histogram(html: &mut Html, d: &Distribution) {
    const HEIGHT: f64 = 150.0;
    let (Some(first), Some(last)) = (d.buckets.first(), d.buckets.last()) else {
        return;
    };
    let (first, last) = (exponent(first.low_ns), exponent(last.low_ns));
    let most = d.buckets.iter().map(|b| b.count).max().unwrap_or(1).max(1);
    let width = 430.0 / f64::from(last - first + 1).max(4.0);

    html.element("figure", &[], |html| {
        html.line("figcaption", format!("{} ({})", title(d.name), d.count));
        svg(html, 480.0, HEIGHT + 40.0, |html| {
            line(html, (25.0, HEIGHT + 18.0), (455.0, HEIGHT + 18.0));
            for bucket in &d.buckets {
                let at = f64::from(exponent(bucket.low_ns) - first);
                let x = 25.0 + at * width;
                let height = (bucket.count as f64 / most as f64 * HEIGHT).max(1.0);
                let (from, to) = (Ns(bucket.low_ns), Ns(bucket.low_ns.saturating_mul(2)));
                let text = format!("{} from {from} to {to}", bucket.count);
                let y = HEIGHT + 18.0 - height;

                bar(html, "reader", (x + 1.0, y), (width - 2.0, height), text);
                if width > 24.0 {
                    label(html, (x + width / 2.0, y - 3.0), "middle", bucket.count);
                }
            }
            let step = (40.0 / width).ceil().max(1.0) as u32;

            for low in (first..=last + 1).step_by(step as usize) {
                let x = 25.0 + f64::from(low - first) * width;

                label(html, (x, HEIGHT + 33.0), "middle", Ns(1 << low.min(63)));
            }
        });
    });
}
