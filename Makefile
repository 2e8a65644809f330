# SPDX-License-Identifier: GPL-2.0
#
# Targets for people. Kbuild says which sources each module is built from;
# whatever needs a tool chain or a virtual machine goes through lab/.

SHELL := /bin/bash
.DEFAULT_GOAL := module

## Variables (in the environment or on the command line):
KVER ?=#        kernel to take: a release or its beginning, e.g. 7.2; default the newest supported
KDIR ?=#        build against this prepared tree with the host's own tool chain, without the lab
SUITE ?=#       trixie (default), forky or sid: the Debian that the lab is made from
ARCH ?=#        amd64 or arm64: the kernel's, emulated if not this machine's, the default
KERNEL ?=#      stock (default), plain (without PREEMPT_RT), debug, patched, kasan or kcsan: the kernel that runs
CPUS ?=#        the guest's processors, default 4, with ICOUNT 1
MEM ?=#         the guest's memory, default 2G
APPEND ?=#      more for the guest's kernel command line
TIMEOUT ?=#     seconds a run in the guest may take, default 300
SLOW ?=#        how many times as long: 1 for stock kernels, 4 for others
EXPECT ?=#      panic:REGEX or splat:REGEX: the run must end so
ICOUNT ?=#      1: one guest nanosecond an instruction
TCG_THREAD ?=#  multi: a QEMU thread for each processor where there is no KVM
QEMU_OPTS ?=#   more for QEMU's command line
CMD ?=#         what make vm runs
HOST ?=#        1: the demo on this machine, with the module loaded, as root
TESTS ?=#       what make check runs, default all; names as in selftests/ and checks/
LANES ?=#       how many jobs of make check run at a time, see checks/check
CELLS ?=#       what make matrix runs them in, e.g. '1 20 4:preempt=lazy'
LONG ?=#        1: make check runs the tests that take a quarter of an hour, too
PACKAGE ?=#     1: make check tries the Debian package as well, for three quarters of an hour
NEIGHBOURS ?=#  what make neighbours runs, default all: rcutorture ftracetest refscale bpftrace
DURATION ?=#    seconds of rcutorture, default 120, and of a test that says so
HOURS ?=#       how long make soak takes
KERNELS ?=#     those of make soak, default: stock debug kasan kcsan patched
BENCH ?=#       what make bench runs, default all: pair qs event preempt latency gp scale memory
MIRROR ?=#      Debian mirror, default the host's own
KEYRING ?=#     the mirror's keyring, default the host's debian-archive-keyring
DESTDIR ?=#     where make install takes / to be
PREFIX ?=#      where make install puts rcu-blame, default /usr/local

# A variable left empty is as good as not set.
$(foreach v,KVER SUITE ARCH KERNEL CPUS MEM APPEND TIMEOUT SLOW EXPECT ICOUNT TCG_THREAD QEMU_OPTS CMD HOST TESTS LANES CELLS BENCH LONG PACKAGE MIRROR KEYRING NEIGHBOURS DURATION HOURS KERNELS,\
	$(if $(strip $($(v))),$(eval export $(v)),$(eval unexport $(v))))

## Targets:
ifneq ($(strip $(KDIR)),)
# By the name that it has in the configuration: to kbuild, another name for the
# same is another compiler.
KDIR_CC = $(shell sed -n 's/^CONFIG_CC_VERSION_TEXT="\([^ ]*gcc[^ ]*\) .*/\1/p' $(KDIR)/.config 2>/dev/null)
# Crates of one compiler are nothing to another. To kbuild only the command line names it.
KDIR_RUSTC = $(shell sed -n 's/^CONFIG_RUSTC_VERSION_TEXT="\(.*\)"$$/\1/p' $(KDIR)/.config 2>/dev/null)
MY_RUSTC = $(if $(findstring command,$(origin RUSTC)),$(RUSTC),rustc)
KDIR_MAKE = $(MAKE) -C $(KDIR) M=$(CURDIR) $(if $(KDIR_CC),CC=$(KDIR_CC))

module: ## build rcu_notrace.ko and rcu_blame.ko (the default)
	@[ -e $(KDIR)/rust/libkernel.rmeta ] || { \
		echo "$(KDIR) has no Rust crates: prepare it with CONFIG_RUST=y and 'make modules_prepare'" >&2; exit 1; }
	@has=$$($(MY_RUSTC) --version 2>&1); [ "$$has" = "$(KDIR_RUSTC)" ] || { \
		echo "$(KDIR) was built with $(KDIR_RUSTC), and $(MY_RUSTC) is $$has: install that one, or name it by RUSTC=" >&2; exit 1; }
	$(KDIR_MAKE) modules
else
module: lab
	@lab/kbuild modules
endif

lab: ## make the lab: root file system, kernel, build tree (cached)
	@lab/setup

lab-update: ## resolve all of the lab's versions afresh, and make what is new
	@lab/setup --update

test-kernel: ## build the kernel that KERNEL names, default debug (cached, 10 minutes or more)
	@unset KERNEL; lab/setup && lab/test-kernel $(or $(filter-out stock plain,$(KERNEL)),debug)

