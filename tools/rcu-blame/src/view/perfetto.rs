// SPDX-License-Identifier: GPL-2.0

//! The timeline as a trace for Perfetto: a track for each reader, its boosts, each kind of grace
//! period, and each task that waits.
//!
//! The messages are the part of `protos/perfetto/trace/` that the trace needs.

use crate::model::{
    report::About,
    timeline::{Interval, Timeline},
    waiters::Wait,
};
use prost::Message;
use std::collections::BTreeMap;

/// `perfetto.protos.Trace`.
#[derive(Clone, PartialEq, Message)]
pub struct Trace {
    /// The packets.
    #[prost(message, repeated, tag = "1")]
    pub packet: Vec<TracePacket>,
}

/// `perfetto.protos.TracePacket`.
#[derive(Clone, PartialEq, Message)]
pub struct TracePacket {
    /// The times of several clocks at one moment.
    #[prost(message, optional, tag = "6")]
    pub clock_snapshot: Option<ClockSnapshot>,
    /// The time.
    #[prost(uint64, optional, tag = "8")]
    pub timestamp: Option<u64>,
    /// The sequence that the packet is of.
    #[prost(uint32, optional, tag = "10")]
    pub trusted_packet_sequence_id: Option<u32>,
    /// A slice's beginning or end, or an instant.
    #[prost(message, optional, tag = "11")]
    pub track_event: Option<TrackEvent>,
    /// A track.
    #[prost(message, optional, tag = "60")]
    pub track_descriptor: Option<TrackDescriptor>,
    /// The clock of `timestamp`.
    #[prost(uint32, optional, tag = "58")]
    pub timestamp_clock_id: Option<u32>,
}

/// `perfetto.protos.ClockSnapshot`.
#[derive(Clone, PartialEq, Message)]
pub struct ClockSnapshot {
    /// The clocks.
    #[prost(message, repeated, tag = "1")]
    pub clocks: Vec<Clock>,
}

/// `perfetto.protos.ClockSnapshot.Clock`.
#[derive(Clone, PartialEq, Message)]
pub struct Clock {
    /// The number of the clock.
    #[prost(uint32, optional, tag = "1")]
    pub clock_id: Option<u32>,
    /// Its time.
    #[prost(uint64, optional, tag = "2")]
    pub timestamp: Option<u64>,
}

/// `perfetto.protos.TrackDescriptor`.
#[derive(Clone, PartialEq, Message)]
pub struct TrackDescriptor {
    /// The number of the track.
    #[prost(uint64, optional, tag = "1")]
    pub uuid: Option<u64>,
    /// Its name.
    #[prost(string, optional, tag = "2")]
    pub name: Option<String>,
    /// The track that it is below.
    #[prost(uint64, optional, tag = "5")]
    pub parent_uuid: Option<u64>,
}

/// `perfetto.protos.TrackEvent`.
#[derive(Clone, PartialEq, Message)]
pub struct TrackEvent {
    /// More about it.
    #[prost(message, repeated, tag = "4")]
    pub debug_annotations: Vec<DebugAnnotation>,
    /// [`SLICE_BEGIN`], [`SLICE_END`] or [`INSTANT`].
    #[prost(int32, optional, tag = "9")]
    pub r#type: Option<i32>,
    /// The track.
    #[prost(uint64, optional, tag = "11")]
    pub track_uuid: Option<u64>,
    /// The categories.
    #[prost(string, repeated, tag = "22")]
    pub categories: Vec<String>,
    /// The name.
    #[prost(string, optional, tag = "23")]
    pub name: Option<String>,
}

/// `perfetto.protos.DebugAnnotation`.
#[derive(Clone, PartialEq, Message)]
pub struct DebugAnnotation {
    /// The name.
    #[prost(string, optional, tag = "10")]
    pub name: Option<String>,
    /// A number.
    #[prost(uint64, optional, tag = "3")]
    pub uint_value: Option<u64>,
    /// A text.
    #[prost(string, optional, tag = "6")]
    pub string_value: Option<String>,
}

