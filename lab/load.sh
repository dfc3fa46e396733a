# Load by wrk in the background, and what it noticed. Sourced by demo.sh.
# shellcheck shell=bash

LOAD_PID=

# A plain `ip netns exec` becomes wrk, so that the pid is wrk's.
load_start() {
	ip netns exec "$(netns_of client)" wrk -t1 -c16 -d600s --timeout 10s -s "$LOOM_ROOT/lab/report.lua" "http://$1/quiet" >"$RUN/wrk.out" 2>&1 &
	LOAD_PID=$!
	sleep 2
	kill -0 "$LOAD_PID" || fail "wrk does not run: $(cat "$RUN/wrk.out")"
}

# Ends it as Ctrl-C would, and holds it to: not one request failed, none took a second (a lost
# packet of a new connection costs that; `loom test lab` is stricter).
load_end() {
	sleep 1
	kill -INT "$LOAD_PID"
	retry 20 process_gone "$LOAD_PID" || fail "wrk does not stop"
	wait "$LOAD_PID" || fail "wrk failed: $(cat "$RUN/wrk.out")"
	local report
	report=$(grep -o 'report .*' "$RUN/wrk.out") || fail "wrk has not reported: $(cat "$RUN/wrk.out")"
	saw "under load meanwhile: ${report#report } (largest in microseconds)"
	[[ $report == *"connect=0 read=0 write=0 status=0 timeout=0"* ]] || fail "requests failed under load"
	[ "${report##*largest=}" -lt 1000000 ] || fail "a request took longer than a second"
}
