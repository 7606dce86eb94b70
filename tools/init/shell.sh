#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# shell.sh - load the module and the sample, then give a shell on the console.

. /lib/lib.sh

load talloc
if has_module talloc_msgdev; then load talloc_msgdev; fi
echo "Modules are in /mod, debugfs is in $DEBUGFS; exit ends the guest."
setsid cttyhack sh
finish
