#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# devicetree.sh - reserved memory of the device tree tools/dts/reserved.dts: a
# provider of a shared region and its consumers, bound, unbound and unloaded in
# all orders with blocks alive; then the KUnit suites with such memory.

. /lib/lib.sh

BUS=/sys/bus/platform
PROVIDER=$BUS/drivers/talloc
CONSUMER=$BUS/drivers/talloc_ofdev
POOL=talloc-pool
ALL="consumer-own consumer-no-map consumer-shared consumer-both bus:consumer-nested consumer-of-twin"

bound() { [ -e "$1/$2" ]; }
unbound() { [ ! -e "$1/$2" ]; }
bind() { echo "$2" >"$1/bind"; }
override() { echo "$2" >"$BUS/devices/$1/driver_override"; }
# As when a device is new: it is probed again when others have been bound.
probe() { echo "$1" >$BUS/drivers_probe; }
unbind() { echo "$2" >"$1/unbind"; }

deferred() { grep -q "^$1" /sys/kernel/debug/devices_deferred; }

# takes DEVICE BYTES: it can have blocks of so many bytes.
takes() { echo "$2" >"$BUS/devices/$1/take"; }
says() { cat "$BUS/devices/$1/take"; }

# has DEVICE WHAT REGION BYTES: it has such a block, intact and contiguous.
has() { says "$1" && says "$1" | grep -qE "^$2 $3 phys 0x[0-9a-f]+ contiguous $4 intact 1"; }

no_region() { ! region "$1"; }

forget_leaks
remember_claims

tell "bed: group provider first"
mark
load talloc
try "the provider is bound" bound $PROVIDER $POOL
try "its region has the name of the label" region pool
try "its region has three spans" stat_is pool spans 3
try "its unit is that of the node" stat_is pool unit_bytes 64
try "one without a label has its node's name" stat_is talloc.twin spans 1
try "a second one of that name has its device's" stat_is bus.talloc.twin spans 1
try "a disabled provider is not bound" unbound $PROVIDER talloc-disabled
try "a provider over another's memory is not bound" unbound $PROVIDER talloc-greedy
try "and its log says why" logged "talloc-greedy: .*-98"
try "and its region is gone" no_region talloc-greedy
for d in lent dma bounce; do
	try "a provider over memory that others have ($d) is not bound" unbound $PROVIDER talloc-$d
	try "and the log says so" logged "talloc-$d: error -\(1\|EPERM\):"
done
load talloc_ofdev
for d in $ALL; do
	try "$d is bound" bound $CONSUMER "$d"
	try "$d takes" takes "$d" 20000
done
try "own memory" has consumer-own own consumer-own 20000
try "own memory that is not mapped by the kernel" has consumer-no-map own consumer-no-map 20000
try "own memory of a device on a bus" has bus:consumer-nested own bus.consumer-nested 20000
try "shared memory" has consumer-shared shared pool 20000
try "shared memory of the second of two of a name" has consumer-of-twin shared bus.talloc.twin 20000
try "both: own" has consumer-both own consumer-both 20000
try "both: shared" has consumer-both shared pool 20000
try "a consumer of a disabled provider is not bound" unbound $CONSUMER consumer-of-disabled
try "and is not to come later" not deferred consumer-of-disabled
try "a consumer of another node is not bound" unbound $CONSUMER consumer-of-wrong
try "and is not to come later either" not deferred consumer-of-wrong
try "talloc cannot be unloaded under consumers" not rmmod talloc

tell "bed: group provider unbound"
try "unbind" unbind $PROVIDER $POOL
try "its region has no name any more" no_region pool
for d in consumer-shared consumer-both; do
	try "$d has its block" has "$d" shared pool 20000
done
try "a consumer can take and give back" takes consumer-shared 3000
try "and has it" has consumer-shared shared pool 3000
try "unbind a consumer" unbind $CONSUMER consumer-both
probe consumer-both
try "it is not bound again" unbound $CONSUMER consumer-both
try "but waits for the provider" deferred consumer-both
try "bind the provider" bind $PROVIDER $POOL
try "it has the same region" stat_is pool blocks 1
try "which is consistent" region_clean pool
sleep 1
try "the one that waited is bound" bound $CONSUMER consumer-both
try "and takes" takes consumer-both 5000
try "two blocks" stat_is pool blocks 2

