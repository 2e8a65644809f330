#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: Litmus tests hold under the kernel's memory model, twins do not
# runs: drives
# timeout: 600
#
# The test runs each file of model/litmus/ through herd7 with the memory model
# of the kernel's tools/memory-model. The test fails if a result is not the one
# that the file states: Never, and Sometimes for a twin, which is the same test
# without the ordering. It fails if a file has no twin or no clause, if the code
# for which the file stands is not there any more, or if the case of the file
# does not occur in any execution. It is skipped if herd7, which is Debian
# sid's, cannot be had.
#
# Control: the twins, and files with a mistake, each of which is refused.

. "${0%/*}/../selftests/lib.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
litmus=model/litmus
kdir=${ktap_helpers%/tools/*}
lkmm=$kdir/tools/memory-model

# said FILE KEY: the values of that key in the comment at its head.
said()
{
	sed -n "1,/^ \\*)/s/^ \\* $2: //p" "$1"
}

# code FILE KEY FOLDER: each line "KEY: FILE: TEXT" quotes a file in FOLDER.
code()
{
	said "$1" "$2" | while read -r place text; do
		grep -qF -- "$text" "$3/${place%:}" || echo "no such line in ${place%:}: $text"
	done
}

# wrong FILE: prints why it is not a litmus test of ours.
wrong()
{
	name=${1##*/}
	name=${name%.litmus}
	folder=${1%/*}
	[ "$(head -n 1 "$1")" = "C $name" ] || echo "its first line is not: C $name"
	clause=$(said "$1" Clause)
	grep -q "^${clause%%,*} " Documentation/contract.rst && [ "${clause#*, }" != "$clause" ] ||
		echo "no clause of Documentation/contract.rst: $clause"
	grep -qF "\`\`$name\`\`" "$folder/README.rst" || echo "it is not in the table of README.rst"
	case $(said "$1" Result) in
	Never)
		grep -qxF " * Twin of: $name" "$folder"/*.litmus || echo "no file is its twin"
		[ "$(said "$1" Code)" ] || echo "it does not say for which code it stands"
		code "$1" Code .
		code "$1" Kernel "$kdir"
		;;
	Sometimes)
		of=$folder/$(said "$1" 'Twin of').litmus
		[ -e "$of" ] && [ "$(said "$of" Result)" = Never ] ||
			echo "it is the twin of no test: $(said "$1" 'Twin of')"
		;;
	*) echo "no result that is Never or Sometimes: $(said "$1" Result)" ;;
	esac
}

right()
{
	wrong "$1" > "$work/wrong"
	sed 's/^/# /' "$work/wrong"
	[ ! -s "$work/wrong" ]
}

# herd FILE: prints the states, and leaves the output in $work/out.
herd()
{
	lab/herd7 -I "$lkmm" -conf "$lkmm/linux-kernel.cfg" "$1" > "$work/out" 2>&1
	herd_status=$?
	sed -n '/^States/,/^[ON][ok]$/p; /^Flag/p; /^Observation/p' "$work/out" | sed 's/^/# /'
	[ $herd_status = 0 ] || sed 's/^/# /' "$work/out"
	return $herd_status
}

# occurs FILE: in some execution, all of its condition but the last part, which is
# the bad result, is true. A test of which that is not so would show nothing.
occurs()
{
	sed -n '/^States/,/^[ON][ok]$/p' "$work/out" > "$work/states"
	sed -n 's/^exists (\(.*\) \/\\ .*)$/\1/p' "$1" | sed 's/ \/\\ /\n/g' > "$work/case"
	[ -s "$work/case" ] || return
	while read -r part; do
		grep -E "(^| )$part;" "$work/states" > "$work/left"
		mv "$work/left" "$work/states"
	done < "$work/case"
	[ -s "$work/states" ]
}

# holds FILE: its result is the one that it states, and that means something.
holds()
{
	herd "$1" || return
	! grep '^Flag' "$work/out" &&
		grep -q "^Observation [^ ]* $(said "$1" Result) " "$work/out" &&
		{ occurs "$1" || { echo "# the case does not occur"; false; }; }
}

# planted TEXT COMMAND SED [NAME [FILE]]: a control: with a mistake that SED makes in
# the test NAME, COMMAND refuses that, or FILE.
planted()
{
	rm -rf "$work/planted"
	cp -r "$litmus" "$work/planted"
	file=$work/planted/${4:-MP+gpinit+note}.litmus
	sed -i "$3" "$file"
	if cmp -s "$file" "$litmus/${file##*/}"; then
		ktap_test_fail "control: no such line in ${file##*/}: $3"
	else
		refute "control: $1 is refused" "$2" "${5:-$file}"
	fi
}

