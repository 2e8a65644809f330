#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: Every file passes the kernel's style checkers
# runs: host
# timeout: 900
#
# The test holds every file of the project against the kernel's checkers of
# style and the usual ones of shell and spelling, and fails if a checker has
# something to say.
#
# Control: the test makes a mistake for each checker, and fails if the checker
# does not see that mistake.

. "${0%/*}/../selftests/lib.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Messages of the kernel's script that are not for us:
#   RCU_TASKS_TRACE     that nobody but BPF uses it: it is one of our read sides
#   EMBEDDED_FILENAME   it takes Kbuild.bindgen, included by Kbuild, for Kbuild
NOT_OURS=RCU_TASKS_TRACE,EMBEDDED_FILENAME

# sources [PATTERN]: every file below the current folder that .gitignore does not
# name, but for patches to the kernel: white space and words are in part the
# kernel's there, and the test "patches" has checkpatch.pl for the rest.  With a
# repository made for this: the project may have none, or one that is not to be
# seen from here.
git init --quiet "$work/git" > /dev/null
sources()
{
	git --git-dir="$work/git/.git" --work-tree=. ls-files --others --exclude-standard |
		grep -v '^patches/.*\.patch$' | grep -E -e "${1:-.}"
}

# Each of these prints what it has to say of the current folder.

# The files that a kernel tree would take: not the lab, the model and the
# benchmarks. The macros of tracepoints are laid out as in include/trace/events/,
# and exports of Rust symbols apart from them as in rust/exports.c, both of which
# it knows by name.
checkpatch()
{
	sources | grep -vE '^(bench|lab|model|build|patches)/|\.(md|png)$|^COPYING$' |
		xargs "$KDIR/scripts/checkpatch.pl" --no-tree --strict --terse --show-types \
			--no-summary --ignore "$NOT_OURS" --file 2>&1 |
		grep -vE -e '^rcu_blame/trace\.h:.*:(PARENTHESIS_ALIGNMENT|OPEN_ENDED_LINE):' \
			-e '^rcu_notrace/exports\.c:.*:EXPORT_SYMBOL:'
}

rust_format()
{
	sources '\.rs$' |
		xargs rustfmt --check --config-path "$KDIR/.rustfmt.toml" --edition 2021 \
			--color never 2>&1
}

# The kernel's own build of everything, with clippy for the compiler of Rust, as
# the kernel configures it, and sparse beside the one of C.  Sparse 0.6.4 has no
# __typeof_unqual__, so that the kernel would not call it at all, and finds that
# the __builtin_strlen() of MODULE_INFO() is not constant, after which it is
# silent.  To it they may mean this.
SPARSE='sparse -D__typeof_unqual__=__typeof__ -D__builtin_strlen=-1+sizeof'
kbuild()
{
	copy=$(mktemp -d -p "$work")
	sources | xargs cp --parents --target-directory="$copy"
	# shellcheck disable=SC2086 # a list
	make -j"$(nproc)" -C "$KDIR" M="$copy" $LAB_MAKE \
		CLIPPY=1 C=2 CHECK="$SPARSE" RCU_NOTRACE_TESTS=m modules > "$copy/log" 2>&1 ||
		echo "error: make: status $?"
	sed "s|$copy/||" "$copy/log"
}

# One line each, and once for a file that several modules are made of.
clippy()
{
	printf '%s\n' "$built" | awk '
		/^error: make/ || /Makefile:.* is not available/ { print }
		/^(warning|error)/ { what = $0 }
		/^ *--> / && what != "" { print $2 ": " what; what = "" }' |
		sed 's|[^ ]*/\.\./||' | sort -u
}

# Of the files here: the kernel's headers are the kernel's.
sparse()
{
	printf '%s\n' "$built" | grep -E '^[^/. ][^ ]*\.[ch]:[0-9]+:[0-9]+: '
}

shell()
{
	sources | xargs awk '
		FNR == 1 && /^#!.*sh$/ || FNR <= 4 && /^# shellcheck shell=/ {
			print FILENAME
			nextfile
		}' | xargs shellcheck --external-sources --source-path=SCRIPTDIR --source-path=. \
			--format=gcc
}

spelling()
{
	# A keyword of Kconfig's, and a crate.
	sources | grep -vx COPYING | xargs codespell --ignore-words-list=rsource,ratatui
}

SPDX=$(printf 'SPDX%sLicense-Identifier:' -)
spdx()
{
	for file in $(sources); do
		head -n 3 "$file" | grep -qE "$SPDX GPL-2\.0( |\$)" || echo "$file: no $SPDX"
	done
}

# Sentences, headings and comments begin with the noun that the reader looks for.
# None begins with what, who, whoever, whatever or where, so these words never have
# a capital.  The logs are console output of the kernel; ABI documents have a key of
# that name.
nouns()
{
	sources | grep -vE '\.log$|/ABI/|/abi\.sh$' | xargs grep -HnwE 'Wh(at|o|oever|atever|ere)'
}

