// SPDX-License-Identifier: GPL-2.0

//! Metrics in the text form of OpenMetrics, and in the older one of Prometheus.

use crate::model::metrics::{Family, Sample, Type, Value};
use prometheus_client::{
    collector::Collector,
    encoding::{text::encode, DescriptorEncoder, MetricEncoder},
    metrics::MetricType,
    registry::{Registry, Unit},
};
use std::fmt;

/// The type of the form, for HTTP.
pub const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// That of the older one.
pub const CLASSIC: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The families, for a registry.
#[derive(Debug)]
struct Families(Vec<Family>);

impl Collector for Families {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        for family in &self.0 {
            let unit = family.in_seconds.then_some(Unit::Seconds);
            let kind = match family.kind {
                Type::Counter => MetricType::Counter,
                Type::Gauge => MetricType::Gauge,
                Type::Histogram => MetricType::Histogram,
            };
            let mut metric =
                encoder.encode_descriptor(family.name, family.help, unit.as_ref(), kind)?;

            for sample in &family.samples {
                if sample.labels.is_empty() {
                    value(&mut metric, family.kind, sample)?;
                } else {
                    let labels: Vec<_> = sample
                        .labels
                        .iter()
                        .map(|(name, value)| (*name, escape(value)))
                        .collect();

                    value(&mut metric.encode_family(&labels)?, family.kind, sample)?;
                }
            }
        }
        Ok(())
    }
}

/// The value of a label, which the library writes as it is.
fn escape(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

fn value(metric: &mut MetricEncoder<'_>, kind: Type, sample: &Sample) -> Result<(), fmt::Error> {
    match (&sample.value, kind) {
        (Value::Count(n), Type::Counter) => metric.encode_counter::<(), _, f64>(n, None),
        (Value::Number(n), Type::Counter) => metric.encode_counter::<(), _, f64>(n, None),
        (Value::Count(n), _) => metric.encode_gauge(&i64::try_from(*n).unwrap_or(i64::MAX)),
        (Value::Number(n), _) => metric.encode_gauge(n),
        (
            Value::Histogram {
                sum,
                count,
                buckets,
            },
            _,
        ) => metric.encode_histogram::<()>(*sum, *count, buckets, None),
    }
}

/// The families in the form of OpenMetrics.
///
/// # Errors
///
/// None, but for those of `fmt`.
pub fn text(families: Vec<Family>) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("rcu_blame");
    let mut text = String::new();

    registry.register_collector(Box::new(Families(families)));
    encode(&mut text, &registry)?;
    Ok(text)
}

/// The older form, from that of OpenMetrics: a counter has its suffix in its description as well,
/// and there are no units. It is what the text files of node_exporter have.
pub fn classic(text: &str) -> String {
    let counters: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter"))
        .collect();
    let mut out = String::with_capacity(text.len());

    for line in text.lines() {
        let mut words = line.splitn(4, ' ');
        let description = match (words.next(), words.next(), words.next(), words.next()) {
            (Some("#"), Some("UNIT"), _, _) | (Some("#"), Some("EOF"), _, _) => continue,
            (Some("#"), Some(word), Some(name), Some(rest)) if counters.contains(&name) => {
                Some(format!("# {word} {name}_total {rest}"))
            }
            _ => None,
        };

        out.push_str(description.as_deref().unwrap_or(line));
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::metrics::{families, tasks, Cgroups, Tables};

    fn all(name: &str) -> String {
        let mut cgroups = Cgroups::new(3);
        let tables = Tables {
            tasks: tasks("pid=1 cgroup=7 off_ns=2000000000\n"),
            held: Some(
                crate::model::held::Held::parse(b"held ns=1 tasks=1 readers=0 threads=0\n")
                    .unwrap(),
            ),
            ..Tables::default()
        };

        cgroups.add(&tables.tasks);
        text(families(Some(&tables), &cgroups, &|_| name.into())).unwrap()
    }

    #[test]
    fn forms() {
        let text = all("/a");

        assert!(text.contains("# TYPE rcu_blame_slow_waits counter\n"));
        assert!(text.contains("rcu_blame_slow_waits_total 0\n"));
        assert!(text.contains("# UNIT rcu_blame_grace_period_seconds seconds\n"));
        assert!(
            text.contains(
                "rcu_blame_grace_period_seconds_bucket{le=\"0.000001024\",type=\"normal\"} 0\n"
            ),
            "{text}"
        );
        assert!(text.contains("rcu_blame_cgroup_reader_off_seconds_total{cgroup=\"/a\"} 2.0\n"));
        assert!(text.ends_with("# EOF\n"));
        let classic = classic(&text);

        assert!(classic.contains("# TYPE rcu_blame_slow_waits_total counter\n"));
        assert!(!classic.contains("# UNIT") && !classic.contains("# EOF"));
    }

    #[test]
    fn absent() {
        let text = text(families(None, &Cgroups::new(1), &|_| String::new())).unwrap();

        assert!(text.contains("rcu_blame_up 0\n"));
    }

    #[test]
    fn labels() {
        let text = all("/a\"b\\c");

        assert!(text
            .lines()
            .all(|line| line.starts_with("# ") || line.starts_with("rcu_blame_")));
        assert!(text.contains(r#"cgroup="/a\"b\\c""#), "{text}");
    }
}