tell "bed: group last consumer gone while unbound"
try "unbind" unbind $PROVIDER $POOL
unload talloc_ofdev
try "bind" bind $PROVIDER $POOL
try "the region is a new one" stat_is pool allocs 0
try "unbind and bind without consumers" sh -c "echo $POOL >$PROVIDER/unbind && echo $POOL >$PROVIDER/bind"

tell "bed: group consumer first"
unload talloc
try "ranges and mappings are given back" same_claims
echo 0 >$BUS/drivers_autoprobe
load talloc
load talloc_ofdev
try "nothing is bound" unbound $PROVIDER $POOL
probe consumer-shared
try "a consumer is not bound before its provider" unbound $CONSUMER consumer-shared
try "and waits for it" deferred consumer-shared
echo 1 >$BUS/drivers_autoprobe
try "one with own memory need not wait" bind $CONSUMER consumer-own
try "the other still does" deferred consumer-shared
try "bind the provider" bind $PROVIDER $POOL
sleep 1
try "the one that waited is bound" bound $CONSUMER consumer-shared
try "it takes" takes consumer-shared 100
try "it has" has consumer-shared shared pool 100

tell "bed: group unloading with blocks alive"
mark
unload talloc_ofdev
try "no block was left behind" not logged 'left behind'
try "the shared region is empty" stat_is pool blocks 0
unload talloc
try "ranges and mappings are given back" same_claims

tell "bed: group a node of another kind"
load talloc
load talloc_ofdev
try "the node is not bound" unbound $PROVIDER talloc-other
try "nor is its consumer" unbound $CONSUMER consumer-of-other
try "which is not to come later" not deferred consumer-of-other
try "say that talloc drives the node" override talloc-other talloc
try "bind it" bind $PROVIDER talloc-other
probe consumer-of-other
try "its consumer is bound" bound $CONSUMER consumer-of-other
try "it takes" takes consumer-of-other 100
try "it has" has consumer-of-other shared talloc-other 100
unload talloc_ofdev
try "say so no more" override talloc-other ""
unload talloc
try "ranges and mappings are given back" same_claims

# Where the kernel can map device memory: not under UML.
if [ "$(uname -m)" = aarch64 ]; then
	SRAM=$(basename $BUS/devices/*sram)
	message() { cat "$BUS/devices/mailbox/message"; }

	tell "bed: group a no-map node whose range another has"
	load talloc
	try "its provider is not bound" unbound $PROVIDER talloc-taken
	try "and the log says why" logged "talloc-taken: error -EPERM"
	unload talloc

	tell "bed: group on-chip memory that two drivers share"
	load talloc
	load talloc_sram
	try "the provider is bound" bound $PROVIDER "$SRAM"
	try "the region has both ranges of the node" stat_is sram spans 2
	try "and is device memory" stat_is sram kind iomem
	try "the first driver is bound" bound $BUS/drivers/talloc_ring ring
	try "the second driver is bound" bound $BUS/drivers/talloc_mailbox mailbox
	try "the ring is there, at the chip's address" grep -E "^sram phys 0x0*509[0-9a-f]+ last entry 31" "$BUS/devices/ring/ring"
	echo "the message" >"$BUS/devices/mailbox/message"
	try "the mailbox has its message" [ "$(message)" = "the message" ]
	try "two blocks" stat_is sram blocks 2
	echo "another message, which is longer" >"$BUS/devices/mailbox/message"
	try "the mailbox has the next" [ "$(message)" = "another message, which is longer" ]
	try "two blocks still" stat_is sram blocks 2
	try "the region is consistent" region_clean sram
	try "unbind the provider" unbind $PROVIDER "$SRAM"
	try "the message is there still" [ "$(message)" = "another message, which is longer" ]
	try "bind it" bind $PROVIDER "$SRAM"
	try "it has the same region" stat_is sram blocks 2
	unload talloc_sram
	try "the region is empty" stat_is sram blocks 0
	unload talloc
	try "ranges and mappings are given back" same_claims
fi

tell "bed: group suites"
load talloc
load_kunit
load talloc_kunit of=/talloc-suites
unload talloc_kunit
unload talloc
try "ranges and mappings are given back after the suites" same_claims
check_leaks
save_coverage
finish
