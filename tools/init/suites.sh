#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# suites.sh - run all KUnit suites, as often as bed.phases says, loading and
# unloading the modules each time; then look for leaks. bed.steps is how long the
# random cases are.

. /lib/lib.sh

run_suites() {
	phase "$1"
	load talloc
	load_kunit
	load talloc_kunit steps="$(word steps 3000)"
	unload talloc_kunit
	unload talloc
}

forget_leaks
for n in $(seq "$(word phases 1)"); do
	run_suites "load $n"
done
check_leaks
save_coverage
finish
