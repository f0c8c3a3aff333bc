# SPDX-License-Identifier: Apache-2.0
# Sourced: a fresh Debian 12 root of its own with a real systemd, for tests that install packages or
# follow the guide. Wants root, and script/lib.sh sourced before it. One root at a time; it ends and
# goes with the shell that made it.
#
#   root_new                   makes it: $ROOT is its folder. Debian's minbase, systemd and dbus,
#                              nothing else. Not booted yet
#   root_install NAME...       installs Debian packages, and .deb files of this machine, with the
#                              network; starts no service. Before root_boot
#   root_download NAME...      only fetches them and what they depend on: apt-get install finds them
#                              in the booted root, which has no network
#   root_copy FILE... FOLDER   copies files of this machine into a folder of the root, made if it is
#                              missing; before or after root_boot
#   root_boot                  starts it: systemd as process 1, a network of its own with loopback
#                              alone; returns once it is up
#   root_run COMMAND [ARG...]  runs a command as root in the booted root, in /root, with a login's
#                              plain environment; its status is returned
#   root_halt                  powers it off; root_boot starts it again
#   root_end                   powers it off and removes it; by itself when the shell exits. A shell
#                              with a trap of its own calls it there
#
#       . script/lib.sh; . tests/package/root.sh
#       root_new; root_download nginx-light curl; root_boot
#       root_run apt-get install -y nginx-light curl && root_run curl -s http://localhost/
#
# Packages come from where this machine's apt gets its own. What was fetched is kept in $ROOT_CACHE
# ($BUILD_ROOT/root): a second root takes seconds. The logs are $ROOT_CACHE/*.log. With KEEP=1 the
# folder of the root is kept for a look.
ROOT_CACHE=${ROOT_CACHE:-$BUILD_ROOT/root}
ROOT='' root_nspawn='' root_init=''
ROOT_PACKAGES=systemd,systemd-sysv,dbus

# --- the cache: $ROOT_CACHE/base is copied for each root, $ROOT_CACHE/archives is apt's own store
# in all of them ---

root_sources() { # what this machine's apt knows of Debian 12, as a sources.list
	apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
		'Created-By: Packages' 'Origin: Debian' |
		grep -E ' bookworm(-updates|-security)? main$' | sort -u
}

root_options() { # how this machine's apt fetches: proxies, certificates, what it thinks of dates
	apt-config dump | grep -E '^Acquire::(http|https|Check-|Retries|Max-)[^ ]* ".+";$' || true
	echo 'APT::Install-Recommends "false";'
	echo 'APT::Keep-Downloaded-Packages "true";' \
		'Binary::apt::APT::Keep-Downloaded-Packages "true";'
}

root_make_base() {
	local sources=$1 log=$ROOT_CACHE/base.log
	say "making a Debian 12 root (once)"
	rm -rf "$ROOT_CACHE/base" "$ROOT_CACHE/base.new" "$ROOT_CACHE/archives"
	mkdir -p "$ROOT_CACHE/archives/partial"
	root_options >"$ROOT_CACHE/apt.conf"
	mmdebstrap --mode=root --variant=minbase --include=$ROOT_PACKAGES \
		--aptopt="$ROOT_CACHE/apt.conf" --dpkgopt=force-unsafe-io --skip=cleanup/apt/lists \
		bookworm "$ROOT_CACHE/base.new" - <<<"$sources" >"$log" 2>&1 || {
			tail -n 20 "$log" >&2
			die "mmdebstrap failed; the whole log is $log"
		}
	# as the installer leaves a machine; minbase has none
	printf '%s\t%s\n' 127.0.0.1 localhost 127.0.1.1 fresh \
		::1 'localhost ip6-localhost ip6-loopback' >"$ROOT_CACHE/base.new/etc/hosts"
	echo fresh >"$ROOT_CACHE/base.new/etc/hostname"
	# a root that lives for minutes need not be on disk
	echo force-unsafe-io >"$ROOT_CACHE/base.new/etc/dpkg/dpkg.cfg.d/fresh-root"
	cp "$ROOT_CACHE/apt.conf" "$ROOT_CACHE/base.new/etc/apt/apt.conf.d/90fresh-root"
	mv "$ROOT_CACHE/base.new" "$ROOT_CACHE/base"
}

