#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a signed-in request costs Apache (event): a static file of 1 KiB, plain, behind unitpass,
# behind mod_auth_openidc with its sessions in shared memory and in the cookie, and behind
# mod_oauth2 with an ES256 bearer token.
#
#   requests_apache.sh start DIR BUILD PEERS   a site (script/site) and a real login in it, an OP
#                                              (node-oidc-provider, installed in PEERS by
#                                              peers/install.sh) and a login there for each kind of
#                                              session, an httpd with one child for each module
#   requests_apache.sh round DIR [SECONDS]     that long for each in turn by 2 s; one JSON line each
#   requests_apache.sh count DIR [REQUESTS]    instructions a request, plain and behind unitpass
#                                              (count.sh)
#   requests_apache.sh stop DIR
#
# All get the same requests but for what says who asks, kept connections, and answers of the same
# size; plain is sent the cookie of unitpass. With one session again and again, and (_many) with
# those of 1000 sessions in turn. httpd runs on core 0, wrk on core 1. CPU is user and system time
# of httpd's children. mod_oauth2 keeps what it verified in its cache, as it does by default.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/slices.sh"
PATH=$PATH:/usr/sbin
apache=$(command -v apache2 || command -v httpd || echo apache2)
modules=$(apxs -q LIBEXECDIR 2>/dev/null || echo /usr/lib/apache2/modules)
whats=(plain unitpass oidc_shm oidc_cookie oauth2 plain_many unitpass_many)
server=apache

# oidc_host WHAT PORT TYPE: mod_auth_openidc keeps the sessions of a whole server one way.
oidc_host() {
	cat <<-END
	<VirtualHost 127.0.0.1:$2>
	    OIDCProviderMetadataURL http://127.0.0.1:$op_port/.well-known/openid-configuration
	    OIDCClientID portal
	    OIDCClientSecret bench-secret
	    OIDCScope openid
	    OIDCRedirectURI http://127.0.0.1:$2/callback
	    OIDCCryptoPassphrase $(openssl rand -hex 16)
	    OIDCSessionType $3
	    OIDCCacheType shm
	    OIDCSessionInactivityTimeout 86400
	    <Location /callback>
	        AuthType openid-connect
	        Require valid-user
	    </Location>
	    <Location /$1/>
	        AuthType openid-connect
	        Require valid-user
	    </Location>
	</VirtualHost>
	END
}

# Each module has an httpd of its own: merely loaded, some cost all requests something (mod_oauth2
# as locations are merged). write_conf NAME MODULE... what its hosts hold comes from standard input.
write_conf() {
	local name
	cat >"$dir/$1.conf" <<-END
	ServerRoot $dir
	DefaultRuntimeDir $dir/tmp
	PidFile $dir/tmp/$1.pid
	ErrorLog $dir/$1.log
	LogLevel warn
	ServerName localhost
	Mutex file:$dir/tmp default
	$([ "$(id -u)" -ne 0 ] || printf 'User www-data\nGroup www-data')
	$(for name in mpm_event authn_core authz_core authz_user mime unixd "${@:2}"; do
		[ ! -f "$modules/mod_$name.so" ] ||
			echo "LoadModule ${name}_module $modules/mod_$name.so"
	done)
	TypesConfig /etc/mime.types
	StartServers 1
	ServerLimit 1
	ThreadsPerChild 64
	MaxRequestWorkers 64
	MaxConnectionsPerChild 0
	KeepAlive on
	KeepAliveTimeout 60
	MaxKeepAliveRequests 0
	DocumentRoot $dir/www
	<Directory />
	    AllowOverride None
	    Require all denied
	</Directory>
	<Directory $dir/www>
	    Require all granted
	</Directory>
	$(cat)
	END
}

write_confs() {
	write_conf unitpass <<-END
	LoadModule auth_unitpass_module $build/mod_auth_unitpass.so
	Listen 127.0.0.1:$port
	UnitpassIssuer $(member issuer)
	UnitpassClient $(member client_id)
	UnitpassClientSecretFile $dir/site/keys-portal/client.secret
	UnitpassSessionKeyFile $dir/site/keys-portal/session.key
	UnitpassSession $lasting
	<Location /unitpass/>
	    AuthType unitpass
	    Require valid-user
	</Location>
	END
	write_conf oauth2 oauth2 <<-END
	Listen 127.0.0.1:$oauth2_port
	<Location /oauth2/>
	    AuthType oauth2
	    OAuth2TokenVerify jwk '$(field jwk <"$dir/op.json" | tr "'" '"')'
	    OAuth2TargetPass remote_user_claim=sub
	    Require valid-user
	</Location>
	END
	write_conf openidc auth_openidc <<-END
	Listen 127.0.0.1:$shm_port
	Listen 127.0.0.1:$cookie_port
	$(oidc_host oidc_shm "$shm_port" server-cache)
	$(oidc_host oidc_cookie "$cookie_port" client-cookie)
	END
}

