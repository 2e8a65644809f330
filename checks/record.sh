#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: Recordings of rcu-blame, and reports, have each event
# requires: cpus:2 config:PREEMPT_RT config:KPROBES program:promtool native
# runs: vm
# timeout: 300
#
# The test records a reader that a hog keeps off its CPU, and some quiet time,
# beside a second tracing instance. It fails if the recording has not the
# events of that instance, a report does not name the hog, the trace for
# Perfetto has another number of slices than there are events, the JSON is not
# that of its schema, the page has markup of a task's name, or the metrics are
# not those that promtool takes. It fails, too, if an instance, a changed
# setting or a half-written file is left, or bad input is not refused.
#
# Control: a damaged JSON, page, trace and metrics file are noticed, and while
# it records there is an instance and another setting.

. "${0%/*}/../selftests/lib.sh"
. "${0%/*}/../selftests/lib_blame.sh"
. "${0%/*}/../selftests/lib_cause.sh"

MS=${MS:-1200}
TOOL=$PWD/build/rcu-blame
SCHEMA=$PWD/tools/rcu-blame/report.schema.json
EXAMPLES=$PWD/tools/rcu-blame/examples
INSTANCES=/sys/kernel/tracing/instances
OTHER=$INSTANCES/other
CGROUPS=/sys/fs/cgroup

# instances: of the tool.
instances()
{
	find $INSTANCES -mindepth 1 -maxdepth 1 -name 'rcu_blame_*' | wc -l
}

# said TEXT STATUS REGEX COMMAND...: a test that passes if COMMAND ends with that status,
# and prints one line on stderr that matches.
said()
{
	said_text=$1 said_status=$2 said_regex=$3
	shift 3
	"$@" > out 2> err
	got=$?
	ktap_print_msg "$got: $(head -n 1 err)"
	if [ $got = "$said_status" ] && [ "$(wc -l < err)" = 1 ] && grep -q "$said_regex" err; then
		ktap_test_pass "$said_text"
	else
		ktap_test_fail "$said_text"
	fi
}

# events NAME FILE: how many of that name a recording has.
events()
{
	grep -c "^{\"type\":\"event\",.*\"record\":\"$1 " "$2"
}

# time_of TYPE FILE: the time in that line of a recording.
time_of()
{
	sed -n "s/^{\"type\":\"$1\",.*\"monotonic_ns\":\([0-9]*\).*/\1/p" "$2"
}

# seen NAME FILE: how many the second instance has, at least and at most, in the time of
# the recording; its times are in microseconds.
seen()
{
	awk -v name="$1:" -v from="$(time_of header "$2")" -v to="$(time_of end "$2")" '
		index($0, ": " name) {
			match($0, / [0-9]+\.[0-9]+: /)
			ns = substr($0, RSTART + 1, RLENGTH - 3) * 1e9
			low += ns > from + 2000 && ns < to - 2000
			high += ns > from - 2000 && ns < to + 2000
		}
		END { print low + 0, high + 0 }' trace
}

# as_seen NAME FILE
as_seen()
{
	count=$(events "$1" "$2")
	bounds=$(seen "$1" "$2")
	ktap_print_msg "$1: $count recorded, $bounds seen"
	[ "$count" -ge "${bounds% *}" ] && [ "$count" -le "${bounds#* }" ]
}

# slices FILE: how many a trace for Perfetto has, by its own reading of the form.
slices()
{
	python3 - "$1" <<'PYTHON'
import sys

def fields(data):
    at = 0
    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
    while at < len(data):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
        elif key & 7 == 2:
            length = varint()
            if at + length > len(data):
                raise ValueError("cut off")
            yield key >> 3, data[at:at + length]
            at += length
        else:
            raise ValueError("no such type")

begins = ends = 0
for number, packet in fields(open(sys.argv[1], "rb").read()):
    assert number == 1
    for number, event in fields(packet):
        if number == 11:
            kind = dict(fields(event))[9]
            begins += kind == 1
            ends += kind == 2
assert begins == ends
print(begins)
PYTHON
}

valid()
{
	python3 -c '
import json, jsonschema, sys
report, schema = (json.load(open(name)) for name in sys.argv[1:])
jsonschema.validate(report, schema)' "$1" "$SCHEMA" 2> err
}

# is_page FILE: each element is closed, there is no script, and nothing is asked for elsewhere.
is_page()
{
	python3 - "$1" <<'PYTHON'
import html.parser, sys

class Page(html.parser.HTMLParser):
    open = []
    def handle_starttag(self, tag, attributes):
        assert tag not in ("script", "iframe", "object", "b"), tag
        for name, value in attributes:
            assert name not in ("src", "onclick", "onerror"), name
            assert name != "href" or value.startswith("data:"), value
        if tag not in ("meta", "link"):
            self.open.append(tag)
    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

page = Page()
page.feed(open(sys.argv[1]).read())
assert not page.open and "<svg" in page.rawdata + open(sys.argv[1]).read()
PYTHON
}