/// The type of an event that begins a slice.
pub const SLICE_BEGIN: i32 = 1;
/// The type of one that ends a slice.
pub const SLICE_END: i32 = 2;
/// The type of one without a duration.
pub const INSTANT: i32 = 3;

/// `BUILTIN_CLOCK_REALTIME`, `_MONOTONIC` and `_BOOTTIME`.
const REALTIME: u32 = 1;
const MONOTONIC: u32 = 3;
const BOOTTIME: u32 = 6;

/// A trace, and how much is in it.
pub struct Built {
    trace: Trace,
    tracks: BTreeMap<(u64, String), u64>,
    /// How many slices there are.
    pub slices: u64,
    /// How many of these are cut by the end of the recording.
    pub cut: u64,
    /// How many instants.
    pub instants: u64,
}

impl Built {
    /// The trace as a file has it.
    pub fn bytes(&self) -> Vec<u8> {
        self.trace.encode_to_vec()
    }

    fn packet(&mut self, packet: TracePacket) {
        self.trace.packet.push(TracePacket {
            trusted_packet_sequence_id: Some(1),
            ..packet
        });
    }

    /// The track of that name below `parent`, which is 0 for none.
    fn track(&mut self, parent: u64, name: &str) -> u64 {
        if let Some(uuid) = self.tracks.get(&(parent, name.to_string())) {
            return *uuid;
        }
        let uuid = self.tracks.len() as u64 + 1;

        self.tracks.insert((parent, name.into()), uuid);
        self.packet(TracePacket {
            track_descriptor: Some(TrackDescriptor {
                uuid: Some(uuid),
                name: Some(name.into()),
                parent_uuid: (parent != 0).then_some(parent),
            }),
            ..TracePacket::default()
        });
        uuid
    }

    fn event(&mut self, ns: u64, event: TrackEvent) {
        self.packet(TracePacket {
            timestamp: Some(ns),
            timestamp_clock_id: Some(MONOTONIC),
            track_event: Some(event),
            ..TracePacket::default()
        });
    }

    fn slice(&mut self, track: u64, name: &str, span: (u64, u64), notes: Vec<DebugAnnotation>) {
        self.slices += 1;
        self.event(
            span.0,
            TrackEvent {
                r#type: Some(SLICE_BEGIN),
                track_uuid: Some(track),
                name: Some(name.into()),
                categories: vec!["rcu_blame".into()],
                debug_annotations: notes,
            },
        );
        self.event(
            span.1.max(span.0),
            TrackEvent {
                r#type: Some(SLICE_END),
                track_uuid: Some(track),
                ..TrackEvent::default()
            },
        );
    }

    fn intervals(&mut self, root: &str, name: &str, intervals: &[Interval]) {
        if intervals.is_empty() {
            return;
        }
        let root = self.track(0, root);

        for interval in intervals {
            let track = self.track(root, &interval.task.to_string());
            let cut = note_text("cut", "by the end of the recording");
            let notes = if interval.is_cut {
                vec![cut]
            } else {
                Vec::new()
            };

            self.cut += u64::from(interval.is_cut);
            self.slice(track, name, (interval.begin_ns, interval.end_ns), notes);
        }
    }
}

fn note(name: &str, value: u64) -> DebugAnnotation {
    DebugAnnotation {
        name: Some(name.into()),
        uint_value: Some(value),
        string_value: None,
    }
}

fn note_text(name: &str, value: &str) -> DebugAnnotation {
    DebugAnnotation {
        name: Some(name.into()),
        uint_value: None,
        string_value: Some(value.into()),
    }
}

