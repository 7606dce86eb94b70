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
	leave
	leave
	unload talloc
}

# A module goes and leaves regions and pools behind, some of them with a device that stays.
leave() {
	load talloc_leaver
	try "what it leaves is there" left 4
	try "a map of more than 2 TiB is drawn" map_is leaver.wide 4294967296 '^1374389534720 #{64}$'
	exec 3<"$DEBUGFS/leaver.wide/map"
	try "a reader stands still in a map" some_of_it
	mark
	unload talloc_leaver
	try "the reader finds nothing more" not some_of_it
	exec 3<&-
	try "nothing of it is left" left 0
	try "the log names a region of its device" logged 'leaver.device: left behind with 1 live'
	try "the log names a region of its own" logged 'leaver.own: left behind with 1 live'
	try "the log names a pool of its device" logged 'gen_pool.*: pool destroyed with 1 live'
}

# map_is REGION BYTES ROW: a cell has so many bytes, and a row is like that.
map_is() {
	cat "$DEBUGFS/$1/map" && grep -q "cell_bytes $2\$" "$DEBUGFS/$1/map" &&
		grep -qE "$3" "$DEBUGFS/$1/map"
}

# A hundred bytes of the file that is open, of which there are more.
some_of_it() { [ "$(dd bs=100 count=1 <&3 2>/dev/null | wc -c)" = 100 ]; }

# left N: there are so many of its regions.
left() { [ "$(grep -cE '^(leaver|gen_pool)\.' "$DEBUGFS/regions")" = "$1" ]; }

forget_leaks
for n in $(seq "$(word phases 1)"); do
	run_suites "load $n"
done
check_leaks
save_coverage
finish
