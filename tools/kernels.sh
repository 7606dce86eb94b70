# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# kernels.sh - Debian's kernels and kernel sources, downloaded, unpacked and
# built in the cache, without installing any of them.  Sourced after lib.sh.
#
#   $CACHE/apt/ARCH/       an apt of our own: its lists, nothing of the system's
#   $CACHE/pin/            which version of each package is in use
#   $CACHE/src/            unpacked kernel sources, one folder a version
#   $CACHE/kernel/         kernels built here, one folder a configuration
#   $CACHE/debian/         Debian's own kernels with their headers
#   $CACHE/kunit/          KUnit as a module for them
#
# A folder counts as finished only when it holds a file .complete, which is
# made last, or where make sees to that in each run.  Versions stay as they
# are until `tools/bed update`.

UPDATE_HINT="tools/bed update takes what is offered now, if the archive can be reached"

# --- packages -------------------------------------------------------------

# "URI codename component" of the Debian archives that the machine uses.
debian_archives() {
	apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' \
		'Created-By: Packages' | sort -u |
		awk -v c="$(codename)" '$2 ~ "^" c "(-updates|-security)?$"'
}

# The keyring that the machine's apt names, else Debian's usual one.
debian_keyring() {
	local found
	found=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
		grep -ioE 'signed-by[:=] *[^] ]*debian-archive[^] ]*' | sed -n 1p |
		sed 's/^[^:=]*[:=] *//') || :
	echo "${found:-/usr/share/keyrings/debian-archive-keyring.gpg}"
}

# The sources of our apt: the machine's own, and for kernel sources, which are
# the same for all architectures, backports of the next release.
apt_sources() {		# ARCH
	local ring uri suite comp
	ring=$(debian_keyring)
	debian_archives | while read -r uri suite comp; do
		echo "deb [signed-by=$ring] $uri $suite $comp"
		if [ "$1 $suite $comp" = "amd64 $(codename) main" ]; then
			echo "deb [signed-by=$ring] $uri trixie-backports main"
		fi
	done | sort -u
}

apt_conf() {		# DIR ARCH
	cat <<-END
		Dir::State "$1";
		Dir::State::Lists "$1/lists";
		Dir::State::Status "$1/status";
		Dir::Cache "$1";
		Dir::Etc::SourceList "$1/sources.list";
		Dir::Etc::SourceParts "/dev/null";
		Dir::Etc::Preferences "/dev/null";
		Dir::Etc::PreferencesParts "/dev/null";
		APT::Architecture "$2";
		APT::Architectures { "$2"; };
		APT::Sandbox::User "root";
		Acquire::Languages "none";
		Acquire::Retries "3";
	END
}

# own_apt ARCH CMD...: an apt command that knows that architecture only.
own_apt() {
	local arch=$1
	shift
	APT_CONFIG=$CACHE/apt/$arch/apt.conf "$@"
}

# Others may be reading these files: each is replaced as a whole. Without that option,
# which an old apt passes over, it is a success to reach no archive.
refresh_apt() {		# ARCH
	local dir=$CACHE/apt/$1
	mkdir -p "$dir/lists/partial" "$dir/archives/partial" && : >"$dir/status"
	apt_conf "$dir" "$1" >"$dir/new" && mv "$dir/new" "$dir/apt.conf"
	apt_sources "$1" >"$dir/new" && [ -s "$dir/new" ] ||
		{ echo "apt names no Debian archive"; return 1; }
	mv "$dir/new" "$dir/sources.list"
	if own_apt "$1" apt-get -q -o APT::Update::Error-Mode=any update; then
		touch "$dir/.complete"
	else
		has_release "$dir" && touch "$dir/.incomplete"
	fi
}

# Whether the release itself could be read, if not all updates to it.
has_release() {		# DIR
	ls "$1/lists/"*"_dists_$(codename)_main_"*_Packages*
}

# Lists that are not all there are read again, but not by each bed.
need_apt_locked() {
	local dir=$CACHE/apt/$1
	[ ! -e "$dir/.complete" ] || return 0
	[ -z "$(find "$dir/.incomplete" -mmin -60 2>/dev/null)" ] || return 0
	step "Reading Debian's package lists for $1" \
			"$LOGS/apt-$1.log" 0 refresh_apt "$1"
}

# What the machine's apt knows is asked for the archives: it may have been thrown away.
need_apt() {
	[ -e "$CACHE/apt/$1/.complete" ] || [ "$(debian_archives)" ] || { as_root true &&
		locked apt step "Reading the machine's package lists" "$LOGS/apt.log" 0 apt_update; }
	locked "apt-$1" need_apt_locked "$1"
}

