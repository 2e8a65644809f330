#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: The folder selftests/ runs as a kselftest in the kernel's source
# runs: drives
# timeout: 1500
#
# The test puts the folder selftests/ into the kernel's own source as
# tools/testing/selftests/rcu_notrace, installs the folder from there, and runs
# the result in a guest with run_kselftest.sh. The test fails if a result is not
# the one that is due there: ok for tests of the kernel at hand, SKIP for the
# rest. The test runs only with LONG=1.
#
# Control: a test that fails is reported as failed.

. "${0%/*}/../selftests/lib.sh"
# shellcheck source=checks/lib_long.sh
. "${0%/*}/lib_long.sh"

only_with_long "takes a quarter of an hour"

lab=${LAB_VM%/vm}
source=$("$lab/show" kernel)/source.tar.xz
tree=build/kselftest/linux
installed=build/kselftest/installed
tests=$(cd "$SELFTESTS" && for test in *.sh; do
	case $test in lib*) ;; *) echo "${test%.sh}" ;; esac
done)

# due TEST: the result that the kernel's runner should have.  Documentation/ABI is
# not in that folder.
due()
{
	[ "$1" = abi ] && echo "SKIP" || echo "ok"
}

# said TEST: what it has said.
said()
{
	echo "$out" | tr -d '\r' |
		sed -n "s/^\(not \)\{0,1\}ok [0-9]* selftests: rcu_notrace: $1\.sh\(.*\)/\1ok\2/p" |
		sed 's/.*# SKIP.*/SKIP/'
}

ktap_print_header
ktap_set_plan $(($(echo "$tests" | wc -l) + 4))

check "config is .config.fragment, without its comments" \
	sh -c "sed -n '1p;/^CONFIG_/p' .config.fragment | cmp -s - '$SELFTESTS/config'"

# Of the source what kselftest is made of; it takes a while to find.
mkdir -p $tree
if [ "$(cat $tree/.from 2> /dev/null)" != "$source" ]; then
	# shellcheck disable=SC2024
	"$lab/enter" tar -xJ -C $tree --strip-components=1 --wildcards --no-wildcards-match-slash \
		'*/scripts/subarch.include' '*/tools/testing/selftests/Makefile' \
		'*/tools/testing/selftests/lib.mk' '*/tools/testing/selftests/run_kselftest.sh' \
		'*/tools/testing/selftests/kselftest' < "$source" && echo "$source" > $tree/.from
fi
folder=$tree/tools/testing/selftests/rcu_notrace
rm -rf $folder/*.sh $installed
"$lab/enter" rsync -a --exclude='*.ko' --exclude='*.o' --exclude='.*.cmd' \
	--exclude='*_generated.rs' --exclude=/compile_fail "$SELFTESTS/" $folder/
cat > $folder/control.sh <<'END'
#!/bin/sh
# description: A test that fails
# runs: vm

. "${0%/*}/lib.sh"
ktap_print_header
ktap_set_plan 1
refute "control" true
ktap_finished
END
chmod +x $folder/control.sh

# As `make kselftest TARGETS=rcu_notrace` does it, at the top.
# shellcheck disable=SC2016
"$lab/enter" sh -c 'exec make -C "$0/tools/testing/selftests" TARGETS=rcu_notrace \
	RCU_NOTRACE="$PWD" $LAB_MAKE \
	KSFT_INSTALL_PATH="$PWD/$1" install' \
	$tree $installed > build/kselftest/install.log 2>&1
check "it is installed: build/kselftest/install.log" test $? -eq 0

out=$(CPUS=4 TIMEOUT=1400 "$LAB_VM" "export DURATION=4 ROUNDS=2 FORKS=50 LOSE=5
	$installed/run_kselftest.sh -f -c rcu_notrace")
check "the guest is well" test $? -eq 0
echo "$out" > build/kselftest/run.log
for test in $tests; do
	check "$test: $(due "$test")" test "$(said "$test")" = "$(due "$test")"
done
check "control: one that fails: not ok" test "$(said control | cut -c1-6)" = "not ok"

ktap_finished