controls()
{
	planted "a twin with the result of its test" holds \
		's/ Result: .*/ Result: Never/' MP+gpinit+once
	planted "a test with the result of its twin" holds 's/ Result: .*/ Result: Sometimes/'
	planted "a test whose case does not occur" holds '/^exists/s/1:r0=1/1:r0=2/'
	planted "a test that herd7 cannot read" holds 's/^exists/exist/'
	planted "a test without a twin" right 's/ Twin of: .*/ Twin of: LB+eqs+fqs/' \
		MP+gpinit+once "$work/planted/MP+gpinit+note.litmus"
	planted "a test without a clause" right '/ Clause: /d'
	planted "a clause that the contract does not have" right 's/ Clause: C1/ Clause: C99/'
	planted "a test without code" right '/ Code: /d'
	planted "code that is not there" right 's/ Code: \([^:]*\): .*/ Code: \1: nothing of it/'
	planted "a test without a result" right '/ Result: /d'
	planted "a twin of nothing" right 's/ Twin of: .*/ Twin of: MP/' MP+gpinit+once
}

# The table names no test that is not there.
table()
{
	# shellcheck disable=SC2016 # these quotes are the text's
	grep -oE '``[A-Za-z0-9.]+\+[A-Za-z0-9.+-]+``' "$litmus/README.rst" | tr -d '`' |
		while read -r name; do
			[ -e "$litmus/$name.litmus" ] || echo "$name"
		done > "$work/missing"
	sed 's/^/# not there: /' "$work/missing"
	[ ! -s "$work/missing" ]
}

# All clauses that are about ordering have a test.
CLAUSES='C1, within the CPU
C1, into the section
C1, out of the section
C1, migration
C1, report from an interrupt
C7, mark and report
C9, module unload'
clauses()
{
	for file in "$litmus"/*.litmus; do
		[ "$(said "$file" Result)" != Never ] || said "$file" Clause
	done | sort -u > "$work/clauses"
	echo "$CLAUSES" | sort | diff - "$work/clauses" | sed 's/^/# /' > "$work/differ"
	cat "$work/differ"
	[ ! -s "$work/differ" ]
}

if [ ! -e "$lkmm/linux-kernel.cfg" ]; then
	echo "Bail out! no memory model in $lkmm"
	exit 1
fi
lab/herd7 -version > "$work/out" 2>&1
status=$?
ktap_print_header
if [ $status = 125 ]; then
	ktap_skip_all "no herd7: $(sed -n 's/^lab: error: //p' "$work/out" | head -n 1)"
	exit "$KSFT_SKIP"
fi
files=$(find "$litmus" -name '*.litmus' | wc -l)
ktap_set_plan $((files * 2 + $(grep -c '^	planted ' "$0") + 2))
echo "# herd7 $(tail -n 1 "$work/out")"

check "each ordering clause has a test" clauses
check "the table names no test that is not there" table
for file in "$litmus"/*.litmus; do
	check "${file##*/}: it has a result, a clause and a twin" right "$file"
	check "${file##*/}: $(said "$file" Result)" holds "$file"
done
controls
ktap_finished