/// The trace of a timeline, with the slow waits.
pub fn trace(timeline: &Timeline, waits: &[Wait], about: &About) -> Built {
    let mut built = Built {
        trace: Trace::default(),
        tracks: BTreeMap::new(),
        slices: 0,
        cut: 0,
        instants: 0,
    };
    let clocks = [
        (MONOTONIC, about.begin_ns),
        (BOOTTIME, about.boottime_ns),
        (REALTIME, about.realtime_ns),
    ];

    built.packet(TracePacket {
        clock_snapshot: Some(ClockSnapshot {
            clocks: clocks
                .iter()
                .map(|(id, ns)| Clock {
                    clock_id: Some(*id),
                    timestamp: Some(*ns),
                })
                .collect(),
        }),
        ..TracePacket::default()
    });
    grace_periods(&mut built, timeline);
    built.intervals("RCU readers off their CPU", "off CPU", &timeline.absences);
    built.intervals("RCU boosts", "boosted", &timeline.boosts);
    instants(&mut built, timeline);
    slow_waits(&mut built, waits);
    built
}

fn grace_periods(built: &mut Built, timeline: &Timeline) {
    if timeline.grace_periods.is_empty() {
        return;
    }
    let root = built.track(0, "Slow RCU grace periods");

    for gp in &timeline.grace_periods {
        let kind = gp.gp_type.to_string();
        let track = built.track(root, &kind);

        built.slice(
            track,
            &format!("{kind} {}", gp.seq),
            (gp.begin_ns, gp.end_ns),
            vec![note("seq", gp.seq)],
        );
    }
}

fn instants(built: &mut Built, timeline: &Timeline) {
    if timeline.instants.is_empty() {
        return;
    }
    let root = built.track(0, "RCU events of tasks");

    for instant in &timeline.instants {
        let track = built.track(root, &instant.task.to_string());

        built.instants += 1;
        built.event(
            instant.ns,
            TrackEvent {
                r#type: Some(INSTANT),
                track_uuid: Some(track),
                name: Some(instant.name.into()),
                categories: vec!["rcu_blame".into()],
                ..TrackEvent::default()
            },
        );
    }
}

fn slow_waits(built: &mut Built, waits: &[Wait]) {
    if waits.is_empty() {
        return;
    }
    let root = built.track(0, "Slow waits for RCU grace periods");

    for wait in waits {
        // A function that calls another of these has a record for each.
        let track = built.track(root, &format!("{} {}", wait.task, wait.function));
        let notes = wait
            .stack
            .first()
            .map(|frame| note_text("caller", &frame.to_string()))
            .into_iter()
            .collect();

        built.slice(
            track,
            &wait.function.to_string(),
            (wait.begin_ns, wait.end_ns()),
            notes,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::event::Event;

    #[test]
    fn counts() {
        let event = |ns, text: &str| Event::parse(ns, 0, text.as_bytes()).unwrap();
        let events = [
            event(110, "reader_resumed pid=1 comm=a off_ns=50"),
            event(120, "reader_preempted pid=1 comm=<b> preempted=1"),
            event(130, "reader_boosted pid=1 comm=a after_ns=10 newprio=98"),
            event(150, "gp_slow expedited=1 number=4 duration_ns=30"),
        ];
        let timeline = Timeline::new(&events, 100, 200);
        let built = trace(&timeline, &[], &About::default());

        // The absence, the one that is cut, the boost that is cut, the grace period.
        assert_eq!((built.slices, built.cut, built.instants), (4, 2, 1));
        let trace = Trace::decode(&built.bytes()[..]).unwrap();
        let of = |wanted| {
            trace
                .packet
                .iter()
                .filter_map(|packet| packet.track_event.as_ref())
                .filter(|event| event.r#type == Some(wanted))
                .count()
        };

        assert_eq!((of(SLICE_BEGIN), of(SLICE_END), of(INSTANT)), (4, 4, 1));
        let mut names: Vec<_> = trace
            .packet
            .iter()
            .filter_map(|packet| packet.track_descriptor.as_ref()?.name.clone())
            .collect();

        names.sort();
        names.dedup();
        assert!(names.contains(&"<b>[1]".to_string()), "{names:?}");
    }
}