# pinned NAME CMD...: what CMD printed when NAME was first asked for.
pinned() {
	local file=$CACHE/pin/$1
	shift
	mkdir -p "$CACHE/pin"
	[ -s "$file" ] || { "$@" >"$file.$$" && [ -s "$file.$$" ] &&
		mv "$file.$$" "$file"; } || { rm -f "$file.$$"; return 1; }
	cat "$file"
}

candidate() {		# ARCH PACKAGE
	own_apt "$1" apt-cache policy "$2" |
		awk '$1 == "Candidate:" && $2 != "(none)" { print $2 }'
}

# depends ARCH PACKAGE=VERSION: its dependencies, one a line.
depends() {
	own_apt "$1" apt-cache show "$2" | sed -n 's/^Depends: //p' |
		sed -n 1p | tr ',|' '\n\n' | awk '{ print $1 }'
}

# fetch_deb ARCH PACKAGE VERSION DIR: download a package into DIR.
fetch_deb() {
	mkdir -p "$4" && cd "$4" &&
		{ own_apt "$1" apt-get -q download "$2=$3" || {
			locked "apt-$1" refresh_apt "$1" &&
				own_apt "$1" apt-get -q download "$2=$3"; } || {
			warn "$2 $3 cannot be had; $UPDATE_HINT"; return 1; }; }
}

# extract ARCH PACKAGE VERSION ROOT [MEMBER]: unpack a package under ROOT.
extract() {
	local tmp=$4.deb
	rm -rf "$tmp" && (fetch_deb "$1" "$2" "$3" "$tmp") &&
		dpkg --fsys-tarfile "$tmp"/*.deb | tar -x -C "$4" ${5+"$5"} &&
		rm -rf "$tmp"
}

# --- sources --------------------------------------------------------------

# Parts of a kernel that no build here reads. Some folders of drivers/gpu/drm and
# drivers/net/ethernet stay, for tools/genpool-drivers.
SRC_LEAVE_OUT=(
	'*/drivers/gpu/[!d]*.[ch]' '*/drivers/gpu/drm/[!v]*.[ch]'
	'*/drivers/net/[!e]*.[ch]' '*/drivers/net/ethernet/[!ft]*.[ch]'
	'*/drivers/media/*.[ch]' '*/drivers/staging/*.[ch]' '*/drivers/infiniband/*.[ch]'
	'*/drivers/scsi/*.[ch]' '*/sound/*.[ch]' '*/tools/perf/*'
	'*/tools/testing/selftests/*' '*/arch/*/boot/dts/*'
)

# What a source that was unpacked has in .complete.
source_mark() { printf '%s\n' "${SRC_LEAVE_OUT[@]}"; }

source_version() {	# 6.12 -> 6.12.117-1~deb12u1
	need_apt amd64 >&2 &&
		pinned "linux-source-$1" candidate amd64 "linux-source-$1" ||
		{ warn "apt offers no package linux-source-$1; $UPDATE_HINT"; return 1; }
}

source_dir() { echo "$CACHE/src/linux-$(source_version "$1")"; }

# The tarball of a source package, from the system if it is installed there.
source_tarball() {	# RELEASE VERSION DOWNLOAD-DIR
	local pkg=linux-source-$1 tar=usr/src/linux-source-$1.tar.xz
	if [ "$(dpkg-query -W -f='${Version}' "$pkg" 2>/dev/null)" = "$2" ] &&
		[ -s "/$tar" ]; then
		cat "/$tar"
	else
		(fetch_deb amd64 "$pkg" "$2" "$3") >&2 &&
			dpkg --fsys-tarfile "$3/${pkg}"_*.deb | tar -xO "./$tar"
	fi
}

unpack_source() {	# RELEASE VERSION DIR
	local tmp=$3.tmp pattern leave=()
	for pattern in "${SRC_LEAVE_OUT[@]}"; do
		leave+=("--exclude=$pattern")
	done
	rm -rf "$tmp" "$tmp.deb" && mkdir -p "$tmp" &&
		source_tarball "$1" "$2" "$tmp.deb" |
		tar -xJ -C "$tmp" --strip-components=1 "${leave[@]}" &&
		rm -rf "$tmp.deb" "$3" && source_mark >"$tmp/.complete" && mv "$tmp" "$3"
}

need_source_locked() {
	[ "$(cat "$3/.complete" 2>/dev/null)" = "$(source_mark)" ] ||
		step "Downloading and unpacking Linux $2 (150 MB)" \
			"$LOGS/source-$1.log" 0 unpack_source "$@"
}

