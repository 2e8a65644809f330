#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# This test will take every command out of the documentation, run it in a copy of
# the project, and fail if one fails, says something else than the text has it
# say, or cannot be taken out. Only with LONG=1.
# runs: drives
# timeout: 1800

# They are in "code-block:: console", in Markdown in ```console. A line that
# begins with a prompt is a command, and goes on after a backslash at its end:
#
#   $ on the host, in the project's folder
#   # as root in a guest, all of the block in the same one
#
# Other lines are what that prints: they have to be in the output, in this order.
# Digits are any digits, and "..." is anything. A block may be of a class (":class:"
# below the directive, in Markdown the word after "console"):
#
#   own     for a machine of the reader's own: is not run here, but listed
#   self    runs this test: the same
#   panics  the guest has to die of its stack

. "${0%/*}/lib.sh"

if [ -z "${LONG:-}" ]; then
	ktap_print_header
	ktap_skip_all "takes a quarter of an hour: LONG=1"
	exit "$KSFT_SKIP"
fi

work=$PWD/build/doc_commands
tree=$work/tree

# blocks FOLDER FILE...: one file for each block: where it is and its class, then
# its lines.
blocks()
{
	folder=$1
	shift
	mkdir -p "$folder"
	awk -v folder="$folder" '
		function begin() {
			where = FILENAME ":" FNR
			class = body = ""
		}
		function end() {
			file = sprintf("%s/%03d", folder, ++n)
			printf "%s %s\n%s", where, class, body > file
			close(file)
			state = ""
		}
		FNR == 1 && state != "" { end() }
		state == "markdown" {
			if (/^```/)
				end()
			else
				body = body $0 "\n"
			next
		}
		state == "rst" {
			match($0, /^ */)
			if (body == "" && /^ +:class: /)
				class = $2
			else if (/^ *$/ || RLENGTH > indent)
				body = body substr($0, indent + 4) "\n"
			else
				end()
		}
		/^ *\.\. code-block:: console *$/ {
			match($0, /^ */)
			indent = RLENGTH
			begin()
			state = "rst"
		}
		/^```console/ {
			begin()
			class = $2
			state = "markdown"
		}
		END { if (state != "") end() }' "$@"
}

# lines BLOCK COMMANDS: its commands (1), or what they print (0).
lines()
{
	awk -v commands="$2" 'NR > 1 && NF {
		is = /^[$#] / || goes_on
		goes_on = is && /\\$/
		if (is == commands)
			print is && /^[$#] / ? substr($0, 3) : $0
	}' "$1"
}

# says BLOCK OUTPUT: what the block says it does.
says()
{
	lines "$1" 0 | awk '
		function plain(line) {
			gsub(/[0-9]+/, "0", line)
			gsub(/[ \t\r]+/, " ", line)
			return line
		}
		function like(line, pattern,  part, n, i, at) {
			n = split(pattern, part, /\.\.\./)
			for (i = 1; i <= n; i++) {
				at = index(line, part[i])
				if (part[i] != "" && !at)
					return 0
				line = substr(line, at + length(part[i]))
			}
			return 1
		}
		FNR == NR && !second { due[++n] = plain($0); next }
		next_due < n && like(plain($0), due[next_due + 1]) { next_due++ }
		END {
			if (next_due < n)
				print "# not said: " due[next_due + 1]
			exit next_due < n
		}' - second=1 "$2"
}

# run BLOCK: as the reader would.
run()
{
	commands=$(lines "$1" 1)
	[ -n "$commands" ] || {
		echo "# no command in it"
		return 1
	}
	(
		cd "$tree" || exit
		case $(grep -m 1 '^[$#] ' "$1"):$2 in
		'# '*:panics)
			EXPECT='panic:stack guard page|double fault|stack overflow' TIMEOUT=600 \
				lab/vm "$commands" ;;
		'# '*) lab/vm "set -e
			$commands" ;;
		*) sh -ec "$commands" ;;
		esac
	) > "$work/output" 2>&1 < /dev/null && says "$1" "$work/output" && return
	tail -n 30 "$work/output" | sed 's/^/# /'
	return 1
}

# named FILE...: what "make ..." in the text asks for and make help does not have.
named()
{
	make --no-print-directory help | awk '/^  / { print $1 }' > "$work/help"
	# shellcheck disable=SC2016 # these quotes are the text's
	grep -oE '`make( [A-Za-z_.=/$() -]*)?`' "$@" | tr -d '`' | sed 's/:make */ /' |
		while read -r file words; do
			for word in $words; do
				case $word in
				TESTS=[a-z]*) test -e "selftests/${word#TESTS=}.sh" ;;
				*) grep -qxF -e "${word%%=*}" "$work/help" ;;
				esac || echo "# $file: make $words: no $word"
			done
		done > "$work/unknown"
	cat "$work/unknown"
	test ! -s "$work/unknown"
}

# The reader has none of these.
unset MAKEFLAGS MAKELEVEL MFLAGS TESTS EXPECT TIMEOUT

rm -rf "$work"
mkdir -p "$tree"
tar -c --exclude=./build --exclude=./.git . | tar -x -C "$tree"
blocks "$work/blocks" README.md CONTRIBUTING.md Documentation/*.rst
cat > "$work/planted.rst" <<-'PLANTED'
	.. code-block:: console

	   $ false

	.. code-block:: console

	   $ echo 12 green bottles
	   34 green ...
	   $ echo and then
	   never

	Run ``make lint nothing``.
PLANTED
blocks "$work/planted" "$work/planted.rst"

ktap_print_header
ktap_set_plan $(($(find "$work/blocks" -type f | wc -l) + 4))
for block in "$work"/blocks/*; do
	read -r where class < "$block"
	case $class in
	own | self) ktap_test_skip "$where: $class: $(lines "$block" 1 | head -n 1)" ;;
	*) check "$where: $(lines "$block" 1 | head -n 1)" run "$block" "$class" ;;
	esac
done
check "what the text asks of make is in make help" \
	named README.md CONTRIBUTING.md Documentation/*.rst
refute "control: a command that fails" run "$work/planted/001"
refute "control: one that says something else" run "$work/planted/002"
refute "control: a target that is not there" named "$work/planted.rst"

rm -rf "$tree"
ktap_finished
