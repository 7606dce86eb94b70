# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# lib.sh - what the scripts of this folder share: places, messages, locks,
# long steps that tell how far they are, and missing Debian packages.
# To be sourced by bash.

set -eu -o pipefail

: "${HOME:=$(getent passwd "$(id -u)" | cut -d: -f6)}"
export HOME LC_ALL=C.UTF-8
# That locale does not switch off LANGUAGE, and what programs say is read here.
unset LANGUAGE
# Kernels and objects are for all clones: no environment, nor a make that called, has a
# say in them, or in what the logs of builds look like.
unset MAKEFLAGS GNUMAKEFLAGS MFLAGS MAKELEVEL MAKEFILES LLVM LLVM_IAS ARCH CROSS_COMPILE
unset KBUILD_OUTPUT KCFLAGS KCPPFLAGS KAFLAGS KCONFIG_CONFIG CC HOSTCC HOSTCFLAGS
unset HOSTLDFLAGS CFLAGS LDFLAGS W C V M O Q

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
CACHE=$(realpath -m -- "${TALLOC_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/talloc}")
JOBS=$(nproc)
# Of the python3 on a machine, only this one sees Debian's python3-* packages.
PYTHON=/usr/bin/python3
clone_of() { printf %s "$1" | sha256sum | cut -c1-8; }
CLONE=$(clone_of "$TOP")
WORK=$CACHE/work/$CLONE		# objects of this clone, may go at any time
LOGS=$CACHE/log/$CLONE		# one log a bed

say() { printf '==> %s\n' "$*"; }
note() { printf '    %s\n' "$*"; }
warn() { printf 'talloc: %s\n' "$*" >&2; }
die() { warn "$*"; exit 1; }

# The kernel's build system takes no such path.
[[ $TOP$CACHE != *[[:space:]]* ]] || die "no path may have a space in it: $TOP, $CACHE"
[ "$(dpkg --print-architecture 2>/dev/null)" = amd64 ] || die "this needs Debian on amd64"
codename() { (. /etc/os-release && echo "${VERSION_CODENAME-}"); }
[ "$(codename)" = bookworm ] ||
	warn "made for Debian 12 (bookworm): packages may have other names on this machine"
mkdir -p "$CACHE/lock" "$WORK" "$LOGS" && [ -w "$CACHE/lock" ] ||
	die "cannot write to $CACHE; TALLOC_CACHE, or XDG_CACHE_HOME, names another place"
[ -e "$WORK/.top" ] || echo "$TOP" >"$WORK/.top"	# for check, to tell when it is gone

# locked NAME CMD...: run CMD while no other run on this machine holds NAME.
locked() {
	local name=$1 fd rc=0
	shift
	exec {fd}>"$CACHE/lock/$name"
	until flock -w 10 "$fd"; do
		note "waiting for another run that works on $name"
	done
	"$@" || rc=$?
	exec {fd}>&-
	return "$rc"
}

# progress LOG TOTAL: how far a step is, from the lines in its log.
progress() {
	local log=$1 total=$2 done_

	case $total in
	0) return ;;
	ktap) done_=$(grep -cE '(^|\] ) *(not )?ok [0-9]+|bed: (not )?ok' "$log" || :)
	      printf ', %s results' "$done_"; return ;;
	bench) printf ', %s measures' "$(grep -c 'bench: {' "$log" || :)"; return ;;
	esac
	done_=$(grep -cE '^  (CC|AS|LD|AR|HOSTCC)( \[M\])? ' "$log" || :)
	printf ', %s of about %s objects (%s %%)' "$done_" "$total" \
		$((done_ < total ? 100 * done_ / total : 99))
}

# A guest is several processes, and not in our process group.
kill_tree() {
	local child
	for child in $(cat "/proc/$1/task/$1/children" 2>/dev/null); do
		kill_tree "$child"
	done
	kill -KILL "$1" 2>/dev/null || :
}

# step TITLE LOG TOTAL CMD...: run CMD, its output in LOG, and say every ten
# seconds that it lives.  TOTAL is the number of objects it compiles, "ktap"
# to count test results, "bench" to count what was measured, or 0 for none of
# these.  With STEP_QUIET set it is left to the caller to say what went wrong.
step() {
	local title=$1 log=$2 total=$3 start=$SECONDS next=10 pid rc=0
	shift 3
	say "$title"
	"$@" >"$log" 2>&1 </dev/null &
	pid=$!
	# shellcheck disable=SC2064
	trap "kill_tree $pid; exit 130" INT TERM
	while kill -0 "$pid" 2>/dev/null; do
		sleep 0.2
		if ((SECONDS - start >= next)); then
			note "$((SECONDS - start)) s$(progress "$log" "$total")"
			next=$((next + 10))
		fi
	done
	wait "$pid" || rc=$?
	trap - INT TERM
	if ((rc)) && [ -z "${STEP_QUIET-}" ]; then
		warn "failed: $title (exit $rc). The end of $log:"
		tail -n 25 "$log" >&2
	fi
	return "$rc"
}

# with_ccache CMD...: run CMD with ccache in front of every compiler. Where the tree
# lies makes no difference to it.
with_ccache() {
	(
		export PATH=/usr/lib/ccache:$PATH CCACHE_DIR=$CACHE/ccache CCACHE_MAXSIZE=2G
		export CCACHE_BASEDIR=$TOP CCACHE_NOHASHDIR=1
		"$@"
	)
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo -- "$@"
	else
		die "needs root or sudo for: $*"
	fi
}

# missing PACKAGE...: those of them that are not installed.
missing() {
	local p

	for p; do
		case $(dpkg-query -W -f='${db:Status-Abbrev}' "$p" 2>/dev/null) in
		?i*) ;;		# also where it is held
		*) echo "$p" ;;
		esac
	done
}

apt_install() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
		-o DPkg::Lock::Timeout=600 --no-install-recommends install "$@"
}

apt_update() {
	as_root apt-get -q -o DPkg::Lock::Timeout=600 update
}

# What a run that was cut off has unpacked is in the way of all else.
install_or_update() {
	apt_install "$@" ||
		{ as_root env DEBIAN_FRONTEND=noninteractive dpkg --force-confold --configure -a
		  apt_update && apt_install "$@"; }
}

# need PACKAGE...: see to it that these Debian packages are installed.
need() {
	local lack

	mapfile -t lack < <(missing "$@")
	((${#lack[@]})) || return 0
	note "packages to install: ${lack[*]}"
	# The first sudo may have to ask for a password: not in a step.
	[ "$(id -u)" = 0 ] || as_root true
	locked apt step "Installing ${#lack[@]} Debian packages" \
		"$LOGS/apt.log" 0 install_or_update "${lack[@]}"
}
