#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Install the peers that bench/peers/run.sh measures.  Safe to run again.
#
#   install.sh [BUILD]      BUILD (or $UP_BENCH_BUILD) gets the npm packages
#
# Debian packages need root; without it, and with something missing, this says
# what to install and stops.  A system service of glewlwyd that this brings
# along is disabled again: it would listen on every address.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
build=${1:-${UP_BENCH_BUILD:-}}
packages="glewlwyd sqlite3 curl openssl util-linux gcc libc6-dev libjansson-dev libssl-dev"

[ -n "$build" ] || { echo "usage: install.sh BUILD" >&2; exit 2; }

missing=
for p in $packages; do
	dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q ' installed$' ||
		missing="$missing $p"
done
if [ -n "$missing" ]; then
	[ "$(id -u)" = 0 ] || { echo "install.sh: as root: apt-get install$missing" >&2; exit 1; }
	apt-get update -qq
	# shellcheck disable=SC2086
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
	case $missing in
	*glewlwyd*) [ ! -d /run/systemd/system ] || systemctl disable --now glewlwyd ;;
	esac
fi

node=$(node --version 2>/dev/null | sed 's/^v//; s/\..*//')
[ "${node:-0}" -ge 20 ] || { echo "install.sh: oidc-provider needs Node 20 or later" >&2; exit 1; }
mkdir -p "$build/oidc-provider"
if ! cmp -s "$here/oidc-provider/package-lock.json" "$build/oidc-provider/installed.json"; then
	cp "$here/oidc-provider/package.json" "$here/oidc-provider/package-lock.json" \
		"$build/oidc-provider/"
	(cd "$build/oidc-provider" && npm ci --no-audit --no-fund --ignore-scripts)
	cp "$here/oidc-provider/package-lock.json" "$build/oidc-provider/installed.json"
fi
