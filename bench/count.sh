# SPDX-License-Identifier: Apache-2.0
# Sourced by unitpass.sh and slices.sh: how many instructions a server's own process executes for a
# request or a login, counted by callgrind. Not a time (the kernel is not in it), but the same on a
# busy machine as on a quiet one, to a few in a thousand. What starting, the first requests and
# ending cost drops out: two servers do the same but for N more, and the difference is divided by N.
#
# A script that sources it sets $dir, and calls
#
#   count_start COMMAND...        a server in the foreground, under callgrind
#   count_ready CURL-ARGUMENTS... waits until it answers
#   count_stop                    ends it, and adds what it has executed to $dir/counted
#   count_line SERVER WHAT N      the last line there less the first, over N, as a line of JSON
#
# COUNT_KEEP=1 keeps callgrind's files in $dir, for callgrind_annotate.
counts=0

count_start() {
	local out=$dir/callgrind.$((++counts))
	rm -f "$out"
	valgrind --tool=callgrind --callgrind-out-file="$out" "$@" 2>>"$dir/callgrind.log" &
	count_pid=$! count_out=$out
}

# A server that gave up root writes its figures into a file that is root's.
count_ready() { # CURL-ARGUMENTS...
	local i
	for ((i = 0; i < 600; i++)); do
		curl -fs -o /dev/null "$@" && { chmod 666 "$count_out"; return; }
		kill -0 "$count_pid" 2>/dev/null || break
		sleep 0.05
	done
	die "no server under callgrind: $(tail -n 3 "$dir/callgrind.log")"
}

count_stop() {
	kill "$count_pid"
	wait "$count_pid" || true
	sed -n 's/^totals: //p' "$count_out" >>"$dir/counted"
	[ -n "${COUNT_KEEP:-}" ] || rm -f "$count_out"
}

count_line() { # SERVER WHAT N
	local less more
	less=$(head -n 1 "$dir/counted") more=$(tail -n 1 "$dir/counted")
	printf '{"server":"%s","what":"%s","instructions":%d}\n' "$1" "$2" $(((more - less) / $3))
}
