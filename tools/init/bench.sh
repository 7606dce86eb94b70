#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# bench.sh - load the bench, which measures while it is loaded. bed.bench has its
# parameters, with commas between them.

. /lib/lib.sh

load talloc
load buddy
# shellcheck disable=SC2046
load talloc_bench $(word bench | tr ',' ' ')
unload talloc_bench
unload buddy
unload talloc
finish
