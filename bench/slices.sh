# SPDX-License-Identifier: Apache-2.0
# Sourced by requests.sh and requests_apache.sh: a site with a real login, files of 1 KiB, and
# measuring in short slices in turn, so that what slows the machine for a while slows all alike; and
# counting instructions. Load runs on core 1. A server's script sets $0's own:
#
#   dir, build      its folder, the build folder
#   whats           what is measured
#   aim WHAT        sets "aimed": arguments of wrk, the URL among them
#   cpu             prints ticks of the measured server and of what stands behind it
#   server          its name
#   counted PORT    sets "command": the server with one process that listens at PORT
set -euo pipefail
. "$here/count.sh"
connections=32 sessions=1000
# A browser takes the cookie that renews its session, once in a quarter of the idle time. The load
# keeps the first one, so none may become due while it is measured.
lasting="idle=12h max=12h"

die() { echo "${0##*/}: $*" >&2; exit 1; }
member() {
	python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' \
		"$dir/site/site.json" "$1"
}
field() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
free_ports() { python3 -c 'import socket, sys
s = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*[x.getsockname()[1] for x in s])' "$1"; }

# A person's login, by the portal's own pages and the reference phone.
sign_in() {
	local portal login attempt text tries=1 phone
	portal=$(member portal)
	ask() {
		curl -fsS -b "$dir/jar" -c "$dir/jar" -H 'Sec-Fetch-Site: same-origin' \
			-H 'Accept: application/json' "$@"
	}
	rm -f "$dir/jar"
	login=$(ask "$portal/.unitpass/login" --data-urlencode return=/)
	attempt=$(field attempt <<<"$login")
	phone=(-d "$(member holder_dir)" --password-file "$(member holder_password_file)")
	# A frame lives a few seconds; on a busy machine it may be over before it is scanned.
	until text=$(ask "$portal/.unitpass/state?attempt=$attempt" |
		sed 's/.*"text" *: *"\([^"]*\)".*/\1/') &&
		"$build/unitpass-holder" "${phone[@]:0:2}" scan "$text" --yes "${phone[@]:2}" \
		>"$dir/phone.log" 2>&1; do
		[ $((tries++)) -lt 5 ] || die "the phone refused: $(tail -n 3 "$dir/phone.log")"
	done
	# The second time it answers whether it is the person herself.
	ask -o /dev/null "$portal/.unitpass/complete" --data "attempt=$attempt"
	ask -o /dev/null "$portal/.unitpass/complete" --data "attempt=$attempt&confirm=yes"
	awk '$6 == "__Host-unitpass" { print $6 "=" $7 }' "$dir/jar" >"$dir/cookie"
	[ -s "$dir/cookie" ] || die "no session cookie after the login"
}

