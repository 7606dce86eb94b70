#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# builtin.sh - talloc is in the kernel, and the suites have run: what became of the
# regions that the command line asks for, "right" or "wrong" as bed.boot says.

. /lib/lib.sh

item_error='talloc: parameter regions: item'

regions_are() {	# NAME...
	[ "$(sed '1d; s/ .*//' "$DEBUGFS/regions" | sort | tr '\n' ' ')" = "$*${1:+ }" ] ||
		{ cat "$DEBUGFS/regions" && return 1; }
}

tell "bed: group $(word boot) parameter"
case $(word boot) in
right)
	try "the regions are there, and none of the suites" regions_are log scratch
	try "1 MiB" stat_is log total_bytes 104856[0-9]
	try "16 MiB" stat_is scratch total_bytes 1677720[0-9]
	for r in log scratch; do
		try "$r is the kernel's" grep "^$r .* kernel\$" "$DEBUGFS/regions"
		try "the checker of $r is content" region_clean $r
	done
	;;
wrong)
	try "the log names the item" logged "$item_error \"scratch:16X\": the size .*(-22)"
	# The suites' own, which they have not looked at in this boot.
	try "no region of the command line is there" regions_are kunit-early
	try "the driver of the device tree is" test -e /sys/bus/platform/drivers/talloc
	;;
esac
finish