start_op() { # PEERS
	local i
	[ -d "$1/oidc-provider/node_modules/oidc-provider" ] || die "run peers/install.sh first"
	cp "$here/peers/oidc-provider/portal.mjs" \
		"$1/oidc-provider/"	# modules are found beside it
	NODE_ENV=production taskset -c 1 node "$1/oidc-provider/portal.mjs" "$op_port" \
		"http://127.0.0.1:$shm_port/callback" \
		"http://127.0.0.1:$cookie_port/callback" >"$dir/op.json" 2>"$dir/op.log" &
	echo $! >"$dir/op.pid"
	for ((i = 0; i < 200; i++)); do
		[ ! -s "$dir/op.json" ] || return 0
		sleep 0.05
	done
	die "the OP did not start: $(tail -n 3 "$dir/op.log")"
}

start_httpd() { # NAME PORT
	local i
	taskset -c 0 "$apache" -f "$dir/$1.conf" -DFOREGROUND 2>>"$dir/$1.log" &
	echo $! >"$dir/$1.master"
	for ((i = 0; i < 200; i++)); do
		curl -fs -o /dev/null "http://127.0.0.1:$2/plain/file" && return
		kill -0 "$(cat "$dir/$1.master")" 2>/dev/null || break
		sleep 0.05
	done
	die "httpd did not start: $(tail -n 3 "$dir/$1.log")"
}

openidc() { # WHAT PORT: signs in
	local cookie
	echo "http://127.0.0.1:$2" >"$dir/url.$1"
	cookie=$(python3 "$here/peers/oidc_login.py" "$(url "$1")") ||
		die "no login at mod_auth_openidc; see $dir/openidc.log"
	echo "Cookie: $cookie" >"$dir/header.$1"
}

start() { # PEERS
	[ $# -eq 1 ] || die "start DIR BUILD PEERS"
	make_site plain unitpass oidc_shm oidc_cookie oauth2
	read -r port oauth2_port shm_port cookie_port op_port < <(free_ports 5)
	start_op "$1"
	write_confs
	start_httpd unitpass "$port"
	start_httpd oauth2 "$oauth2_port"
	start_httpd openidc "$shm_port"
	printf 'Cookie: %s\n' "$(cat "$dir/cookie")" | tee "$dir/header.plain" \
		>"$dir/header.unitpass"
	openidc oidc_shm "$shm_port"
	openidc oidc_cookie "$cookie_port"
	printf 'Authorization: Bearer %s\n' "$(field bearer <"$dir/op.json")" >"$dir/header.oauth2"
	echo "http://127.0.0.1:$port" | tee "$dir"/url.{plain,unitpass} >/dev/null
	echo "http://127.0.0.1:$oauth2_port" >"$dir/url.oauth2"
	check
}

url() { echo "$(cat "$dir/url.$1")/$1/file"; }

# All answer a person alike, and those that should refuse a stranger do.
check() {
	local what
	for what in plain unitpass oidc_shm oidc_cookie oauth2; do
		expect 200 1024 "$(url $what)" -H "$(cat "$dir/header.$what")"
	done
	expect 200 1024 "$(url unitpass)" -H "Cookie: $(tail -n 1 "$dir/cookies")"
	for what in oidc_shm oidc_cookie; do
		expect 302 - "$(url $what)"
		expect 302 - "$(url $what)" -H "$(forged "$dir/header.$what")"
	done
	for what in unitpass oauth2; do
		expect 401 - "$(url $what)"
		expect 401 - "$(url $what)" -H "$(forged "$dir/header.$what")"
	done
}

# Of all children of all: those not asked do nothing.
cpu() {
	local children
	mapfile -t children < <(pgrep -P "$(cat "$dir"/*.master | paste -sd,)")
	echo "$(ticks "${children[@]}") 0"
}

counted() { # PORT
	sed -e "s/127\.0\.0\.1:$(sed 's/.*://' "$dir/url.unitpass")/127.0.0.1:$1/" \
		-e 's/unitpass\.pid/counted.pid/' \
		-e '/^ThreadsPerChild\|^MaxRequestWorkers/s/64/1/' "$dir/unitpass.conf" \
		>"$dir/counted.conf"
	command=("$apache" -f "$dir/counted.conf" -X)
}

aim() { # WHAT
	local what=${1%_many}
	aimed=(-H "$(cat "$dir/header.$what")")
	[[ $1 != *_many ]] || aimed=(-s "$dir/many.lua")
	aimed+=("$(url "$what")")
}

stop() {
	local name
	for name in unitpass.master oauth2.master openidc.master op.pid; do
		[ -f "$dir/$name" ] && kill "$(cat "$dir/$name")" 2>/dev/null || true
		rm -f "$dir/$name"
	done
	end_site
}

run start stop "$@"
