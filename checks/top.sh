#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: The live screen takes next to nothing with 10,000 tasks
# runs: drives
# timeout: 600
#
# The test boots a guest in which an instruction takes a nanosecond, with 10,000
# threads, and has build/rcu-blame look once a second, as top does. The test
# fails if that takes 1 % of the processor.
#
# Control: ten looks a second take several times as much as one.

. "${0%/*}/../selftests/lib.sh"

# Prints the processor time of 20 s, in milliseconds: /proc/PID/stat has ticks of 10.
cat > build/check/top.cost <<'END'
ms()
{
	build/rcu-blame top -b -d "$1" > /dev/null &
	pid=$!
	sleep 1
	before=$(awk '{ print $14 + $15 }' /proc/$pid/stat)
	sleep 20
	after=$(awk '{ print $14 + $15 }' /proc/$pid/stat)
	kill $pid
	wait $pid
	echo $(((after - before) * 10))
}

insmod rcu_notrace.ko && insmod rcu_blame.ko tasks=16384 || exit
python3 -c '
import threading
threading.stack_size(65536)
for _ in range(10000):
    threading.Thread(target=threading.Event().wait, daemon=True).start()
open("/tmp/ready", "w").close()
threading.Event().wait()' &
threads=$!
until [ -e /tmp/ready ]; do
	sleep 0.5
done
echo "tasks $(sed -n 's/^held .*tasks=\([0-9]*\).*/\1/p' /sys/kernel/debug/rcu_blame/held)"
echo "once $(ms 1s)"
echo "often $(ms 100ms)"
kill -KILL $threads
END

out=$(ICOUNT=1 CPUS=1 MEM=3G TIMEOUT=450 "$LAB_VM" '. build/check/top.cost')
status=$?
echo "$out" | sed 's/^/# /'

# of KEY
of()
{
	echo "$out" | tr -d '\r' | sed -n "s/^$1 //p"
}

ktap_print_header
ktap_set_plan 4

check "the guest has come to the end" test $status = 0
check "there are $(of tasks) tasks" test "$(of tasks)" -ge 10000
check "a look a second takes $(of once) ms in 20 s" test "$(of once)" -lt 200
check "control: ten looks a second take $(of often) ms" \
	at_least "$(of often)" "$(of once)" 3

ktap_finished
