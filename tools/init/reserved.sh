#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# reserved.sh - the module parameter over memory that memmap= and reserve_mem=
# set aside, and all that it refuses; then the KUnit suites with such memory. The
# bed has two CPUs, and its command line
#
#   maxcpus=1               see lib.sh
#   memmap=16M$0x18000000 reserve_mem=8M:4096:crashlog
#   bed.reserve_mem=REGION  where the kernel knows reserve_mem=: the suites' label
#   memmap=4M$PHYS bed.phys=PHYS   for the suites

. /lib/lib.sh

VIDEO=0x18000000
RAM=0x10000000		# that the kernel uses
NOTHING=0x7f00000000	# in no resource
EMPTY=0x50000000	# in a bridge's window, with no device there
IOAPIC=0xfec00000	# claimed by its driver
label=$(word reserve_mem)

# A range of /proc/iomem.
in_iomem() { cat /proc/iomem && grep -q "$1" /proc/iomem; }

# refused ERRNO ITEM [BEFORE,]: the module is not loaded for this item, says so,
# and leaves nothing behind.
refused() {
	mark
	if insmod /mod/talloc.ko regions="${3-}$2"; then
		rmmod talloc
		return 1
	fi
	logged "parameter regions: item \"$2\": .*(-$1)" && same_claims
}

try "both CPUs run" grep -x 0-1 /sys/devices/system/cpu/online

remember_claims
show /tmp/claims

tell "bed: group parameter"
if [ "$label" ]; then
	items=log:1M,video:16M@$VIDEO,crash@reserve_mem:crashlog
else
	items=log:1M,video:16M@$VIDEO
fi
for again in "" " again"; do
	load talloc regions=$items
	for r in log video ${label:+crash}; do
		try "region $r$again" region $r
		try "its checker is content$again" region_clean $r
	done
	try "16 MiB$again" stat_is video total_bytes 1677720[0-9]
	try "claimed in its name$again" in_iomem '18000000-18ffffff : video'
	if [ "$label" ]; then
		try "8 MiB$again" stat_is crash total_bytes 838860[0-9]
	fi
	unload talloc
	try "all is given back$again" same_claims
done

tell "bed: group refused"
try "RAM of the kernel" refused 1 a:1M@$RAM
try "the end of the kernel's RAM" refused 1 a:1M@0x17f80000
try "more than was set aside" refused 1 a:32M@$VIDEO
try "what another region has" refused 98 b:1M@0x18080000 a:1M@$VIDEO,
try "a region's last byte" refused 98 b:4K@0x180fffff a:1M@$VIDEO,
try "what a driver has" refused 16 a:1K@$IOAPIC
try "a range that wraps" refused 22 a:16M@0xfffffffffffff000
try "no addresses" refused 6 a:1M@$NOTHING
try "addresses without memory" refused 6 a:1M@$EMPTY
try "too small" refused 28 a:8@$VIDEO
try "the same name" refused 17 a:1M@$VIDEO a:1M,
try "no address" refused 22 a:1M@
try "no number" refused 22 a:1M@video
try "too large a number" refused 22 a:1M@0x10000000000000000
try "no such way" refused 22 a@video
if [ "$label" ]; then
	try "no such label" refused 2 a@reserve_mem:video
	try "an empty label" refused 2 a@reserve_mem:
	try "a label twice" refused 98 b@reserve_mem:crashlog a@reserve_mem:crashlog,
else
	try "reserve_mem=" refused 95 a@reserve_mem:crashlog
fi

tell "bed: group suites"
load talloc
load_kunit
load talloc_kunit phys="$(word phys)" ${label:+reserve_mem="$label"}
unload talloc_kunit
unload talloc
try "all is given back" same_claims
finish
