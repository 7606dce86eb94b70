# SPDX-License-Identifier: GPL-2.0
#
# talloc - `make help` says what there is.
#
# The kernel's own build system reads Kbuild; this file is for people.

ifneq ($(words $(CURDIR)),1)
$(error No path may have a space in it: $(CURDIR))
endif

KDIR ?= /lib/modules/$(shell uname -r)/build
BEDS ?=
kbuild = $(MAKE) -C $(KDIR) M=$(CURDIR)

.PHONY: all modules modules_install clean help demo check headers bench bench-kernel

all: modules

modules: headers
	$(kbuild) modules

modules_install: headers
	$(kbuild) modules_install

clean:
	@if [ -e $(KDIR)/Makefile ]; then $(kbuild) clean; fi
	@$(MAKE) -s -C tools/user clean
	@$(MAKE) -s -C tools/bench clean
	@rm -rf Documentation/_build

headers:
	@test -e $(KDIR)/Makefile || { \
		echo 'There are no kernel headers in KDIR=$(KDIR).' >&2; \
		echo 'On Debian: apt-get install linux-headers-$$(uname -r)' >&2; \
		echo 'For another kernel: make KDIR=/path/to/its/build/tree, and ARCH=' >&2; \
		echo 'and CROSS_COMPILE= as it was built with' >&2; \
		echo 'To try talloc without any of that: make demo' >&2; \
		exit 1; }

demo:
	@tools/demo

check:
	@tools/check $(BEDS)

check-%:
	@tools/check $*

beds:
	@tools/bed list

bench:
	@tools/bench/run

bench-kernel:
	@tools/bench/kernel/run

help:
	@echo 'Build:'
	@echo '  make                  talloc.ko and samples, for the running kernel'
	@echo '  make modules_install  install them for it'
	@echo '  make clean            remove what was built'
	@echo '    KDIR=DIR            for the kernel built in DIR instead'
	@echo '    INSTALL_MOD_PATH=D  install under D'
	@echo '    CONFIG_TALLOC_SAMPLES=n    without the sample drivers'
	@echo '    CONFIG_TALLOC_KUNIT_TEST=m with the KUnit suites, where the kernel has KUnit'
	@echo '    ARCH=A CROSS_COMPILE=P     as that kernel was built'
	@echo
	@echo 'Try and test. On Debian these fetch and build what they need, once,'
	@echo 'into $$XDG_CACHE_HOME/talloc (~/.cache/talloc):'
	@echo '  make demo             boot a kernel here and show talloc at work'
	@echo '  make check            everything: static checks, docs, all test beds'
	@echo '    BEDS="uml-6.12 user"     only these'
	@echo '  make check-uml-6.12   one of them'
	@echo '  make beds             which there are'
	@echo '  make bench            speed, space and the worst case, beside other allocators'
	@echo '    BENCH=quick         a minute and not ten; tools/bench/run says what else'
	@echo '  make bench-kernel     measure talloc beside the kernel'"'"'s own allocators'
	@echo '    BENCH=quick         two minutes and not ten'
	@echo
	@echo 'tools/bed without arguments says how to build for one bed, and how'
	@echo 'to boot it with an init script of your own.'
