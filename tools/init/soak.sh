#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# soak.sh - the sample driver under load for bed.seconds seconds: processes that
# write messages of all lengths and processes that read them, while its timer
# adds messages of its own from softirq and debugfs is read.  At the end the
# region's checker has to be content and nothing may have leaked.

. /lib/lib.sh

DEVICE=/dev/talloc_msgdev
seconds=$(word seconds 60)

now() { cut -d. -f1 /proc/uptime; }

# worker NAME CMD...: run CMD over and over until the time is up, and leave the
# number of times in a file.
worker() {
	name=$1 n=0
	shift
	while [ "$(now)" -lt "$end" ]; do
		"$@" || { echo "$name failed" >>/tmp/failed; break; }
		n=$((n + 1))
	done
	echo $n >"/tmp/$name.count"
}

# What is written is made beforehand: the load is on the driver, not on the
# programs that make it up.  More than the region can hold comes at once.
make_lines() {
	seq 1 2000 >/tmp/short
	for size in $(seq 1 997 15000) 20000 $(seq 15000 -731 1); do
		head -c "$size" /dev/zero | tr '\0' x
		echo
	done >/tmp/long
	cat /tmp/long /tmp/short /tmp/long /tmp/long /tmp/long /tmp/long >/tmp/mixed
}

write_short() { cat /tmp/short >$DEVICE; }
write_mixed() { cat /tmp/mixed >$DEVICE; }

# A line that never ends is given back when the file is closed.
write_broken() { printf 'no end' >$DEVICE; }

# Three messages and a bit of the next, with the file closed in between.  The
# driver's heartbeat sees to it that there is always something to read.
read_some() { head -n 3 $DEVICE >/dev/null; }

look() {
	cat "$DEBUGFS"/regions "$DEBUGFS"/msgdev/* >/dev/null && usleep 20000
}

under_load() {
	rm -f /tmp/failed
	end=$(($(now) + seconds))
	worker short write_short &
	worker mixed write_mixed &
	worker broken write_broken &
	worker reader1 read_some &
	worker reader2 read_some &
	worker look look &
	wait
	! cat /tmp/failed 2>/dev/null
}

# Each worker has to have done something.
all_worked() {
	for f in short mixed broken reader1 reader2 look; do
		echo "$f: $(cat "/tmp/$f.count") rounds"
		[ "$(cat "/tmp/$f.count")" -gt 3 ] || return 1
	done
}

make_lines
forget_leaks
load talloc
load talloc_msgdev heartbeat_ms=10 expire_ms=500 bytes=262144 max_bytes=1048576
try "$seconds seconds under load" under_load
try "all workers made progress" all_worked
for f in short mixed broken reader1 reader2 look; do
	tell "rounds of $f: $(cat "/tmp/$f.count")"
done
show "$DEBUGFS/msgdev/stats"
try "the region is consistent" region_clean msgdev
unload talloc_msgdev
try "no region is left" sh -c "! grep -q msgdev $DEBUGFS/regions"
unload talloc
check_leaks
finish