# Heads of tests: description, requires, runs and timeout, in this order, then text.
# checks/check and lib.sh read these lines, in any order.
heads()
{
	# shellcheck disable=SC2016 # awk expands it
	sources '^(selftests|checks)/[^/]*\.sh$' | grep -v '/lib[^/]*$' | xargs awk '
		function wrong(why) { print FILENAME ":" FNR ": " why }
		FNR == 1 { head = 1; keys = "" }
		!head { next }
		length > 80 { wrong("a head has lines of 80 columns") }
		/^# (description|requires|runs|timeout):/ {
			keys = keys ($2 == "requires:" ? "q" : substr($2, 1, 1))
		}
		/^# description:/ && (!/^# description: [A-Z]/ || NF > 16 || /\.$/) {
			wrong("a description is under 15 words, without a full stop")
		}
		/^# requires:/ {
			for (i = 3; i <= NF; i++)
				if ($i !~ /^(cpus:[0-9]+|program:.+|config:[A-Z0-9_]+)$/ &&
				    $i !~ /^(nmis|native)$/)
					wrong("no requirement: " $i)
		}
		/^$/ {
			head = 0
			if (keys !~ /^dq*rt?$/ || !text)
				wrong("a head has description, requires, runs, timeout, then text")
			text = 0
		}
		/^#$/ { text = keys != "" }'
}

# References of the text: links, documents and labels, files of the project.
links()
{
	sphinx-build -q -n -W --keep-going -b dummy Documentation "$(mktemp -d -p "$work")" 2>&1
	# shellcheck disable=SC2016 # these quotes are the text's
	sources '\.(md|rst)$' |
		xargs grep -HoE '\]\([^):#]+[#)]|`[A-Za-z0-9_.-]+/[A-Za-z0-9_./-]*`' |
		while IFS=: read -r text file; do
			case $file in
			# Files that are made, and headers of the kernel.
			'`build/'* | '`include/linux/'* | '`include/trace/'*) continue ;;
			'`tools/testing/'* | '`tools/objtool/'*) continue ;;
			'`tools/memory-model'*) continue ;;
			']('*) file=${file#](} file=$(dirname "$text")/${file%?} ;;
			'`'*) file=${file#?} file=${file%?} ;;
			esac
			# A path that begins as one of ours does.
			[ ! -e "${file%%/*}" ] || [ -e "$file" ] ||
				echo "$text: $file: no such file"
		done
}

# clean TEXT LINTER: it has nothing to say.
clean()
{
	"$2" > "$work/said"
	sed 's/^/# /' "$work/said"
	check "$1" test ! -s "$work/said"
}

# finds LINTER REGEX: it says so of the planted mistakes.
finds()
{
	"$1" > "$work/said"
	grep -q -e "$2" "$work/said" || sed 's/^/# /' "$work/said"
	check "control: $1 finds the mistake" grep -q -e "$2" "$work/said"
}

plant()
{
	mkdir -p "$work/planted/Documentation"
	cd "$work/planted" || exit
	printf 'obj-m := planted.o\nplanted-y := c.o rust.o\n' > Kbuild
	cat > c.c <<-PLANTED
		// $SPDX GPL-2.0
		#include <linux/module.h>
		void *planted(int why);
		void *planted(int why)
		{
			if(why)
				return 0;
			return NULL;
		}
		MODULE_LICENSE("GPL");
	PLANTED
	cat > rust.rs <<-PLANTED
		// $SPDX GPL-2.0

		//! Planted.

		static BYTE: u8 = 0;

		/// Planted.
		pub fn planted()->u8 {
		    unsafe { (&raw const BYTE).read_volatile() }
		}
	PLANTED
	printf '#!/bin/sh\nrm %s1\n# Wh%s it removes.\n' '$' at > script
	mkdir selftests
	printf '%s\n' '#!/bin/sh' "# $SPDX GPL-2.0" '# description: ... (a skeleton)' \
		'# runs: vm' '# requires: cpus:2 cpu:2' '' > selftests/skeleton.sh
	printf 'To rec%sve nothing.\n' ie > text.md
	printf 'See [that](nowhere.md).\n' >> text.md
	printf 'It ends. Wh%s reads on finds nothing.\n' oever >> text.md
	cp "$project/Documentation/conf.py" Documentation/
	# shellcheck disable=SC2016 # these quotes are the text's
	printf '%s\n' Planted ======= '' 'See :doc:`nowhere`, `Documentation/nowhere.c`.' \
		> Documentation/index.rst
}

project=$PWD
ktap_print_header
ktap_set_plan 25

built=$(kbuild)
clean "checkpatch.pl --strict" checkpatch
clean "rustfmt" rust_format
clean "clippy" clippy
clean "sparse" sparse
clean "shellcheck" shell
clean "codespell" spelling
clean "every file has its SPDX line" spdx
clean "heads of tests have one form" heads
clean "sentences begin with their noun" nouns
clean "no link is dead" links

plant
built=$(kbuild)
finds checkpatch 'ERROR:SPACING: space required before the open parenthesis'
finds rust_format '^Diff in .*rust.rs'
finds clippy 'unsafe block missing a safety comment'
finds sparse 'c.c:.*Using plain integer as NULL pointer'
finds shell '^script:2:.*SC2086'
finds spelling 'text.md:1: '
finds spdx '^script: '
finds heads '^selftests/skeleton.sh:3: a description'
finds heads '^selftests/skeleton.sh:5: no requirement: cpu:2'
finds heads '^selftests/skeleton.sh:6: a head has description'
finds nouns '^script:3:'
finds nouns '^text.md:3:'
finds links 'unknown document: .nowhere'
finds links 'text.md: ./nowhere.md: no such file'
finds links 'index.rst: Documentation/nowhere.c: no such file'

ktap_finished
