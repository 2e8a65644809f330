#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: The metrics of rcu-blame stay few with 1,000 cgroups
# requires: native
# runs: drives
# timeout: 600
#
# The test boots a guest with 1,000 tasks, each in a cgroup of its own, that are
# preempted in read-side critical sections, and reads "rcu-blame metrics" again
# and again. The test fails if more than 50 cgroups and "other" have a label, if
# the sum of all is not that of the table of tasks, if one of them falls or is
# lost, or if promtool does not take them.
#
# Control: more than 50 cgroups have a sum; a sum that has fallen is noticed.

. "${0%/*}/../selftests/lib.sh"

# A task for each cgroup: it looks up a path while it is to.
cat > build/check/metrics.py <<'END'
import os
import time

for number in range(1000):
    cgroup = f"/sys/fs/cgroup/many_{number}"
    os.mkdir(cgroup)
    if not os.fork():
        with open(f"{cgroup}/cgroup.procs", "w") as procs:
            procs.write(str(os.getpid()))
        os.nice(39)
        while not os.path.exists("/tmp/go"):
            time.sleep(1)
        while not os.path.exists("/tmp/enough"):
            pass
        os._exit(0)
END

cat > build/check/scrape.py <<'END'
import urllib.request

print(urllib.request.urlopen("http://127.0.0.1:9437/metrics").read().decode(), end="")
END

# It prints "KEY VALUE".
cat > build/check/metrics.guest <<'GUEST'
# off: seconds off the CPU in sections, in the table of tasks, and cgroups that have some.
off()
{
	awk '{
		for (i = 1; i <= NF; i++) {
			at = index($i, "=")
			field[substr($i, 1, at - 1)] = substr($i, at + 1)
		}
		sum += field["off_ns"]
		if (field["off_ns"] > 0)
			cgroups[field["cgroup"]]
	}
	END { printf "%.6f %d\n", sum / 1e9, length(cgroups) }' /sys/kernel/debug/rcu_blame/tasks
}

scrape()
{
	python3 build/check/scrape.py > "$1"
}

# labelled FILE: the label and the sum of each cgroup.
labelled()
{
	sed -n 's/^rcu_blame_cgroup_reader_off_seconds_total{cgroup="\([^"]*\)"} /\1 /p' "$1"
}

# fallen BEFORE AFTER: how many labels have a lower sum, or none.
fallen()
{
	awk 'FNR == NR { after[$1] = $2; next } $2 > after[$1] + 0' "$2" "$1" | wc -l
}

insmod rcu_notrace.ko && insmod rcu_blame.ko tasks=16384 || exit
ip link set lo up
# All else goes first; the tasks go on when it waits.
renice -n -20 -p $$ > /dev/null
mountpoint -q /sys/fs/cgroup || mount -t cgroup2 none /sys/fs/cgroup
# A move into a cgroup does not wait for a grace period then.
mount -o remount,favordynmods /sys/fs/cgroup
build/rcu-blame metrics --listen &
metrics=$!
until scrape /tmp/first 2> /dev/null; do
	sleep 1
done
python3 build/check/metrics.py
touch /tmp/go
for _ in $(seq 60); do
	sleep 1
	scrape /tmp/first
	# shellcheck disable=SC2046
	set -- $(off)
	[ "$2" -lt 100 ] || break
done
sleep 3
touch /tmp/enough
while pgrep -f metrics.py > /dev/null; do
	sleep 1
done
before=$(off)
scrape /tmp/last
echo "between $before $(off)"
labelled /tmp/first > /tmp/first.labels
labelled /tmp/last > /tmp/last.labels
echo "sum $(awk '{ sum += $2 } END { printf "%.6f\n", sum }' /tmp/last.labels)"
echo "labels $(wc -l < /tmp/last.labels)"
echo "other $(grep -c '^other ' /tmp/last.labels)"
echo "fallen $(fallen /tmp/first.labels /tmp/last.labels)"
echo "back $(fallen /tmp/last.labels /tmp/first.labels)"
promtool check metrics < /tmp/last
echo "promtool $?"
kill $metrics
wait $metrics
echo "status $?"
GUEST

ktap_print_header
ktap_set_plan 8

out=$(TIMEOUT=450 "$LAB_VM" '. build/check/metrics.guest' | tr -d '\r')
echo "$out" | sed 's/^/# /'

# of KEY
of()
{
	echo "$out" | sed -n "s/^$1 //p"
}

# is_between LOW VALUE HIGH
is_between()
{
	awk -v low="$1" -v value="$2" -v high="$3" \
		'BEGIN { exit !(low <= value + 0 && value + 0 <= high) }'
}

# shellcheck disable=SC2046
set -- $(of between)
check "labels: $(of labels)" test "$(of labels)" = 51
check "one is for all other cgroups" test "$(of other)" = 1
check "control: ${2:-0} cgroups have a sum" test "${2:-0}" -gt 51
check "the sums are those of the table: ${1:-none} to ${3:-none}: $(of sum)" \
	is_between "${1:-1}" "$(of sum)" "${3:-0}"
check "none falls or is lost" test "$(of fallen)" = 0
check "control: the other way some have" test "$(of back)" -gt 0
check "promtool takes them" test "$(of promtool)" = 0
check "a signal ends the server" test "$(of status)" = 0

ktap_finished
