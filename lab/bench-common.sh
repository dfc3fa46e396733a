# What the benches in the lab share. Sourced by bench-control.sh and bench-peers.sh.
# shellcheck shell=bash

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
	rmdir "$HOME"/.cache/JNA/temp "$HOME"/.cache/JNA 2>/dev/null || true # by JNA; others may use them
	exit "$status"
}

vip_answers() { on client curl -sf -m 2 "http://$VIP4/quiet"; }
