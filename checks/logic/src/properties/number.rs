// SPDX-License-Identifier: GPL-2.0

//! Numbers: as integers modulo 2^64.

use crate::rcu_blame::{
    number::Number,
    tasks::raise, //
};
use proptest::prelude::*;

#[derive(Clone, Copy, Debug)]
enum Op {
    Set(u64),
    Add(u64),
    AddShared(u64),
    Count,
    Raise(u64),
    Take,
}

fn op() -> impl Strategy<Value = Op> {
    let n = || prop_oneof![0..4u64, any::<u64>(), Just(u64::MAX)];

    prop_oneof![
        n().prop_map(Op::Set),
        n().prop_map(Op::Add),
        n().prop_map(Op::AddShared),
        Just(Op::Count),
        n().prop_map(Op::Raise),
        Just(Op::Take),
    ]
}

proptest! {
    #![proptest_config(super::config())]

    /// Each operation does what it does to an integer of 128 bits, modulo 2^64.
    #[test]
    fn arithmetic(first in any::<u64>(), ops in prop::collection::vec(op(), 0..20)) {
        let number = Number::new(first);
        let mut model = u128::from(first);

        for op in ops {
            match op {
                Op::Set(n) => {
                    number.set(n);
                    model = n.into();
                }
                Op::Add(n) => {
                    number.add(n);
                    model += u128::from(n);
                }
                Op::AddShared(n) => {
                    number.add_shared(n);
                    model += u128::from(n);
                }
                Op::Count => {
                    number.count();
                    model += 1;
                }
                Op::Raise(n) => {
                    raise(&number, n);
                    model = model.max(n.into());
                }
                Op::Take => {
                    prop_assert_eq!(u128::from(number.take()), model);
                    model = 0;
                }
            }
            model %= 1 << 64;
            prop_assert_eq!(u128::from(number.get()), model);
        }
    }
}
