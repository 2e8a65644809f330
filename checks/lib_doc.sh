# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# Commands in the documentation. They are in "code-block:: console", in Markdown
# in ```console. A line that begins with a prompt is a command, and goes on after a
# backslash at its end:
#
#   $ on the host, in the project's folder
#   # as root in a guest, all of the block in the same one
#
# Other lines are what that prints: they have to be in the output, in this order.
# Digits are any digits, and "..." is anything. A block may be of a class (":class:"
# below the directive, in Markdown the word after "console"):
#
#   own       both prompts are on a machine of the reader's own: package runs it
#   kernel    in the source of its kernel: kselftest does the same
#   firmware  for what no guest has
#   self      runs the tests
#   panics    the guest has to die of its stack

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

# first BLOCK: its first command.
first()
{
	lines "$1" 1 | head -n 1
}

# of_class CLASS FOLDER: the blocks in it that are of this class.
of_class()
{
	for block in "$2"/*; do
		read -r _ class < "$block"
		[ "$class" != "$1" ] || echo "$block"
	done
}