patched-kernel: ## build KERNEL=patched: the debug kernel with the series in patches/ (cached)
	@unset KERNEL; lab/setup && lab/test-kernel patched

lab-clean: ## remove the lab's cache
	@lab/clean

vm: lab ## run CMD='...' in a virtual machine, in this folder
	@lab/vm '$(subst ','\'',$(CMD))'

shell: lab ## a shell in a virtual machine
	@lab/vm

ifneq ($(strip $(HOST)),)
demo: ## see the cause of a long grace period, and a report, after 20 s of load; HOST=1: on this machine
	@demo/run
else
demo: module tool
	@TIMEOUT=$${TIMEOUT:-600} lab/vm 'insmod rcu_notrace.ko && insmod rcu_blame.ko tasks=16384 && demo/run && rmmod rcu_blame rcu_notrace'
endif

check: ## run the tests; TESTS='a b' for some of them
	@checks/check $(TESTS)

tests: ## list the tests, with a description of each
	@checks/check --list

matrix: ## run short tests with other CPU counts and boot parameters: TESTS in CELLS
	@checks/matrix $(CELLS)

canary: ## build for the newest kernel that Debian has anywhere, run short tests, say what broke
	@checks/canary

neighbours: ## run the kernel's tests of RCU and tracing, and bpftrace's tools, with us and without
	@NEIGHBOURS="$${NEIGHBOURS:-rcutorture ftracetest refscale bpftrace}" KERNEL=$${KERNEL:-debug} \
		checks/check neighbours; rc=$$?; grep '^#' build/check/neighbours.log; exit $$rc

soak: ## run tests and neighbours in rotation on all kernels for HOURS, to the first failure
	@checks/soak $(HOURS)

tool: lab ## build rcu-blame, which shows the module's answers, in build/
	@lab/enter tools/rcu-blame/build
	@echo build/rcu-blame

lint: ## the kernel's checkers of style, and more, on every file
	@checks/check lint

docs: module ## the documentation, as HTML in build/docs
	@lab/enter Documentation/build
	@echo build/docs/index.html

bench: ## measure what it costs beside others; BENCH='a b' for some of it
	@bench/run $(BENCH)

model: lab ## check the model of the unlock
	@lab/enter model/run

kdir: ## as root: a tree for KDIR, for the Debian kernel that runs here
	@packaging/kdir

# Loads the module at boot, but for the line that does, which is a comment.
MODULES_LOAD := $(DESTDIR)/etc/modules-load.d/rcu-notrace.conf
ifneq ($(strip $(KDIR)),)
RELEASE = $(shell cat $(KDIR)/include/config/kernel.release)
DEPMOD = depmod $(if $(DESTDIR),-b $(DESTDIR)) $(RELEASE)

TOOL_PREFIX = $(DESTDIR)$(or $(strip $(PREFIX)),/usr/local)

install: module ## as root, with KDIR: the module, what would load it at boot; rcu-blame, if it is built
	$(KDIR_MAKE) $(if $(DESTDIR),INSTALL_MOD_PATH=$(DESTDIR)) modules_install
	$(DEPMOD)
	install -D -m 644 packaging/modules-load.conf $(MODULES_LOAD)
	[ ! -x build/rcu-blame ] || packaging/install-tool $(TOOL_PREFIX)

uninstall: ## as root, with KDIR: remove these
	rm -f $(DESTDIR)/lib/modules/$(RELEASE)/updates/rcu_{notrace,blame}.ko* $(MODULES_LOAD)
	packaging/install-tool --remove $(TOOL_PREFIX)
	$(DEPMOD)
else
install uninstall:
	@echo "name the tree that it is built against: make $@ KDIR=..." >&2; exit 1
endif

package: tool ## the Debian packages rcu-notrace-dkms and rcu-blame, in build/
	@lab/enter packaging/deb
	@lab/enter packaging/deb-tool

dist: lab ## a tarball of the last commit, which builds without git, in build/
	@lab/enter packaging/dist

clean: ## remove what was built here
ifneq ($(strip $(KDIR)),)
	$(KDIR_MAKE) clean
else
	@lab/kbuild clean
endif
	rm -rf build

selftests/config: .config.fragment
	sed -n '1p;/^CONFIG_/p' $< >$@

help: ## this text
	@awk '/^## /        { print (n++ ? "\n" : "") substr($$0, 4) } \
	      /^[A-Z_]+ \?=#/ { name = $$1; sub(/^[^#]*# */, ""); printf "  %-12s %s\n", name, $$0 } \
	      /^[a-z-]+:.*## / { name = $$1; sub(/:.*/, "", name); sub(/.*## /, ""); printf "  %-12s %s\n", name, $$0 }' \
		$(firstword $(MAKEFILE_LIST))

.PHONY: kdir install uninstall package dist module lab lab-update test-kernel patched-kernel lab-clean
.PHONY: vm shell tool demo check tests matrix canary neighbours soak bench lint docs model clean help
