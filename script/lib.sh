# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts beside it: where things are, progress, packages, the build.
set -euo pipefail
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD_ROOT=${BUILD_ROOT:-$TOP/build}
# The programs of the packages below, not others of their names (a python3 of pyenv starts twenty times as slowly).
PATH=/usr/sbin:/usr/bin:$PATH

BUILD_PACKAGES="build-essential pkg-config autoconf automake libtool libmicrohttpd-dev liboauth2-dev libcurl4-openssl-dev libcjose-dev
	libssl-dev libsqlite3-dev libjansson-dev libqrencode-dev libconfuse-dev libcsv-dev nginx-dev apache2-dev libpam0g-dev libcunit1-dev"
SITE_PACKAGES="nginx-light apache2 python3 curl openssl"
E2E_PACKAGES="ca-certificates nodejs npm chromium zbar-tools fonts-noto-cjk sqlite3 openssh-client util-linux"
PACKAGE_PACKAGES="debhelper fakeroot"
FRESH_PACKAGES="systemd-container mmdebstrap"

say() { printf '%s %s\n' "$(date +%H:%M:%S)" "$*" >&2; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# install_packages NAME...: what is missing of these Debian packages.
install_packages() {
	local wanted=() p log=$BUILD_ROOT/apt.log
	for p in "$@"; do
		# node and npm may come from elsewhere than Debian
		case $p in nodejs) command -v node >/dev/null && continue ;; npm) command -v npm >/dev/null && continue ;; esac
		dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null | grep -qx installed || wanted+=("$p")
	done
	[ ${#wanted[@]} -eq 0 ] && return 0
	[ "$(id -u)" -eq 0 ] || die "these Debian packages are missing; install them or run as root: ${wanted[*]}"
	mkdir -p "$BUILD_ROOT"
	say "installing ${#wanted[@]} Debian packages: ${wanted[*]}"
	{
		apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${wanted[@]}"
	} >"$log" 2>&1 || { tail -n 20 "$log" >&2; die "apt-get failed; the whole log is $log"; }
	# nginx from the package would hold port 80; nothing here uses it as a service.
	if [[ " ${wanted[*]} " == *" nginx-light "* ]] && [ -d /run/systemd/system ]; then systemctl disable --now nginx >>"$log" 2>&1 || true; fi
}

# build NAME [configure options]: configured and built in $BUILD_ROOT/NAME; prints progress, keeps the log.
build() {
	local name=$1 dir=$BUILD_ROOT/$1 log
	shift
	mkdir -p "$dir"
	log=$dir/build.log
	if [ ! -x "$TOP/configure" ] || [ "$TOP/configure.ac" -nt "$TOP/configure" ] || [ "$TOP/Makefile.am" -nt "$TOP/Makefile.in" ]; then
		say "making configure"
		(cd "$TOP" && autoreconf -fi) >"$log" 2>&1 || { tail -n 20 "$log" >&2; die "autoreconf failed; the whole log is $log"; }
	fi
	if [ ! -f "$dir/Makefile" ] || [ "$TOP/configure" -nt "$dir/config.status" ]; then
		say "configuring $name"
		(cd "$dir" && "$TOP/configure" -q "$@") >>"$log" 2>&1 || { tail -n 20 "$log" >&2; die "configure failed; the whole log is $log"; }
	fi
	say "building $name"
	make -C "$dir" -s -j"$(nproc)" all >>"$log" 2>&1 || { grep -E 'error|\*\*\*' "$log" | tail -n 20 >&2; die "make failed; the whole log is $log"; }
}
