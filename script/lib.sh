# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts beside it: where things are, progress, packages, the build.
set -euo pipefail
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD_ROOT=${BUILD_ROOT:-$TOP/build}
# The programs of the packages below, not others of their names (a python3 of pyenv starts twenty
# times as slowly).
PATH=/usr/sbin:/usr/bin:$PATH

BUILD_PACKAGES="build-essential pkg-config autoconf automake libtool libmicrohttpd-dev
	liboauth2-dev libcurl4-openssl-dev libcjose-dev
	libssl-dev libsqlite3-dev libpq-dev libjansson-dev libqrencode-dev libconfuse-dev
	libcsv-dev libunistring-dev libjemalloc-dev nginx-dev apache2-dev libpam0g-dev
	libcunit1-dev"
SITE_PACKAGES="nginx apache2 python3 curl openssl"
E2E_PACKAGES="ca-certificates glewlwyd nodejs npm chromium zbar-tools fonts-noto-cjk
	sqlite3 openssh-client util-linux"
POSTGRES_PACKAGES="postgresql-15"
PACKAGE_PACKAGES="debhelper fakeroot"
FRESH_PACKAGES="systemd-container mmdebstrap"

say() { printf '%s %s\n' "$(date +%H:%M:%S)" "$*" >&2; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# own_folder DIR: make DIR ours. One that exists, is not empty and was not made so is somebody's: it
# is never written to, nor deleted.
OWN_MARK=.made-by-unitpass
is_own_folder() { [ -f "$1/$OWN_MARK" ] && [ ! -L "$1/$OWN_MARK" ]; }
own_folder() {
	if ! is_own_folder "$1" && [ -e "$1" ] && { [ ! -d "$1" ] || [ -n "$(ls -A "$1")" ]; }; then
		die "$1 exists and was not made by this script: name a new or empty folder"
	fi
	mkdir -p "$1"
	: >"$1/$OWN_MARK"
}
# Below the build folder things are deleted and made anew.
[ "$BUILD_ROOT" = "$TOP/build" ] || own_folder "$BUILD_ROOT"

# services: the servers that are installed as services by now, one a line; nothing without systemd.
services() {
	systemctl list-unit-files --no-legend nginx.service apache2.service postgresql.service \
		2>/dev/null |
		awk '{ print $1 }' || true
}

# stop_new_services UNITS: those that came since UNITS was written are not needed as services, and
# hold ports. What ran here before goes on.
stop_new_services() {
	local unit
	for unit in $(services); do
		grep -qxF "$unit" <<<"$1" || systemctl disable --now "$unit" || true
	done
}

# install_packages NAME...: what is missing of these Debian packages.
install_packages() {
	local wanted=() p before log=$BUILD_ROOT/apt.log
	for p in "$@"; do
		# node and npm may come from elsewhere than Debian
		case $p in
		nodejs) command -v node >/dev/null && continue ;;
		npm) command -v npm >/dev/null && continue ;;
		esac
		dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null | grep -qx installed ||
			wanted+=("$p")
	done
	[ ${#wanted[@]} -eq 0 ] && return 0
	[ "$(id -u)" -eq 0 ] ||
		die "these Debian packages are missing; install them or run as root: ${wanted[*]}"
	mkdir -p "$BUILD_ROOT"
	say "installing ${#wanted[@]} Debian packages: ${wanted[*]}"
	before=$(services)
	{
		apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
			--no-install-recommends "${wanted[@]}"
	} >"$log" 2>&1 || { tail -n 20 "$log" >&2; die "apt-get failed; the whole log is $log"; }
	stop_new_services "$before" >>"$log" 2>&1
}

# make_configure: once for all builds; before builds that run beside each other.
make_configure() {
	local log=$BUILD_ROOT/configure.log
	[ ! -x "$TOP/configure" ] || [ "$TOP/configure.ac" -nt "$TOP/configure" ] ||
		[ "$TOP/Makefile.am" -nt "$TOP/Makefile.in" ] || return 0
	say "making configure"
	mkdir -p "$BUILD_ROOT"
	(cd "$TOP" && autoreconf -fi) >"$log" 2>&1 ||
		{ tail -n 20 "$log" >&2; die "autoreconf failed; the whole log is $log"; }
}

# build NAME [configure options]: configured and built in $BUILD_ROOT/NAME; prints progress, keeps
# the log. TARGET: not all, but this.
build() {
	local name=$1 dir=$BUILD_ROOT/$1 log
	shift
	mkdir -p "$dir"
	log=$dir/build.log
	make_configure
	: >"$log"
	if [ ! -f "$dir/Makefile" ] || [ "$TOP/configure" -nt "$dir/config.status" ]; then
		say "configuring $name"
		(cd "$dir" && "$TOP/configure" -q "$@") >>"$log" 2>&1 || {
			tail -n 20 "$log" >&2
			die "configure failed; the whole log is $log"
		}
	fi
	say "building $name"
	make -C "$dir" -s -j"$(nproc)" "${TARGET:-all}" >>"$log" 2>&1 || {
		grep -E 'error|\*\*\*' "$log" | tail -n 20 >&2
		die "make failed; the whole log is $log"
	}
}
