// SPDX-License-Identifier: GPL-2.0

//! Which grace periods wait for a task: as a history of grace periods says.

use crate::rcu_blame::task::{
    Exposure,
    GracePeriods, //
};
use proptest::prelude::*;

#[derive(Clone, Copy, Debug)]
enum Event {
    /// Sets the two state bits: a grace period is under way.
    Phase(u64),
    End,
}

proptest! {
    #![proptest_config(super::config())]

    /// The exposure that the sequence numbers tell is the one that the history tells.
    #[test]
    fn exposure(
        first in prop_oneof![Just(0u64), Just(0u64.wrapping_sub(8)), any::<u64>()],
        before in history(),
        meanwhile in history(),
        known: bool,
    ) {
        let mut seq = first & !3;
        // The grace periods so far, and the one that is under way.
        let (mut begun, mut current) = (0, None);
        let mut pass = |events: &[Event]| {
            for event in events {
                match event {
                    Event::Phase(phase) => {
                        if current.is_none() {
                            begun += 1;
                            current = Some(begun);
                        }
                        // As rcu_seq_start() and rcu_seq_set_state().
                        seq = (seq & !3) + phase;
                    }
                    Event::End => {
                        if current.take().is_some() {
                            // As rcu_seq_end().
                            seq = (seq | 3).wrapping_add(1);
                        }
                    }
                }
            }
            (seq, begun, current)
        };
        let (then, begun_then, _) = pass(&before);
        let (now, _, current) = pass(&meanwhile);
        let expected = match current {
            None => Exposure::None,
            Some(number) if known || number > begun_then => Exposure::Certain,
            Some(_) => Exposure::Possible,
        };
        let under_way = GracePeriods { normal: then, expedited: now }.under_way();

        prop_assert!(GracePeriods::exposure(then, now, known) == expected);
        prop_assert_eq!(under_way.1, current.is_some());
    }
}

fn history() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![(1..=3u64).prop_map(Event::Phase), Just(Event::End)];

    prop::collection::vec(event, 0..6)
}
