#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# unitpassd alone for measurements: on loopback TCP, as the peers are, database in DIR (on a real
# disk), pinned to a core, with phones enrolled.
#
#   unitpass.sh start DIR BUILD PHONES    makes DIR (or starts it again); afterwards DIR has: pid
#                                         listen watch client.secret phones.json
#   unitpass.sh stop DIR
#   unitpass.sh count DIR BUILD [LOGINS]  instructions a login (count.sh), where "start" has been
#                                         before
#
#   LOAD_UNITPASS  the load generator (default BUILD/load_unitpass)
#   SERVER_CORE    (default 0)
#   UNITS          that many in the register, and phones for the first of them (default PHONES)
#   ITEMS          codes of items of the portal (default: none)
#   COUNT_PHONES, COUNT_ITEM  whose logins "count" counts, for which item (default DIR/phones.json,
#                  none)
#   DATABASE       postgres: the data at a PostgreSQL of its own in DIR/pg, on the same core
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

die() { echo "unitpass.sh: $*" >&2; exit 1; }
. "$here/count.sh"

# With room above it: outgoing connections begin at 32768.
free_ports() { python3 -c 'import random, socket
found = []
while len(found) < 2:
    s = socket.socket()
    try: s.bind(("127.0.0.1", random.randrange(20000, 30000)))
    except OSError: continue
    found.append(s)
print(*[s.getsockname()[1] for s in found])'; }

postgres() { taskset -c "${SERVER_CORE:-0}" "$here/../script/postgres" "$@"; }

start_database() {
	if [ -d "$dir/pg" ] ||
		{ [ "${DATABASE:-}" = postgres ] && [ ! -f "$dir/unitpassd.conf" ]; }; then
		postgres start "$dir/pg" >/dev/null
	fi
}

write_database() {
	if [ ! -d "$dir/pg" ]; then
		echo "database = \"$dir/var/unitpass.db\""
		return
	fi
	(umask 077 && cp "$dir/pg/password" "$dir/database.password")
	[ "$(id -u)" -ne 0 ] || chown www-data "$dir/database.password"
	echo "database = \"$(cat "$dir/pg/url")\""
	echo "database_password_file = \"$dir/database.password\""
}

write_conf() { # PORT WATCH_PORT
	cat >"$dir/unitpassd.conf" <<-END
	issuer = "http://localhost:$1"
	listen = "127.0.0.1:$1"
	watch_listen = "127.0.0.1:$2"
	admin_listen = "unix:$dir/run/admin.sock"
	$(write_database)
	keys = "$dir/keys"
	roster = "$dir/roster.csv"
	user = "$([ "$(id -u)" -eq 0 ] && echo www-data)"
	rate_percent = 1000000
	END
	echo "127.0.0.1:$1" >"$dir/listen"
	echo "127.0.0.1:$2" >"$dir/watch"
}

make_site() {
	local ports item
	[ "$(stat -f -c %T "$dir")" != tmpfs ] ||
		die "$dir is in memory: records would not be on disk"
	mkdir -p "$dir/run" "$dir/var"
	read -ra ports < <(free_ports)
	write_conf "${ports[@]}"
	(umask 077 && python3 "$here/units.py" "$phones" "$dir" "${UNITS:-$phones}")
	[ "$(id -u)" -ne 0 ] || chown www-data "$dir/run" "$dir/var"
	ctl init --authority-code 11430000006122244L --authority-name 湖南省事业单位登记管理局
	ctl unit import "$dir/units.csv"
	ctl client add bench --name 测量 --origin http://localhost:9 \
		--secret-file "$dir/client.secret"
	for item in ${ITEMS:-}; do ctl item add "$item" --name 测量事项 --client bench; done
}

start_server() {
	taskset -c "${SERVER_CORE:-0}" "$build/unitpassd" -c "$dir/unitpassd.conf" \
		2>>"$dir/unitpassd.log" &
	echo $! >"$dir/pid"
	for ((i = 0; i < 200; i++)); do
		curl -fs --unix-socket "$dir/run/admin.sock" http://localhost/healthz >/dev/null &&
			return
		kill -0 "$(cat "$dir/pid")" 2>/dev/null || break
		sleep 0.05
	done
	die "unitpassd did not start: $(tail -n 3 "$dir/unitpassd.log")"
}

# A window code for each unit, and with it her phone; in parts, because a code lives five minutes.
enrol_phones() {
	python3 - "$dir" "$build/unitpassctl" >"$dir/codes.jsonl" <<-'END'
	import json, subprocess, sys
	folder, ctl = sys.argv[1:]
	for line in open(f"{folder}/persons.jsonl", encoding="utf-8"):
	    o = json.loads(line)
	    done = subprocess.run([ctl, "-c", f"{folder}/unitpassd.conf", "--json", "enrol",
	                           "--unit", o["unit"], "--person-file", "-"],
	                          input=json.dumps(o["person"]), capture_output=True, text=True)
	    if done.returncode != 0:
	        sys.exit(done.stdout + done.stderr)
	    print(json.dumps({"text": json.loads(done.stdout)["text"], "person": o["person"]},
	                     ensure_ascii=False))
	END
	"$load" --listen "$(cat "$dir/listen")" \
		--issuer "$(sed -n 's/^issuer = "\(.*\)"/\1/p' "$dir/unitpassd.conf")" \
		--phones "$dir/phones.json" --enrol "$dir/codes.jsonl"
}

ctl() { "$build/unitpassctl" -c "$dir/unitpassd.conf" "$@" >>"$dir/setup.log"; }

stop() {
	stop_server
	[ ! -d "$dir/pg" ] || postgres stop "$dir/pg"
}

stop_server() {
	local pid i
	[ -f "$dir/pid" ] || return 0
	pid=$(cat "$dir/pid")
	rm -f "$dir/pid"
	kill "$pid" 2>/dev/null || return 0
	for ((i = 0; i < 300; i++)); do
		kill -0 "$pid" 2>/dev/null || return 0
		sleep 0.05
	done
	kill -KILL "$pid" 2>/dev/null || true
}

# After 100 logins, N; 8 at a time, as they share commits on a server that is busy.
count_logins() { # N
	count_start "$build/unitpassd" -c "$dir/unitpassd.conf"
	count_ready --unix-socket "$dir/run/admin.sock" http://localhost/healthz
	"$load" --listen "$(cat "$dir/listen")" --client bench \
		--phones "${COUNT_PHONES:-$dir/phones.json}" ${COUNT_ITEM:+--item "$COUNT_ITEM"} \
		--secret-file "$dir/client.secret" --threads 8 --logins $((100 + $1)) >/dev/null
	count_stop
}

count() { # LOGINS
	rm -f "$dir/counted"
	count_logins 0
	count_logins "$1"
	count_line unitpassd login "$1"
}

usage="usage: unitpass.sh start DIR BUILD PHONES | count DIR BUILD [LOGINS] | stop DIR"
[ $# -ge 2 ] || die "$usage"
mkdir -p "$2"
dir=$(cd "$2" && pwd)
case $1 in
start)
	[ $# -eq 4 ] || die "$usage"
	build=$(cd "$3" && pwd) phones=$4 load=${LOAD_UNITPASS:-$build/load_unitpass}
	trap '[ $? -eq 0 ] || stop' EXIT
	start_database
	[ -f "$dir/unitpassd.conf" ] || make_site
	start_server
	[ -f "$dir/phones.json" ] || enrol_phones
	;;
count)
	[ $# -ge 3 ] || die "$usage"
	build=$(cd "$3" && pwd) load=${LOAD_UNITPASS:-$build/load_unitpass}
	[ ! -f "$dir/pid" ] || die "$dir has a server that runs: stop it first"
	start_database
	count "${4:-500}"
	;;
stop) stop ;;
*) die "start, count or stop, not $1" ;;
esac
