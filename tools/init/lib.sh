# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# lib.sh - first thing that every init script in a guest sources: mounts, all
# CPUs, and how to say what happened.  All messages go through /dev/kmsg, so that they
# stand whole and in order between those of the kernel; tools/ktap.py reads
# them.  Words that the host gives to the script stand on the kernel command
# line as bed.NAME=VALUE.

export PATH=/bin
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t debugfs debugfs /sys/kernel/debug

# Of several CPUs that QEMU emulates at once, one of x86 may run into the breakpoint of a
# patch of the kernel's code that is over. Most are patched while it boots: beds for which
# that matters boot on one CPU, and get the others here.
for cpu in /sys/devices/system/cpu/cpu*/online; do
	[ ! -e "$cpu" ] || [ "$(cat "$cpu")" = 1 ] || echo 1 >"$cpu"
done

DEBUGFS=/sys/kernel/debug/talloc

tell() { echo "$*" >/dev/kmsg; }

# show FILE: a file's text in the log.
show() {
	while IFS= read -r line; do tell "$1: $line"; done <"$1"
}

# word NAME [DEFAULT]: what the command line says about bed.NAME.
word() {
	for w in $(cat /proc/cmdline); do
		case $w in "bed.$1="*) echo "${w#*=}"; return ;; esac
	done
	echo "${2-}"
}

# try NAME CMD...: one test of the bed, passed if CMD succeeds.
try() {
	name=$1
	shift
	if out=$("$@" 2>&1); then
		tell "bed: ok - $name"
	else
		status=$?
		out=$(echo "$out" | tr '\n' ' ' | cut -c1-600)
		tell "bed: not ok - $name # exit $status: $out"
		return 1
	fi
}

not() { ! "$@"; }

# logged TEXT: a line that matches it has come since the last mark.
mark() { tell "mark"; }
logged() { dmesg | sed -n '/ mark$/h; / mark$/!H; ${x; p}' | grep "$1"; }

# What the module has to give back as it was: physical ranges and mappings.
# Device memory that a suite emulates under UML cannot be taken away again, and is left out.
claims() { grep -v ' : kunit-device$' /proc/iomem && grep -cE 'memremap|ioremap' /proc/vmallocinfo; }
remember_claims() { claims >/tmp/claims; }
same_claims() { claims | diff /tmp/claims -; }

# stat_is REGION NAME VALUE: what debugfs says in stats.
stat_is() { cat "$DEBUGFS/$1/stats" && grep -qE "^$2 +$3\$" "$DEBUGFS/$1/stats"; }
region() { grep -q "^$1 " "$DEBUGFS/regions"; }

phase() { tell "bed: phase - $*"; }

has_module() { [ -e "/mod/$1.ko" ]; }

load() {
	module=$1
	shift
	try "load $module" insmod "/mod/$module.ko" "$@"
}

unload() { try "unload $1" rmmod "$1"; }

# KUnit itself is a module on kernels that were built without it.
load_kunit() {
	if has_module kunit && ! grep -q '^kunit ' /proc/modules; then
		load kunit
	fi
}

# no_leaks: what was allocated five seconds ago or more and is not pointed to.
# Anything younger does not count, hence the sleep.
no_leaks() {
	sleep 6
	echo scan >/sys/kernel/debug/kmemleak
	echo scan >/sys/kernel/debug/kmemleak
	[ -z "$(cat /sys/kernel/debug/kmemleak)" ] ||
		{ grep -v '^    \[<' /sys/kernel/debug/kmemleak; return 1; }
}

# Leaves out what the kernel itself leaked while it booted.
forget_leaks() {
	[ ! -e /sys/kernel/debug/kmemleak ] || echo clear >/sys/kernel/debug/kmemleak
}

check_leaks() {
	[ ! -e /sys/kernel/debug/kmemleak ] || try "no memory leaked" no_leaks
}

# region_clean NAME: the region's own checker finds nothing.
region_clean() {
	cat "$DEBUGFS/$1/check" && grep -qx 'result clean' "$DEBUGFS/$1/check"
}

# Coverage counters, for the host to read, named after their objects.
save_coverage() {
	dir=$(word host)
	[ "$dir" ] && [ -d /sys/kernel/debug/gcov ] || return 0
	mount -t hostfs -o "$dir" none /host || return 0
	find /sys/kernel/debug/gcov -name '*.gcda' | while read -r f; do
		cat "$f" >"/host/${f##*/}"
	done
	umount /host
}

finish() {
	tell "bed: end"
	sync
	poweroff -f
}
