#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a signed-in request costs nginx: a static file of 1 KiB, plain, behind unitpass, and behind
# auth_request.
#
#   requests.sh start DIR BUILD      a site (script/site) and a real login in it, two nginx with one
#                                    worker each
#   requests.sh round DIR [SECONDS]  that long for each in turn by 2 s; one JSON line each
#   requests.sh count DIR [REQUESTS] instructions a request, plain and behind unitpass (count.sh)
#   requests.sh stop DIR
#
# All get the same requests, kept connections, and answers of the same size: with one session's
# cookie again and again, and (_many) with those of 1000 sessions in turn. The nginx that is
# measured runs on core 0, as does the upstream of auth_request (another nginx, which answers 204 on
# a Unix socket at once: the least that can stand there); wrk runs on core 1. CPU is user and system
# time of the worker; for auth_request of both workers, and the first alone beside it.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/slices.sh"
nginx=$(command -v nginx || echo /usr/sbin/nginx)
whats=(plain unitpass auth_request plain_many unitpass_many)
server=nginx

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
	    client_body_temp_path $dir/tmp/body; proxy_temp_path $dir/tmp/proxy;
	    fastcgi_temp_path $dir/tmp/fastcgi;
	    uwsgi_temp_path $dir/tmp/uwsgi; scgi_temp_path $dir/tmp/scgi;
	    upstream verifier { server unix:$dir/verifier.sock; keepalive 32; }
	    unitpass_issuer $(member issuer);
	    unitpass_client $(member client_id);
	    unitpass_client_secret_file $dir/site/keys-portal/client.secret;
	    unitpass_session_key_file $dir/site/keys-portal/session.key;
	    unitpass_session $lasting;
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
	    client_body_temp_path $dir/tmp/body; proxy_temp_path $dir/tmp/proxy;
	    fastcgi_temp_path $dir/tmp/fastcgi;
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
	local i
	make_site plain unitpass auth_request
	port=$(free_ports 1)
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

# All answer alike, and the one that should refuse a stranger does.
check() {
	local what cookie url=http://127.0.0.1:$port
	cookie=$(cat "$dir/cookie")
	for what in plain unitpass auth_request; do
		expect 200 1024 "$url/$what/file" -H "Cookie: $cookie"
	done
	expect 200 1024 "$url/unitpass/file" -H "Cookie: $(tail -n 1 "$dir/cookies")"
	expect 401 - "$url/unitpass/file"
}

cpu() { echo "$(ticks "$(worker nginx)") $(ticks "$(worker verifier)")"; }

counted() { # PORT
	sed -e "s/127\.0\.0\.1:$(cat "$dir/port")/127.0.0.1:$1/" \
		-e 's/^pid .*/master_process off;/' \
		"$dir/nginx.conf" >"$dir/counted.conf"
	command=("$nginx" -e "$dir/counted.log" -c "$dir/counted.conf")
}

aim() { # WHAT
	aimed=(-H "Cookie: $(cat "$dir/cookie")")
	[[ $1 != *_many ]] || aimed=(-s "$dir/many.lua")
	aimed+=("http://127.0.0.1:$(cat "$dir/port")/${1%_many}/file")
}

stop() {
	local name
	for name in nginx verifier; do
		[ -f "$dir/$name.master" ] && kill "$(cat "$dir/$name.master")" 2>/dev/null || true
		rm -f "$dir/$name.master"
	done
	end_site
}

run start stop "$@"
