#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a signed-in request costs nginx: a static file of 1 KiB, plain, behind unitpass, and behind auth_request.
#
#   requests.sh start DIR BUILD      a site (script/site) and a real login in it, two nginx with one worker each
#   requests.sh round DIR [SECONDS]  that long for each of plain, unitpass, auth_request, in turn by 2 s; one JSON line each
#   requests.sh stop DIR
#
# All three get the same requests with the same session cookie, kept connections, and answers of the same size. The
# nginx that is measured runs on core 0, as does the upstream of auth_request (another nginx, which answers 204 on a Unix
# socket at once: the least that can stand there); wrk runs on core 1. CPU is user and system time of the worker; for
# auth_request of both workers, and the first alone beside it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
nginx=$(command -v nginx || echo /usr/sbin/nginx)
connections=32

die() { echo "requests.sh: $*" >&2; exit 1; }
member() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$dir/site/site.json" "$1"; }
field() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }

# A person's login, by the portal's own pages and the reference phone.
sign_in() {
	local portal login attempt text
	portal=$(member portal)
	ask() { curl -fsS -b "$dir/jar" -c "$dir/jar" -H 'Sec-Fetch-Site: same-origin' -H 'Accept: application/json' "$@"; }
	rm -f "$dir/jar"
	login=$(ask "$portal/.unitpass/login" --data-urlencode return=/)
	attempt=$(field attempt <<<"$login")
	text=$(ask "$portal/.unitpass/state?attempt=$attempt" | python3 -c 'import json, sys; print(json.load(sys.stdin)["frame"]["text"])')
	"$build/unitpass-holder" -d "$(member holder_dir)" scan "$text" --yes --password-file "$(member holder_password_file)" >"$dir/phone.log" 2>&1 ||
		die "the phone refused: $(tail -n 3 "$dir/phone.log")"
	ask -o /dev/null "$portal/.unitpass/complete" --data "attempt=$attempt"
	awk '$6 == "__Host-unitpass" { print $6 "=" $7 }' "$dir/jar" >"$dir/cookie"
	[ -s "$dir/cookie" ] || die "no session cookie after the login"
}

write_conf() {
	cat >"$dir/nginx.conf" <<-END
	load_module $build/ngx_http_unitpass_module.so;
	$([ "$(id -u)" -eq 0 ] && echo 'user www-data;')
	daemon off;
	worker_processes 1;
	pid $dir/nginx.pid;
	error_log $dir/nginx.log warn;
	events { worker_connections 1024; }
	http {
	    access_log off;
	    keepalive_requests 100000000;
	    sendfile on;
	    open_file_cache max=16;
	    client_body_temp_path $dir/tmp/body; proxy_temp_path $dir/tmp/proxy; fastcgi_temp_path $dir/tmp/fastcgi;
	    uwsgi_temp_path $dir/tmp/uwsgi; scgi_temp_path $dir/tmp/scgi;
	    upstream verifier { server unix:$dir/verifier.sock; keepalive 32; }
	    unitpass_issuer $(member issuer);
	    unitpass_client $(member client_id);
	    unitpass_client_secret_file $dir/site/keys-portal/client.secret;
	    unitpass_session_key_file $dir/site/keys-portal/session.key;
	    server {
	        listen 127.0.0.1:$port;
	        server_name localhost;
	        root $dir/www;
	        location /plain/ { }
	        location /unitpass/ { unitpass on; }
	        location /auth_request/ { auth_request /verify; }
	        location = /verify {
	            internal;
	            proxy_pass http://verifier;
	            proxy_http_version 1.1; proxy_set_header Connection "";
	            proxy_pass_request_body off; proxy_set_header Content-Length "";
	        }
	    }
	}
	END
	cat >"$dir/verifier.conf" <<-END
	$([ "$(id -u)" -eq 0 ] && echo 'user www-data;')
	daemon off;
	worker_processes 1;
	pid $dir/verifier.pid;
	error_log $dir/verifier.log warn;
	events { worker_connections 1024; }
	http {
	    access_log off;
	    keepalive_requests 100000000;
	    client_body_temp_path $dir/tmp/body; proxy_temp_path $dir/tmp/proxy; fastcgi_temp_path $dir/tmp/fastcgi;
	    uwsgi_temp_path $dir/tmp/uwsgi; scgi_temp_path $dir/tmp/scgi;
	    server { listen unix:$dir/verifier.sock; location / { return 204; } }
	}
	END
}