need_source() {		# RELEASE
	local version
	version=$(source_version "$1") &&
		locked "source-$1" need_source_locked "$1" "$version" \
			"$CACHE/src/linux-$version"
}

# Files that unpack_source leaves out, under the paths that they have in the source.
source_files_dir() {	# RELEASE FILE...
	local release=$1 key
	shift
	key=$(printf '%s\n' "$@" | sha256sum | cut -c1-12)
	echo "$CACHE/src/files-$(source_version "$release")-$key"
}

unpack_source_files() {	# RELEASE VERSION DIR FILE...
	local release=$1 version=$2 dir=$3 tmp=$3.tmp
	shift 3
	rm -rf "$tmp" "$tmp.deb" "$dir" && mkdir -p "$tmp" &&
		source_tarball "$release" "$version" "$tmp.deb" |
		tar -xJ -C "$tmp" --strip-components=1 --wildcards "${@/#/*/}" &&
		rm -rf "$tmp.deb" && touch "$tmp/.complete" && mv "$tmp" "$dir"
}

need_source_files_locked() {	# RELEASE VERSION DIR FILE...
	[ -e "$3/.complete" ] ||
		step "Unpacking $(($# - 3)) files of Linux $2" \
			"$LOGS/source-files-$1.log" 0 unpack_source_files "$@"
}

need_source_files() {	# RELEASE FILE...
	local release=$1 version
	shift
	version=$(source_version "$release") &&
		locked "source-files-$release" need_source_files_locked "$release" \
			"$version" "$(source_files_dir "$release" "$@")" "$@"
}

# --- UML kernels ----------------------------------------------------------

# The lines of the given fragments, without comments.
fragments() {
	local name
	for name; do
		grep -h '^CONFIG_' "$TOP/tools/conf/$name.config"
	done | sort -u
}

compiler_version() { ${1:-gcc} --version | sed -n 1p; }

# uml_dir RELEASE FRAGMENT...: where that kernel lives.
uml_dir() {
	local release=$1 version key
	shift
	version=$(source_version "$release") || return
	key=$({ fragments "$@" && echo "$version" && compiler_version; } |
		sha256sum | cut -c1-12)
	echo "$CACHE/kernel/uml-$release-$key"
}

# Every line that was asked for must be in the .config that came out.
check_config() {	# BUILD-DIR
	local line rc=0
	while read -r line; do
		grep -qxF "$line" "$1/.config" ||
			{ echo "not taken by the kernel: $line"; rc=1; }
	done <"$1/fragment.config"
	return "$rc"
}

# What module builds and boots do not need: nine tenths of the size.
prune_build() {
	find "$1" -type f ! -path "$1/scripts/*" \
		\( -name '*.o' -o -name '*.a' -o -name '*.cmd' -o -name 'vmlinux*' \) \
		-delete
}

make_uml() {		# SOURCE BUILD-DIR MAKE-ARG...
	local mk=(nice -n 10 make -C "$1" ARCH=um "O=$2" "${@:3}")
	"${mk[@]}" -s KCONFIG_ALLCONFIG="$2/fragment.config" allnoconfig &&
		check_config "$2" && "${mk[@]}" "-j$JOBS"
}

build_uml() {		# SOURCE BUILD-DIR
	make_uml "$@" && prune_build "$2" && touch "$2/.complete"
}

need_uml_locked() {	# RELEASE DIR OBJECTS FRAGMENT...
	local release=$1 dir=$2 objects=$3
	shift 3
	[ -e "$dir/.complete" ] && return
	rm -rf "$dir" && mkdir -p "$dir" && fragments "$@" >"$dir/fragment.config"
	step "Building UML $release ($*)" "$dir/build.log" "$objects" \
		build_uml "$(source_dir "$release")" "$dir"
}

# need_uml RELEASE OBJECTS FRAGMENT...: build that kernel unless it is there.
need_uml() {
	local release=$1 objects=$2 dir
	shift 2
	need_source "$release" && dir=$(uml_dir "$release" "$@") &&
		locked "${dir##*/}" need_uml_locked "$release" "$dir" "$objects" "$@"
}

# --- Debian's own kernels -------------------------------------------------

# "ABI VERSION" of the kernel behind a meta-package linux-image-NAME.
debian_release() {	# META ARCH
	local version abi
	version=$(candidate "$2" "$1") && [ "$version" ] &&
		abi=$(depends "$2" "$1=$version" | sed -n 's/^linux-image-//p' |
			sed -n 1p) &&
		[ "$abi" ] && echo "$abi $version"
}