# Made anew when a week old, or when its making or the machine's sources are others.
root_base() {
	local sources want stamp=$ROOT_CACHE/base.stamp
	sources=$(root_sources)
	[ -n "$sources" ] || { apt-get update -qq; sources=$(root_sources); }
	[ -n "$sources" ] ||
		die "this machine's apt has no Debian 12 (bookworm) main among its sources," \
			"from which the root would be made"
	want=$({ declare -f root_make_base; root_options; echo "$sources $ROOT_PACKAGES"; } |
		sha256sum)
	[ -d "$ROOT_CACHE/base" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$want" ] &&
		[ -z "$(find "$stamp" -mtime +6)" ] && return
	root_make_base "$sources"
	echo "$want" >"$stamp"
}

# --- the root ---

root_new() {
	[ "$(id -u)" -eq 0 ] ||
		die "a root of its own needs root: namespaces, mounts, another process 1"
	[ -z "$ROOT" ] || die "there is a root already: $ROOT"
	# shellcheck disable=SC2086
	install_packages $FRESH_PACKAGES
	own_folder "$ROOT_CACHE"
	exec {root_lock}>"$ROOT_CACHE/lock"
	flock "$root_lock"
	root_base
	ROOT=$(mktemp -d "$ROOT_CACHE/fresh.XXXXXX")
	trap root_end EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	cp -a --reflink=auto "$ROOT_CACHE/base/." "$ROOT"
	exec {root_lock}>&-
}

# nspawn mounts in a namespace of its own: nothing of it is seen, or left, outside.
root_spawn() {
	# systemd as process 1 wants one tree of control groups, whichever this machine has
	SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 exec systemd-nspawn -q -D "$ROOT" --register=no \
		--keep-unit --link-journal=no --timezone=off \
		--bind="$ROOT_CACHE/archives:/var/cache/apt/archives" "$@"
}

root_apt() { # apt-get's arguments; names of .deb files of this machine are copied in
	local args=() a log=$ROOT_CACHE/apt.log
	[ -z "$root_init" ] ||
		die "root_install and root_download come before root_boot:" \
			"afterwards there is no network"
	for a in "$@"; do
		case $a in *.deb) root_copy "$a" /root && a=/root/${a##*/} ;; esac
		args+=("$a")
	done
	# no service of the root may start while it shares this machine's network
	printf '#!/bin/sh\nexit 101\n' >"$ROOT/usr/sbin/policy-rc.d"
	chmod 755 "$ROOT/usr/sbin/policy-rc.d"
	(root_spawn --as-pid2 --resolv-conf=copy-host --setenv=DEBIAN_FRONTEND=noninteractive \
		apt-get -q -y "${args[@]}") >"$log" 2>&1 </dev/null ||
		{ tail -n 20 "$log" >&2; die "apt-get failed in the root; the whole log is $log"; }
	rm -f "$ROOT/usr/sbin/policy-rc.d"
}

root_install() { root_apt install "$@"; }
root_download() { root_apt install --download-only "$@"; }

root_copy() {
	local to=$ROOT${!#}
	mkdir -p "$to"
	cp -r "${@:1:$#-1}" "$to/"
}

root_alive() { [ -n "$root_nspawn" ] && kill -0 "$root_nspawn" 2>/dev/null; }

# Process 1 of the root is nspawn's one child, once it is systemd.
root_find_init() {
	local i pid
	for ((i = 0; i < 200; i++)); do
		root_alive || return 1
		read -r pid _ <"/proc/$root_nspawn/task/$root_nspawn/children" || true
		if [ -n "$pid" ] && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = systemd ]; then
			root_init=$pid
			return
		fi
		sleep 0.05
	done
	return 1
}

root_wait_up() {
	local i state
	for ((i = 0; i < 300; i++)); do
		root_alive || return 1
		state=$(root_run timeout 60 systemctl is-system-running --wait 2>/dev/null) || true
		case $state in
		running) return ;;
		degraded) root_run systemctl --failed --no-pager >&2; return 1 ;;
		esac
		sleep 0.2
	done
	return 1
}

root_boot() {
	local log=$ROOT_CACHE/boot.log
	[ -z "$root_nspawn" ] || die "the root is up already"
	(root_spawn --private-network --boot --console=pipe) >"$log" 2>&1 </dev/null &
	root_nspawn=$!
	root_find_init && root_wait_up && return
	tail -n 20 "$log" >&2
	die "the root did not boot under systemd-nspawn, which wants namespaces and control" \
		"groups of this machine; the whole log is $log"
}

root_run() {
	[ -n "$root_init" ] || die "the root is not up"
	nsenter -t "$root_init" -a --wd="$ROOT/root" -- env -i \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
		USER=root \
		LANG=C.UTF-8 TERM=dumb DEBIAN_FRONTEND=noninteractive "$@"
}

root_halt() {
	local i
	root_alive || { root_nspawn='' root_init=''; return 0; }
	[ -z "$root_init" ] || root_run systemctl poweroff >/dev/null 2>&1 || true
	for ((i = 0; i < 300; i++)); do
		root_alive || break
		sleep 0.1
	done
	# its end takes the whole root along
	if root_alive; then kill -KILL "${root_init:-$root_nspawn}" 2>/dev/null || true; fi
	wait "$root_nspawn" 2>/dev/null || true
	root_nspawn='' root_init=''
}

root_end() {
	[ -n "$ROOT" ] || return 0
	root_halt
	if [ -n "${KEEP:-}" ]; then say "kept: $ROOT"; else rm -rf --one-file-system "$ROOT"; fi
	ROOT=''
}
