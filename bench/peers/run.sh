#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Measure complete device-grant logins at a peer of unitpass.
#
#   run.sh oidc-provider|glewlwyd-ram|glewlwyd-disk ROUNDS LOGINS
#
# One JSON line a round on stdout.  The server runs on core 0 and the load on
# core 1; cpu_ms_per_login is the server's user and system time, read by the
# load generator after its users have signed in and again at the end.  rss_kb
# is the server's after the round.  bench/peers/install.sh installs; this only
# compiles the load generator when $LOAD_PEER does not name one.
#
#   UP_BENCH_BUILD  build folder given to install.sh    (required)
#   UP_BENCH_DISK   where glewlwyd-disk has its folder  (default /var/tmp)
#   LOAD_PEER       the load generator
#   THREADS         users at once                       (default 8)
#   WARMUP          logins before the first round       (default 3000, glewlwyd 100)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
build=${UP_BENCH_BUILD:-}
threads=${THREADS:-8}
pid=
dir=

die() {
	echo "run.sh: $*" >&2
	exit 1
}

load_build() {
	load=${LOAD_PEER:-$build/load_peer}
	[ -z "${LOAD_PEER:-}" ] || return 0
	src=$(dirname "$here")
	${CC:-cc} -std=gnu17 -O2 -pthread -o "$load" "$src/load_peer.c" "$src/peers/peer.c" \
	    "$src/http.c" -ljansson -lcrypto
}

# A port nobody listens on now, below the range of outgoing connections.
free_port() {
	while :; do
		port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 10000))
		grep -qi "^ *[0-9]*: [0-9A-F]*:$(printf '%04X' "$port") " /proc/net/tcp || break
	done
}

stop() {
	if [ -n "$dir" ]; then
		"$here/glewlwyd/glewlwyd.sh" stop "$dir"
	elif [ -n "$pid" ]; then
		kill "$pid" || :
		wait "$pid" || :
	fi
}

start_oidc_provider() {
	app=$build/oidc-provider
	[ -d "$app/node_modules/oidc-provider" ] || die "run install.sh first"
	cp "$here/oidc-provider/server.mjs" "$app/"	# modules are found beside it
	NODE_ENV=production taskset -c 0 node "$app/server.mjs" "$port" 2>"$app/log" >&2 &
	pid=$!
	i=0
	until grep -qi ":$(printf '%04X' "$port") 00000000:0000 0A" /proc/net/tcp; do
		i=$((i + 1))
		{ [ $i -lt 100 ] && kill -0 "$pid"; } || die "oidc-provider: $(cat "$app/log")"
		sleep 0.1
	done
}

# start_glewlwyd FOLDER-FOR-TEMPORARY-FILES
start_glewlwyd() {
	dir=$(mktemp -d "$1/glewlwyd.XXXXXX")
	"$here/glewlwyd/glewlwyd.sh" start "$port" "$dir" ||
	    die "glewlwyd did not start"
	pid=$(cat "$dir/pid")
}

# load THREADS LOGINS
load() {
	taskset -c 1 "$load" --peer "${peer%%-[rd]*}" --port "$port" --threads "$1" \
	    --logins "$2" --pid "$pid" --json
}

[ $# = 3 ] || die "usage: run.sh oidc-provider|glewlwyd-ram|glewlwyd-disk ROUNDS LOGINS"
[ -n "$build" ] || die "UP_BENCH_BUILD is not set"
peer=$1 rounds=$2 logins=$3
mkdir -p "$build"
load_build
free_port
trap stop EXIT
trap 'exit 1' INT TERM HUP
case $peer in
oidc-provider)
	start_oidc_provider
	warmup=3000	# until its compiler has settled
	;;
glewlwyd-ram)
	start_glewlwyd /dev/shm
	warmup=100
	;;
glewlwyd-disk)
	disk=${UP_BENCH_DISK:-/var/tmp}
	[ "$(stat -f -c %T "$disk")" != tmpfs ] || die "$disk is in memory; set UP_BENCH_DISK"
	start_glewlwyd "$disk"
	warmup=100
	;;
*) die "no such peer: $peer" ;;
esac
# One login alone first: at a user's first token glewlwyd inserts her subject
# identifier outside the lock under which other threads insert a device
# authorization and ask for its row id, so that these may get the wrong one.
load 1 1 >/dev/null
load "$threads" "${WARMUP:-$warmup}" >/dev/null
round=1
while [ "$round" -le "$rounds" ]; do
	line=$(load "$threads" "$logins")
	rss=$(awk '$1 == "VmRSS:" { print $2 }' "/proc/$pid/status")
	printf '{"peer":"%s","round":%d,%s,"rss_kb":%d}\n' "$peer" "$round" \
	    "$(echo "$line" | sed 's/^{//; s/}$//')" "$rss"
	round=$((round + 1))
done