debian_pin() {		# META ARCH
	need_apt "$2" >&2 && pinned "$1-$2" debian_release "$1" "$2" ||
		{ warn "apt offers no package $1 for $2; $UPDATE_HINT"; return 1; }
}

debian_dir() {		# META ARCH
	local pin
	pin=$(debian_pin "$@") && echo "$CACHE/debian/${pin%% *}-$2"
}

# The image, the headers of its flavour, the common ones, and kbuild, which
# runs here and so is always of this machine's architecture.
unpack_debian() {	# ABI VERSION ARCH DIR
	local tmp=$4.tmp p
	rm -rf "$tmp" && mkdir -p "$tmp" &&
		extract "$3" "linux-image-$1" "$2" "$tmp" ./boot &&
		extract "$3" "linux-headers-$1" "$2" "$tmp" || return
	for p in $(depends "$3" "linux-headers-$1=$2" | grep -E -- '-common$|kbuild'); do
		extract amd64 "$p" "$2" "$tmp" || return
	done
	# The headers' Makefile names its other half by an absolute path.
	sed -i "s#\([ =]\)/usr/src/#\1$4/usr/src/#" \
		"$tmp/usr/src/linux-headers-$1/Makefile" &&
		rm -rf "$4" && touch "$tmp/.complete" && mv "$tmp" "$4"
}

need_debian_locked() {	# ABI VERSION ARCH DIR
	[ -e "$4/.complete" ] ||
		step "Downloading Debian's kernel $1 ($3, 90 MB)" \
			"$LOGS/debian-$1.log" 0 unpack_debian "$@"
}

need_debian() {		# META ARCH
	local pin dir
	pin=$(debian_pin "$@") && dir=$(debian_dir "$@") &&
		locked "debian-${pin%% *}-$2" need_debian_locked \
			"${pin%% *}" "${pin##* }" "$2" "$dir"
}

# KUnit for a kernel that was built without it; see tools/kunit-oot/prepare.
kunit_dir() {		# META ARCH
	local pin key
	pin=$(debian_pin "$@") &&
		key=$({ cat "$TOP"/tools/kunit-oot/* && compiler_version; } |
			sha256sum | cut -c1-12) &&
		echo "$CACHE/kunit/${pin%% *}-$2-$key"
}

build_kunit() {		# SOURCE DIR MAKE...
	local source=$1 dir=$2
	shift 2
	"$TOP/tools/kunit-oot/prepare" "$source" "$dir" &&
		nice -n 10 "$@" M="$dir" "-j$JOBS" modules && touch "$dir/.complete"
}

need_kunit_locked() {	# SOURCE DIR MAKE...
	[ -e "$2/.complete" ] ||
		step "Building KUnit for ${2##*/}" "$LOGS/kunit-${2##*/}.log" 0 \
			build_kunit "$@"
}

# need_kunit META ARCH RELEASE MAKE...: build it with that make command from
# that release's source.
need_kunit() {
	local dir release=$3
	dir=$(kunit_dir "$1" "$2") && mkdir -p "$CACHE/kunit" || return
	shift 3
	[ -e "$dir/.complete" ] || need_source "$release" || return
	locked "kunit-${dir##*/}" need_kunit_locked "$(source_dir "$release")" \
		"$dir" "$@"
}

# --- busybox for the guests -----------------------------------------------

unpack_busybox() {	# ARCH VERSION DIR
	local tmp=$3.tmp
	rm -rf "$tmp" && mkdir -p "$tmp" &&
		extract "$1" busybox-static "$2" "$tmp" ./bin/busybox &&
		touch "$tmp/.complete" && rm -rf "$3" && mv "$tmp" "$3"
}

need_busybox_locked() {
	[ -e "$3/.complete" ] ||
		step "Downloading busybox for $1" "$LOGS/busybox-$1.log" 0 \
			unpack_busybox "$@"
}

busybox_version() {	# ARCH
	need_apt "$1" >&2 && pinned "busybox-static-$1" candidate "$1" busybox-static ||
		{ warn "apt offers no package busybox-static for $1; $UPDATE_HINT"; return 1; }
}

need_busybox() {	# ARCH
	local version
	version=$(busybox_version "$1") && locked "busybox-$1" need_busybox_locked \
		"$1" "$version" "$CACHE/debian/busybox-$1"
}

busybox() { echo "$CACHE/debian/busybox-$1/bin/busybox"; }
