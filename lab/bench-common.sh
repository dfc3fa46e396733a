# What the benches in the lab share. Sourced by bench-control.sh and bench-peers.sh.
# shellcheck shell=bash disable=SC2034 # OTHERS is for those who source it

fail() {
	say "FAILED: $*" >&2
	exit 1
}

# Whatever happened: nothing of the lab stays, and a failure shows why.
bench_leave() {
	local status=$?
	trap - EXIT
	if [ "$status" -ne 0 ] && [ -e "$LOG" ]; then
		say "--- the end of $LOG" >&2
		tail -n 40 "$LOG" >&2
	fi
	"$LOOM_ROOT/lab/lab.sh" down
	remove_empty "$HOME"/.cache/JNA/temp "$HOME"/.cache/JNA # by JNA
	exit "$status"
}

vip_answers() { on client curl -sf -m 2 "http://$VIP4/quiet"; }

# Time that the whole machine's processors were not idle, in microseconds: user to softirq of /proc/stat.
busy() { awk -v hz="$(getconf CLK_TCK)" '/^cpu / { printf "%.0f", ($2 + $3 + $4 + $7 + $8) * 1000000 / hz }' /proc/stat; }

# Sets OTHERS, which goes into the results: what else runs here makes every figure worse, and some candidates' more than others'.
others_measure() {
	local before
	before=$(busy)
	sleep 2
	OTHERS=$((($(busy) - before) / 20000)) # percent of one processor
	[ "$OTHERS" -lt 10 ] || say "bench: others use $OTHERS % of a processor: expect worse figures than those of an idle machine"
}
