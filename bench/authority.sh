#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Who acts for a unit, for measurements: two servers side by side, one with a small register and one
# with a great one, each with phones of principals and of users whom a manager granted an item.
#
#   authority.sh start DIR BUILD        makes both (the great one takes some minutes)
#   authority.sh round DIR LOGINS CALLS one line of JSON for each thing measured, the two in turn
#   authority.sh count DIR [LOGINS]     instructions for both kinds of login (count.sh)
#   authority.sh stop DIR
#
#   BUILD            has load_unitpass, load_holder and fill beside unitpassd
#   GREAT_UNITS      of the great register (default 100000: 300000 persons)
#   GREAT_USERS      of its first unit, with ten grants each (default 1000)
#   SERVER_CORE, LOAD_CORE (default 0, 1)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
phones=64 chains=32 threads=32 holders=8
items="bench-1 bench-2 bench-3 bench-4 bench-5 bench-6 bench-7 bench-8 bench-9 bench-10"
item=bench-1

die() { echo "authority.sh: $*" >&2; exit 1; }
site() { "$here/unitpass.sh" "$@"; }

# One user more comes by a manager: the first unit has hundreds, or a thousand, in whole pages.
fill() { # small or great, its units, users of the first
	local u=$dir/$1
	"$build/fill" "$u/unitpassd.conf" "$u/phones.json" chains $chains $item "$u/users.json"
	# shellcheck disable=SC2086
	"$build/fill" "$u/unitpassd.conf" "$u/phones.json" crowd $(($3 - 1)) $chains \
		"$u/crowd.json" $items
	[ "$2" -le $phones ] || "$build/fill" "$u/unitpassd.conf" "$u/phones.json" register \
		"$u/units.csv" $phones $item
}

start() {
	local which units users
	while read -r which units users; do
		UNITS=$units ITEMS=$items site start "$dir/$which" "$build" $phones
		[ -f "$dir/$which/crowd.json" ] || fill "$which" "$units" "$users"
	done <<-END
	small $phones 100
	great ${GREAT_UNITS:-100000} ${GREAT_USERS:-1000}
	END
	ln -sfn "$build" "$dir/build"
}

say() { sed "s/^{/{\"site\":\"$1\",\"who\":\"$2\",/"; } # ... of a line of JSON

login() { # small or great, whose phones, logins
	local u=$dir/$1
	taskset -c "${LOAD_CORE:-1}" "$dir/build/load_unitpass" --listen "$(cat "$u/listen")" \
		--phones "$u/$2.json" --client bench --secret-file "$u/client.secret" --item $item \
		--threads $threads --logins "$3" --pid "$(cat "$u/pid")" | say "$1" "$2"
}

holder() { # small or great, what, calls
	local u=$dir/$1
	taskset -c "${LOAD_CORE:-1}" "$dir/build/load_holder" "$2" --listen "$(cat "$u/listen")" \
		--phones "$u/phones.json" --one --item $item --threads $holders --calls "$3" \
		--pid "$(cat "$u/pid")" | say "$1" "$2"
}

# In short turns, so that all see the machine as it is: it is ratios that are asked for.
round() { # LOGINS CALLS
	local turn which who
	for which in small great; do login $which phones 500 >/dev/null; done
	for turn in 1 2 3 4; do
		for who in phones users crowd; do
			for which in small great; do login $which $who $(($1 / 4)); done
		done
		for who in users grants-list devices grants; do
			for which in small great; do holder $which $who $(($2 / 4)); done
		done
	done
}

count() { # LOGINS; the servers are stopped before
	local which who
	for which in small great; do
		for who in phones users; do
			COUNT_PHONES=$dir/$which/$who.json COUNT_ITEM=$item \
				site count "$dir/$which" "$dir/build" "$1" |
				sed "s/\"what\":\"login\"/\"what\":\"login_${which}_$who\"/"
		done
	done
}

usage="usage: authority.sh start DIR BUILD | round DIR LOGINS CALLS | count DIR [LOGINS] | stop DIR"
[ $# -ge 2 ] || die "$usage"
mkdir -p "$2"
dir=$(cd "$2" && pwd)
case $1 in
start)
	[ $# -eq 3 ] || die "$usage"
	build=$(cd "$3" && pwd)
	start
	;;
round)
	[ $# -eq 4 ] || die "$usage"
	round "$3" "$4"
	;;
count)
	for which in small great; do site stop "$dir/$which"; done
	count "${3:-300}"
	;;
stop) for which in small great; do [ ! -d "$dir/$which" ] || site stop "$dir/$which"; done ;;
*) die "start, round, count or stop, not $1" ;;
esac