# with_markup SED: the page of a recording in which a task has another name.
with_markup()
{
	sed "$1" hog.jsonl > markup.jsonl
	"$TOOL" report --html markup.jsonl
}

# signalled SIGNAL: the tool, while it records; sets $status.
signalled()
{
	"$TOOL" record -o signal.jsonl --gp-threshold 77ms -- sleep 100 &
	pid=$!
	patiently sh -c "grep -q '\"at\":\"begin\",\"name\":\"hist' signal.jsonl 2> /dev/null"
	while_recording="$(instances) $(cat $CTL/gp_threshold_us)"
	kill -s "$1" $pid
	wait $pid 2> /dev/null
	status=$?
	left="$(instances) $(cat $CTL/gp_threshold_us) $(pgrep -c -x -f 'sleep 100')"
}

# affinity PID: the CPUs on which it may run.
affinity()
{
	taskset -cp "$1" | sed 's/.*: //'
}

ktap_print_header
ktap_set_plan 51

tmp=$(mktemp -d)
at_exit "rm -r '$tmp'"
make_room "$here"
insmod "$MODULE"
at_exit "rmmod rcu_blame"
cause=$(realpath "$MODS/rcu_notrace_cause.ko")
cd "$tmp" || exit
mkdir $OTHER
at_exit "rmdir $OTHER"
echo mono > $OTHER/trace_clock
echo 1 > $OTHER/events/rcu_blame/enable
before=$(cat $CTL/gp_threshold_us)

# A quiet time, and one with a hog; the module of the cause is gone when it is over.
"$TOOL" record -o quiet.jsonl -d 1 -- sleep 100
check "the command ends with the recording" test $? = 143
"$TOOL" record -o hog.jsonl --gp-threshold 300ms -- sh -c "
	insmod $cause cpu=$there other_cpu=$here ms=$MS cause=pinned waiter=2
	until grep -q ' ended_ns=[1-9]' $TIMES; do sleep 0.1; done
	sleep 0.5
	rmmod rcu_notrace_cause
	exit 7"
check "the command's status is passed on" test $? = 7
echo 0 > $OTHER/tracing_on
cat $OTHER/trace > trace
check "the setting is as before" test "$(cat $CTL/gp_threshold_us)" = "$before"
check "no instance is left" test "$(instances)" = 0

for event in reader_preempted reader_resumed reader_boosted reader_deboosted; do
	check "$event: as many as another instance has" as_seen $event hog.jsonl
	check "$event: and there are some" test "$(events $event hog.jsonl)" -gt 0
done
check "the quiet time has its events as well" as_seen reader_resumed quiet.jsonl
# The module on their stacks is gone by the end of the recording.
grep -o 'wait function=[^ ]* pid=[^=]*=[^=]*=[^=]*=[0-9]* duration_ns=[0-9]*' hog.jsonl > waits
sed 's/^/# /' waits
check "each slow wait is recorded once" test -s waits -a -z "$(sort waits | uniq -d)"
sed '/"record":"reader_resumed /{x;s/^/x/;/^x$/{x;d};x}' hog.jsonl > fewer.jsonl
refute "control: one event less" test "$(events reader_resumed fewer.jsonl)" = \
	"$(events reader_resumed hog.jsonl)"

"$TOOL" report hog.jsonl > hog.txt
sed 's/^/# /' hog.txt | head -n 40
check "the report names the hog" \
	sh -c "grep -A 5 '^SLOW GRACE' hog.txt | grep -q 'Reader cause_reader.* behind cause_hog'"
"$TOOL" report quiet.jsonl > quiet.txt
refute "control: that of the quiet time does not" grep -q cause_hog quiet.txt
"$TOOL" report --compare quiet.jsonl hog.jsonl > compare.txt
check "the comparison has the reader in one of them only" grep -q '^B, .*: cause_reader' compare.txt
"$TOOL" report --compare hog.jsonl hog.jsonl > same.txt
refute "control: one with itself has it in none" grep -q '^[AB], ' same.txt

"$TOOL" report --perfetto hog.pftrace hog.jsonl > perfetto.txt
sed 's/^/# /' perfetto.txt
due=$(($(events reader_resumed hog.jsonl) + $(events reader_deboosted hog.jsonl) +
	$(events gp_slow hog.jsonl) + $(grep -o 'wait function=' hog.jsonl | wc -l)))
