#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# demo.sh - what `make demo` shows.  Any step that does not work stops it
# before its last line, which the host waits for.

. /lib/lib.sh

title() { printf '\n%s\n%s\n' "$*" "$(echo "$*" | sed 's/./-/g')"; }

give_up() {
	printf '\nfailed: %s\nThe last messages of the kernel:\n' "$*"
	dmesg | tail -n 30
	poweroff -f
}

# run CMD: a shell command line, shown with what it prints; it has to succeed.
run() {
	printf '  # %s\n' "$*"
	if sh -c "$*" >/tmp/out 2>&1; then ok=1; else ok=; fi
	sed 's/^/  /' /tmp/out
	[ "$ok" ] || give_up "$*"
}

# file NAME: a file of debugfs; it has to say something.
file() {
	printf '  # cat %s/%s\n' "$DEBUGFS" "$1"
	cat "$DEBUGFS/$1" >/tmp/out 2>&1 || give_up "$1: $(cat /tmp/out)"
	[ -s /tmp/out ] || give_up "$1 is empty"
	sed 's/^/  /' /tmp/out
}

messages() {
	i=0
	while [ $i -lt "$1" ]; do
		i=$((i + 1))
		head -c $((i * 37 % 1500 + 1)) /dev/zero | tr '\0' x
		echo
	done >/dev/talloc_msgdev
}

echo "demo: begin"
title "Two modules in Linux $(uname -r): the allocator and a driver that uses it"
run insmod /mod/talloc.ko regions=scratch:1M
run insmod /mod/talloc_msgdev.ko
run 'lsmod | grep talloc'

title "The driver keeps messages in a region of its own"
run 'echo "hello from a region" >/dev/talloc_msgdev'
run 'head -n 2 /dev/talloc_msgdev | grep .'

title "Two hundred messages of all lengths, then the older half is read"
messages 200
run 'i=0; while [ $i -lt 100 ]; do i=$((i + 1)); head -n 1; done </dev/talloc_msgdev | wc -lc'

title "All regions"
file regions
for f in stats fragmentation map; do
	title "The driver's region: $f"
	file "msgdev/$f"
done

title "The checker walks through the driver's region"
run "grep -x 'result clean' $DEBUGFS/msgdev/check"

title "Everything is given back"
run rmmod talloc_msgdev
file regions
run rmmod talloc
run '! dmesg | grep -E "WARN[I]NG:|BU[G]:|lea[k]ed"'
tell "bed: ok - demo"
echo "demo: complete"
finish
