#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: Prometheus scrapes rcu-blame; an alert fires for a held reader
# requires: cpus:2 program:prometheus native
# requires: config:FUNCTION_TRACER
# runs: vm
# timeout: 600
#
# The test has a Prometheus, with the example of alerts, scrape "rcu-blame
# metrics --listen" for a minute of short grace periods. It fails if samples
# are missing; if the dashboard's query for the 99th percentile says something
# else than the function tracer has between rcu_gp_init() and rcu_gp_cleanup(),
# by the width of a bucket, which is a factor of 2; if another of its queries
# has no answer; or if the alert of a grace period that is held does not fire
# for a reader that a hog preempts, and end with it.
#
# Control: before the reader is there no alert fires; without the server there
# are no samples; a hundred times the percentile is noticed.

. "${0%/*}/../selftests/lib.sh"
. "${0%/*}/../selftests/lib_blame.sh"
. "${0%/*}/../selftests/lib_cause.sh"

TOOL=$PWD/build/rcu-blame
EXAMPLES=$PWD/tools/rcu-blame/examples
URL=http://127.0.0.1:9090
# Seconds.
EACH=5

# query EXPRESSION: a line for each series or sample.
query()
{
	promtool query instant $URL "$1" 2> /dev/null
}

# samples: of the last five minutes, their times, in seconds since 1970.
samples()
{
	query 'rcu_blame_up[5m]' | sed -n 's/^\(.*=> \)*1 @\[\([0-9.]*\)\]$/\2/p'
}

has_samples()
{
	[ "$(samples | wc -l)" -ge "$1" ]
}

# panel N: the query of that panel of the dashboard, from 0.
panel()
{
	python3 - "$EXAMPLES/dashboard.json" "$1" <<'PYTHON'
import json, sys
panel = json.load(open(sys.argv[1]))["panels"][int(sys.argv[2])]
print(panel["targets"][0]["expr"].replace("$instance", ".*"))
PYTHON
}

# percentile PART: of the grace periods that ended between the first sample and the
# last, by the tracer, in ns.
percentile()
{
	awk -v first="$first" -v last="$last" -v ahead="$ahead" '
		$2 / 1e9 + ahead > first && $2 / 1e9 + ahead < last { print $2 - $1 }' \
		"$tmp/traced" | sort -n |
		awk -v part="$1" '{ ns[NR] = $1 } END { print ns[int(NR * part + 0.5)] }'
}

# is_percentile SECONDS: the 99th by the tracer, but for the width of a bucket, and for
# what ended while a sample was taken.
is_percentile()
{
	awk -v s="$1" -v low="$(percentile 0.98)" -v high="$(percentile 0.995)" '
		BEGIN { exit !(low > 0 && s * 1e9 > low / 2 && s * 1e9 < high * 2) }'
}

# firing NAME: the alert of that name.
firing()
{
	query "ALERTS{alertname=\"$1\", alertstate=\"firing\"}" | grep -q firing
}

is_over()
{
	! firing RcuGracePeriodHeld
}

is_down()
{
	query 'up' | grep -q ' => 0 @'
}

ktap_print_header
ktap_set_plan 11

tmp=$(mktemp -d)
at_exit "rm -r '$tmp'"
make_room "$here"
insmod "$MODULE"
at_exit "rmmod rcu_blame"
trace_grace_periods
ip link set lo up
cat > "$tmp/prometheus.yml" <<CONFIG
global:
  scrape_interval: ${EACH}s
  evaluation_interval: ${EACH}s
rule_files:
  - $EXAMPLES/alerts.yml
scrape_configs:
  - job_name: rcu-blame
    static_configs:
      - targets: ["127.0.0.1:9437"]
CONFIG
background sh -c "exec $MEMBARRIER"
background "$TOOL" metrics --listen
server=$!
background prometheus --config.file="$tmp/prometheus.yml" --storage.tsdb.path="$tmp/data" \
	--web.listen-address=127.0.0.1:9090 2> "$tmp/prometheus.log"
patiently has_samples 1
pause $((12 * EACH))
query "$(panel 0)" > "$tmp/percentiles"
samples > "$tmp/samples"
grace_periods > "$tmp/traced"
ahead=$(python3 -c 'import time; print(time.time() - time.monotonic())')
first=$(head -n 1 "$tmp/samples")
last=$(tail -n 1 "$tmp/samples")
count=$(wc -l < "$tmp/samples")
p99=$(sed -n 's/.*type="normal"} => \([0-9.]*\) .*/\1/p' "$tmp/percentiles")
check "$count samples of a minute" test "$count" -ge 12
check "none has failed" test "$(query 'sum_over_time(up[5m]) - count_over_time(up[5m])' |
	sed 's/.* => \([-0-9]*\) .*/\1/')" = 0
check "99th percentile: $p99 s, the tracer has $(percentile 0.99) ns" is_percentile "$p99"
refute "control: a hundred times as much" is_percentile "$(echo "$p99" | awk '{ print $1 * 100 }')"
refute "control: no alert fires" firing RcuGracePeriodHeld

insmod "$MODS/rcu_notrace_cause.ko" cause=pinned waiter=1 "cpu=$there" "other_cpu=$here" ms=100000
patiently firing RcuGracePeriodHeld
check "the alert fires while a reader is held" firing RcuGracePeriodHeld
for number in 1 2 3; do
	check "the dashboard's panel $((number + 1))" test "$(query "$(panel $number)")"
done
rmmod rcu_notrace_cause
patiently is_over
check "it ends with the reader" is_over

kill $server
patiently is_down
check "control: without the server there are no samples" is_down

sed 's/^/# /' "$tmp/prometheus.log" | grep -i 'level=\(warn\|error\)'
ktap_finished