cut=$(sed -n 's/.* \([0-9]*\) are cut .*/\1/p' perfetto.txt)
slices=$(slices hog.pftrace)
check "Perfetto: $slices slices, $due events, $cut cut" test "$slices" = $((due + cut))
# By a byte: elsewhere a packet may end.
head -c -1 hog.pftrace > short.pftrace
refute "control: a trace that is cut off" slices short.pftrace 2> /dev/null

"$TOOL" report --json -o hog.json hog.jsonl
check "JSON: as the schema has it" valid hog.json
sed 's/"count": [0-9]*/"count": "many"/' hog.json > bad.json
refute "control: a text for a number" valid bad.json

with_markup "s/cause_reader/<b>'<\/p>/g" > hog.html
check "page: a name is no markup" is_page hog.html
check "page: the name is there" grep -q '&lt;b&gt;' hog.html
sed 's/&lt;b&gt;/<b>/' hog.html > bad.html
refute "control: a page of which it is" is_page bad.html 2> /dev/null

head -c 20000 hog.jsonl > short.jsonl
"$TOOL" report short.jsonl > short.txt
check "a recording that is cut off says so" grep -q '^Note: The recording is cut off' short.txt
: > empty
said "empty" 2 'empty: the file is empty' "$TOOL" report empty
said "no recording" 2 'no recording of rcu-blame' "$TOOL" report trace
said "a folder" 2 'Is a directory' "$TOOL" report .
said "no file" 2 'No such file' "$TOOL" report nowhere
sed '1s/"rcu_blame_recording":1/"rcu_blame_recording":9/' hog.jsonl > later.jsonl
said "a later version" 2 'format 9' "$TOOL" report later.jsonl
said "CPUs that are not there" 2 'house-keeping.*online' \
	"$TOOL" record -o mine -H 4000 -- touch ran
said "a cgroup that is not there" 2 'cgroup.*nowhere.*No such file' \
	"$TOOL" record -o mine -C /nowhere -- touch ran
check "and the command has not run" test ! -e ran
mkdir "$CGROUPS/recorded"
at_exit "rmdir '$CGROUPS/recorded'"
"$TOOL" record -o cgroup.jsonl -C /recorded -- cat /proc/self/cgroup > cgroup
check "-C: the command is in its cgroup: $(cat cgroup)" grep -qx '0::/recorded' cgroup
refute "control: the test is in another" grep -qx '0::/recorded' /proc/self/cgroup
said "a full disk" 2 'No space left' "$TOOL" record -o /dev/full -d 1
echo mine > mine
said "no such command" 2 'nowhere: No such file' "$TOOL" record -o mine -- ./nowhere
check "the file that was there is as it was, and no instance left" \
	test "$(cat mine) $(instances)" = "mine 0"

signalled INT
check "control: while it records: $while_recording" test "$while_recording" = "1 77000"
check "SIGINT: the command is told to end: $status" test $status = 143
check "SIGINT: nothing is left: $left" test "$left" = "0 $before 0"
"$TOOL" record -o killed.jsonl -- sh -c 'kill -s KILL $$'
check "a command that is killed: $?, and no instance" test "$? $(instances)" = "137 0"

"$TOOL" record -o outright.jsonl -H "$there" -- sh -c 'taskset -cp $$ > command; exec sleep 100' &
pid=$!
patiently sh -c "grep -q '\"at\":\"begin\",\"name\":\"hist' outright.jsonl 2> /dev/null"
check "-H: the recorder is on CPU $(affinity $pid), the command on $(sed 's/.*: //' command)" \
	test "$(affinity $pid)/$(sed 's/.*: //' command)" = "$there/$here"
kill -KILL $pid
wait $pid 2> /dev/null
pkill -x -f 'sleep 100'
check "control: SIGKILL leaves the instance" test "$(instances)" = 1
"$TOOL" report outright.jsonl > outright.txt
check "a recording whose recorder was killed can be read" \
	grep -q '^Note: The recording is cut off' outright.txt
"$TOOL" record -o next.jsonl -d 0.5s
check "the next recorder removes it" test "$(instances)" = 0

"$TOOL" metrics --textfile "$tmp/rcu.prom"
check "metrics: promtool takes them" sh -c 'promtool check metrics < rcu.prom'
sed '/^# HELP rcu_blame_boosts/d' rcu.prom > bad.prom
refute "control: promtool misses a description" \
	sh -c 'promtool check metrics < bad.prom 2> /dev/null'
check "metrics: promtool takes the example of alerts" \
	sh -c "promtool check rules '$EXAMPLES/alerts.yml' > /dev/null"

ktap_finished