start_nginx() { # NAME CONF
	taskset -c 0 "$nginx" -e "$dir/$1.log" -c "$dir/$2" 2>>"$dir/$1.log" &
	echo $! >"$dir/$1.master"
}

worker() { pgrep -P "$(cat "$dir/$1.master")" | head -n 1; }

start() {
	mkdir -p "$dir"/{www/plain,www/unitpass,www/auth_request,tmp}
	chmod 755 "$dir"
	for i in plain unitpass auth_request; do head -c 1024 /dev/zero | tr '\0' u >"$dir/www/$i/file"; done
	"$here/../script/site" start "$dir/site" --build "$build" >/dev/null
	sign_in
	port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	echo "$port" >"$dir/port"
	write_conf
	rm -f "$dir/verifier.sock"
	start_nginx verifier verifier.conf
	start_nginx nginx nginx.conf
	for ((i = 0; i < 100; i++)); do
		curl -fs "http://127.0.0.1:$port/plain/file" >/dev/null && break
		sleep 0.05
	done
	check
}

# All three answer alike, and the one that should refuse a stranger does.
check() {
	local what url
	for what in plain unitpass auth_request; do
		url=http://127.0.0.1:$port/$what/file
		[ "$(curl -s -H "Cookie: $(cat "$dir/cookie")" "$url" | wc -c)" -eq 1024 ] || die "$url is not answered with the file; see $dir/nginx.log"
	done
	[ "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/unitpass/file")" = 401 ] || die "a request without session is not refused"
}

# Ticks of user and system time of a process.
ticks() { sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'; }

slice() { # WHAT SECONDS: adds a line to the slices
	local w v before_w before_v out
	w=$(worker nginx) v=$(worker verifier)
	before_w=$(ticks "$w") before_v=$(ticks "$v")
	out=$(taskset -c 1 wrk -t1 -c$connections -d"$2"s -H "Cookie: $(cat "$dir/cookie")" "http://127.0.0.1:$(cat "$dir/port")/$1/file")
	echo "$1 $(($(ticks "$w") - before_w)) $(($(ticks "$v") - before_v)) $(tr '\n' ' ' <<<"$out")" >>"$dir/slices"
}

# Many short slices in turn: what slows the machine for a while slows all alike.
round() { # SECONDS
	local i what
	: >"$dir/slices"
	for ((i = 0; i < $1 / 2; i++)); do
		for what in plain unitpass auth_request; do slice $what 2; done
	done
	python3 - "$dir/slices" "$(getconf CLK_TCK)" <<-'END'
	import json, re, sys
	tick = int(sys.argv[2])
	sums = {}
	for line in open(sys.argv[1]):
	    what, server, upstream, out = line.split(" ", 3)
	    n, seconds = re.search(r"(\d+) requests in ([\d.]+)s", out).groups()
	    bad = re.search(r"Non-2xx or 3xx responses: \d+|Socket errors: [^R]*", out)
	    if bad:
	        sys.exit(f"{what}: {bad[0]}")
	    s = sums.setdefault(what, [0, 0, 0, 0.0])
	    for i, value in enumerate((int(server), int(upstream), int(n), float(seconds))):
	        s[i] += value
	for what, (server, upstream, n, seconds) in sums.items():
	    print(json.dumps({"what": what, "requests": n, "rate": round(n / seconds, 1), "cpu_us_per_request": round((server + upstream) / tick * 1e6 / n, 2),
	                      "nginx_us_per_request": round(server / tick * 1e6 / n, 2), "errors": 0}))
	END
}

stop() {
	local name
	for name in nginx verifier; do
		[ -f "$dir/$name.master" ] && kill "$(cat "$dir/$name.master")" 2>/dev/null || true
		rm -f "$dir/$name.master"
	done
	[ ! -d "$dir/site" ] || "$here/../script/site" stop "$dir/site"
}

[ $# -ge 2 ] || die "usage: requests.sh start DIR BUILD | round DIR [SECONDS] | stop DIR"
mkdir -p "$2"
dir=$(cd "$2" && pwd)
case $1 in
start)
	[ $# -eq 3 ] || die "usage: requests.sh start DIR BUILD"
	build=$(cd "$3" && pwd)
	trap '[ $? -eq 0 ] || stop' EXIT
	start
	;;
round) round "${3:-8}" ;;
stop) stop ;;
*) die "start, round or stop, not $1" ;;
esac
