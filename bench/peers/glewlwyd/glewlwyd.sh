#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Debian's glewlwyd with SQLite, the device flow and ES256, for comparison:
#
#   glewlwyd.sh start PORT FOLDER    set up in FOLDER (new or empty), listen on
#                                    127.0.0.1:PORT; FOLDER/pid is the server
#   glewlwyd.sh stop FOLDER          end it and remove FOLDER
#
# The database lives in FOLDER: a folder in /dev/shm keeps it in memory.  The
# server runs as the package's own user when root starts it.  It is pinned to
# core $SERVER_CORE (default 0).  Everything is set by its configuration file
# and its administration API; the database is the package's, unchanged.
set -eu

user=alice
password=alice-password

die() {
	echo "glewlwyd.sh: $*" >&2
	exit 1
}

need() {
	command -v "$1" >/dev/null || die "needs $1; see bench/peers/install.sh"
}

write_config() {
	cat >"$dir/glewlwyd.conf" <<-EOF
	port=$port
	bind_address="127.0.0.1"
	external_url="http://127.0.0.1:$port"
	login_url="login.html"
	api_prefix="api"
	log_mode="file"
	log_level="ERROR"
	log_file="$dir/glewlwyd.log"
	cookie_secure=0
	session_expiration=2419200
	session_key="GLEWLWYD2_SESSION_ID"
	admin_scope="g_admin"
	profile_scope="g_profile"
	user_module_path="/usr/lib/glewlwyd/user"
	client_module_path="/usr/lib/glewlwyd/client"
	user_auth_scheme_module_path="/usr/lib/glewlwyd/scheme"
	plugin_module_path="/usr/lib/glewlwyd/plugin"
	hash_algorithm="SHA512"
	use_secure_connection=false
	# Not used, but 2.7 wants them named.
	secure_connection_key_file="$dir/none"
	secure_connection_pem_file="$dir/none"
	secure_connection_ca_file="$dir/none"
	database = { type = "sqlite3" path = "$dir/glewlwyd.db" };
	EOF
}

write_plugin() {
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$dir/key.pem" \
		2>/dev/null
	openssl pkey -in "$dir/key.pem" -pubout -out "$dir/public.pem"
	key=$(awk '{printf "%s\\n", $0}' "$dir/key.pem")
	public=$(awk '{printf "%s\\n", $0}' "$dir/public.pem")
	cat >"$dir/plugin.json" <<-EOF
	{"module":"oidc","name":"oidc","display_name":"bench","enabled":true,"parameters":{
	"iss":"http://127.0.0.1:$port/api/oidc","jwt-type":"ecdsa","jwt-key-size":"256",
	"key":"$key","cert":"$public",
	"code-duration":600,"access-token-duration":3600,"refresh-token-duration":1209600,
	"allow-non-oidc":false,"auth-type-code-enabled":false,"auth-type-token-enabled":false,
	"auth-type-id-token-enabled":false,"auth-type-none-enabled":false,
	"auth-type-client-enabled":false,"auth-type-password-enabled":false,
	"auth-type-refresh-enabled":false,"auth-type-device-enabled":true,
	"device-authorization-interval":1,"device-authorization-expiration":600}}
	EOF
}

# call METHOD PATH JSON-OR-@FILE, as the administrator
call() {
	curl -sS -f -o /dev/null -b "$dir/cookies" -c "$dir/cookies" -X "$1" \
	    -H 'Content-Type: application/json' -d "$3" "http://127.0.0.1:$port/api/$2"
}

await_port() {
	i=0
	until curl -s -o /dev/null "http://127.0.0.1:$port/api/"; do
		i=$((i + 1))
		kill -0 "$pid" 2>/dev/null ||
			die "ended at once: $(cat "$dir/out" "$dir/glewlwyd.log" 2>/dev/null)"
		[ $i -lt 100 ] || die "does not answer on port $port"
		sleep 0.1
	done
}

configure() {
	# The package's first administrator.
	call POST auth/ '{"username":"admin","password":"password"}'
	call POST mod/plugin/ "@$dir/plugin.json"
	call POST client/ '{"client_id":"bench","name":"bench","client_secret":"bench-secret",
		"confidential":true,"enabled":true,"scope":[],
		"authorization_type":["device_authorization"],
		"token_endpoint_auth_method":["client_secret_basic"]}'
	call POST user/ '{"username":"'$user'","password":"'$password'","name":"Alice",
		"scope":["openid","g_profile"],"enabled":true}'
}

start() {
	for tool in glewlwyd sqlite3 curl openssl taskset setpriv; do need $tool; done
	mkdir -p "$dir"
	[ -z "$(ls -A "$dir")" ] || die "$dir is not empty"
	chmod 700 "$dir"
	dir=$(cd "$dir" && pwd)
	: >"$dir/.made-by-unitpass"
	write_config
	write_plugin
	sqlite3 "$dir/glewlwyd.db" </usr/share/dbconfig-common/data/glewlwyd/install/sqlite3
	as=
	if [ "$(id -u)" = 0 ]; then
		chown -R glewlwyd: "$dir"
		as="setpriv --reuid=glewlwyd --regid=$(id -g glewlwyd) --clear-groups"
	fi
	# shellcheck disable=SC2086
	taskset -c "${SERVER_CORE:-0}" $as glewlwyd -c "$dir/glewlwyd.conf" >"$dir/out" 2>&1 &
	pid=$!
	echo "$pid" >"$dir/pid"
	await_port
	configure
}

# The number may be another program's by now.
running() {
	[ "$(cat "/proc/$pid/comm" 2>/dev/null)" = glewlwyd ]
}

stop() {
	! rmdir "$dir" 2>/dev/null || return 0	# a start that failed at once
	[ -f "$dir/.made-by-unitpass" ] || die "not a folder of this script: $dir"
	pid=$(cat "$dir/pid" 2>/dev/null || echo 0)
	i=0
	while running; do
		[ $i != 0 ] || kill "$pid"
		[ $i != 50 ] || kill -9 "$pid"
		i=$((i + 1))
		sleep 0.1
	done
	rm -rf "$dir"
}

case ${1-} in
start)
	[ $# = 3 ] || die "usage: start PORT FOLDER"
	port=$2 dir=$3
	start
	;;
stop)
	[ $# = 2 ] || die "usage: stop FOLDER"
	dir=$2
	stop
	;;
*) die "usage: start PORT FOLDER | stop FOLDER" ;;
esac