# Many people's sessions, sealed as the portal itself would, and a script for wrk that sends them in
# turn.
many_sessions() {
	local keys=$dir/site/keys-portal
	"$build/tests/nginx/mint" "$(member issuer)" "$(member client_id)" "$keys/client.secret" \
		"$keys/session.key" principal annual-report 0 $sessions >"$dir/cookies"
	cat >"$dir/many.lua" <<-END
	local requests, at = {}, 0
	function init()
	    for line in io.lines("$dir/cookies") do
	        requests[#requests + 1] = wrk.format("GET", nil, { ["Cookie"] = line })
	    end
	end
	function request()
	    at = at % #requests + 1
	    return requests[at]
	end
	END
}

# make_site WHAT...: a site, its sessions, and a file for each WHAT.
make_site() {
	local what
	mkdir -p "$dir/www" "$dir/tmp"
	chmod 755 "$dir"
	for what in "$@"; do
		mkdir -p "$dir/www/$what"
		head -c 1024 /dev/zero | tr '\0' u >"$dir/www/$what/file"
	done
	"$here/../script/site" start "$dir/site" --build "$build" >/dev/null
	sign_in
	many_sessions
}

end_site() { [ ! -d "$dir/site" ] || "$here/../script/site" stop "$dir/site"; }

# The header in FILE with another end, whatever characters it ends in.
forged() { # FILE
	local header other
	header=$(cat "$1")
	other=${header%??????}xxxxxx
	[ "$other" != "$header" ] || other=${header%??????}yyyyyy
	echo "$other"
}

# expect STATUS BYTES URL [arguments of curl]; BYTES -: any
expect() {
	local got
	got=$(curl -s -o /dev/null -w '%{http_code} %{size_download}' "${@:4}" "$3") || true
	[[ $got == "$1 "* && ($2 == - || $got == *" $2") ]] ||
		die "$3 is answered $got, not $1 $2; see the logs in $dir"
}

# Ticks of user and system time of processes.
ticks() {
	local pid sum=0
	for pid in "$@"; do
		sum=$((sum + $(sed 's/.*) //' "/proc/$pid/stat" | awk '{ print $12 + $13 }')))
	done
	echo "$sum"
}

slice() { # WHAT SECONDS: adds a line to the slices
	local before out
	before=$(cpu)
	aim "$1"
	out=$(taskset -c 1 wrk -t1 -c$connections -d"$2"s "${aimed[@]}")
	echo "$1 $before $(cpu) $(tr '\n' ' ' <<<"$out")" >>"$dir/slices"
}

round() { # SECONDS
	local i what
	: >"$dir/slices"
	for ((i = 0; i < $1 / 2; i++)); do
		for what in "${whats[@]}"; do slice "$what" 2; done
	done
	python3 - "$dir/slices" "$(getconf CLK_TCK)" <<-'END'
	import json, re, sys
	tick = int(sys.argv[2])
	sums = {}
	for line in open(sys.argv[1]):
	    what, server0, behind0, server1, behind1, out = line.split(" ", 5)
	    n, seconds = re.search(r"(\d+) requests in ([\d.]+)s", out).groups()
	    bad = re.search(r"Non-2xx or 3xx responses: \d+|Socket errors: [^R]*", out)
	    if bad:
	        sys.exit(f"{what}: {bad[0]}")
	    s = sums.setdefault(what, [0, 0, 0, 0.0])
	    for i, value in enumerate((int(server1) - int(server0),
	                           int(behind1) - int(behind0), int(n), float(seconds))):
	        s[i] += value
	for what, (server, behind, n, seconds) in sums.items():
	    print(json.dumps({"what": what, "requests": n, "rate": round(n / seconds, 1),
	        "cpu_us_per_request": round((server + behind) / tick * 1e6 / n, 2),
	        "server_us_per_request": round(server / tick * 1e6 / n, 2), "errors": 0}))
	END
}

# After everybody's first request to everything, N of WHAT.
count_requests() { # PORT WHAT N
	local what url=http://127.0.0.1:$1
	counted "$1"
	count_start "${command[@]}"
	count_ready "$url/plain/file"
	for what in plain unitpass plain_many unitpass_many; do replay "$url" $what $sessions; done
	replay "$url" "$2" "$3"
	count_stop
}

replay() { # BASE WHAT N
	local cookies=cookie
	[[ $2 != *_many ]] || cookies=cookies
	sed 's/^/Cookie: /' "$dir/$cookies" >"$dir/replayed"
	"$here/replay.py" "$1/${2%_many}/file" "$dir/replayed" "$3"
}

count() { # [REQUESTS]
	local what n=${1:-2000} port
	port=$(free_ports 1)
	rm -f "$dir/counted"
	count_requests "$port" plain 0
	for what in plain unitpass plain_many unitpass_many; do
		count_requests "$port" $what "$n"
		count_line "$server" $what "$n"
	done
}

# run START STOP VERB DIR [BUILD, SECONDS or REQUESTS]
run() {
	local usage="usage: ${0##*/} start DIR BUILD | round DIR [SECONDS]"
	usage+=" | count DIR [REQUESTS] | stop DIR"
	[ $# -ge 4 ] || die "$usage"
	mkdir -p "$4"
	dir=$(cd "$4" && pwd)
	case $3 in
	start)
		[ $# -ge 5 ] || die "$usage"
		build=$(cd "$5" && pwd)
		trap "[ \$? -eq 0 ] || $2" EXIT
		"$1" "${@:6}"
		;;
	round) round "${5:-8}" ;;
	count) count "${5:-2000}" ;;
	stop) "$2" ;;
	*) die "$usage" ;;
	esac
}
