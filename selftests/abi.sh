#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: Files and events of rcu_blame.ko match their ABI documents
# runs: vm
#
# The test compares the files and events of rcu_blame.ko with the documents of
# its ABI. The test fails if one is in the kernel or in the documents only, a
# mode differs, a field of an event is not described, or the kernel's own script
# complains of the documents.
#
# Control: a file or field of another name, a file of another mode, and a
# mistake in a document are noticed.

. "${0%/*}/lib.sh"
. "$SELFTESTS/lib_blame.sh"

ABI=$SELFTESTS/../Documentation/ABI
EVENTS=/sys/kernel/tracing/events/rcu_blame
get_abi=${KTAP_HELPERS%/testing/selftests/*}/docs/get_abi.py

ktap_print_header
[ -d "$ABI" ] || {
	ktap_skip_all "needs Documentation/ABI, which is in the project's folder"
	exit "$KSFT_SKIP"
}
ktap_set_plan 8

insmod "$MODULE"
work=$(mktemp -d)
at_exit "rm -rf '$work'"
cp -r "$ABI/testing" "$work"

# there: files and events, with their modes as the documents have them.
there()
{
	find "$DIR" "$CTL" -type f -printf '%p %m\n' | sed 's/ 600$/ RW/; s/ 400$/ RO/'
	find "$EVENTS" -mindepth 1 -type d -printf '%p event\n'
}

# described: the same, of the documents.
described()
{
	cat "$work"/testing/* | awk '
		/^What:/ { if (!open) n = 0; open = 1; what[++n] = $2 }
		/^Description:/ { open = 0; first = 1; next }
		first && NF {
			first = 0
			mode = match($1, /^\(R[OW]\)$/) ? substr($1, 2, 2) : "event"
			for (i = 1; i <= n; i++)
				print what[i], mode
		}'
}

# differences: lines of the one that the other has not.
differences()
{
	there | sort > "$work/there"
	described | sort > "$work/described"
	diff "$work/there" "$work/described" | grep '^[<>]' | sed 's/^/# /'
}

# undescribed: fields of events that the documents do not name.
undescribed()
{
	for format in "$EVENTS"/*/format; do
		event=$(basename "$(dirname "$format")")
		text=$(awk -v what="$EVENTS/$event" '
			/^What:/ { on = $2 == what }
			on' "$work"/testing/tracefs-*)
		sed -n 's/.*field:[^;]*[ *]\([a-z_]*\)\(\[[^]]*\]\)*;.*/\1/p' "$format" |
			grep -v '^common_' | while read -r field; do
			echo "$text" | grep -qw "$field" || echo "# $event: $field"
		done
	done
}

# complaints: of the kernel's script.
complaints()
{
	python3 "$get_abi" --dir "$work" validate 2>&1 | sed 's/^/# /'
}

differences
check "files and events: $(there | wc -l), and as many are described" \
	test "$(there | wc -l)" -gt 10 -a -z "$(differences)"
undescribed
check "all fields of events are described" test -z "$(undescribed)"
sed -i 's/^\(What:.*\)reader_off$/\1reader_of/; s/off_ns/of_ns/' "$work"/testing/*
check "control: a file of another name: two differences" \
	test "$(differences | wc -l)" = 2
check "control: a field of another name" test -n "$(undescribed)"
cp "$ABI"/testing/* "$work/testing"
sed -i 's/(RW) 1 if the probes/(RO) 1 if the probes/' "$work"/testing/sysfs-*
check "control: a file of another mode" test "$(differences | wc -l)" = 2
cp "$ABI"/testing/* "$work/testing"
if [ -r "$get_abi" ]; then
	complaints
	check "the kernel's get_abi.py has no complaint" test -z "$(complaints)"
	sed -i '0,/^Description:/s//Explanation:/' "$work/testing/debugfs-rcu_blame"
	check "control: of a mistake it has" test -n "$(complaints)"
else
	ktap_test_skip "the kernel's get_abi.py: not in this tree"
	ktap_test_skip "control of it: not in this tree"
fi
rmmod rcu_blame
check "control: without the module nothing is there" test -z "$(there 2> /dev/null)"

ktap_finished
