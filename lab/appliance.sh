# The appliance on the balancer of the lab: an installation of its own, so that nothing done to it touches the build.
# Sourced by demo.sh.
# shellcheck shell=bash disable=SC2034 # used by demo.sh

INSTALLATION=$RUN/loom
CONFIG=$RUN/loom.yaml
LOG=$RUN/loomd.log
PID=$RUN/loomd.pid

appliance_install() {
	cp -a "$ASSEMBLY" "$INSTALLATION"
	cp "$LOOM_ROOT/lab/demo.yaml" "$CONFIG"
}

# appliance_start [SECONDS]: starts it and waits for its ready line. setsid, `ip netns exec` and loomd all exec: the pid is Java's own.
appliance_start() {
	: >"$LOG" # now: the ready line of an earlier start must not be seen
	setsid ip netns exec "$(netns_of balancer)" "$INSTALLATION/bin/loomd" --config "$CONFIG" --data "$RUN/data" \
		--bpffs "$RUN/bpf" >>"$LOG" 2>&1 </dev/null &
	echo $! >"$PID"
	disown
	retry "${1:-60}" appliance_spoke "$(cat "$PID")" || fail "loomd is not ready after ${1:-60} s"
	grep -q '^loom ready' "$LOG" || fail "loomd has ended"
}

# It is ready, or it never will be.
appliance_spoke() { grep -q '^loom ready' "$LOG" || process_gone "$1"; }

appliance_detach() { on balancer "$INSTALLATION/bin/loomd" --detach --bpffs "$RUN/bpf"; }

process_gone() { ! kill -0 "$1" 2>/dev/null; }

# rest METHOD PATH [BODY]: the answer's body; fails on any answer but a good one.
rest() {
	on balancer curl -sS --fail-with-body -m 20 -X "$1" ${3:+-d "$3"} "http://localhost:9091$2"
}

# backend_field ADDRESS FIELD
backend_field() { rest GET /ebpf/backends | jq -r --arg a "$1" ".backends[] | select(.address == \$a) | .$2"; }

backend_is() { [ "$(backend_field "$1" state)" = "$2" ]; }

vip_degraded() {
	rest GET /ebpf/vips | jq -e --arg n "$1" '.vips[] | select(.name == $n) | .degraded | length > 0'
}

vip_well() { ! vip_degraded "$1"; }

program_id() { bpftool -j prog show pinned "$RUN/bpf/loom/default/prog" | jq .id; }

# Whether a fresh request is logged by its backend as one to the vip.
served_by_vip() {
	on client curl -sS -m 2 "http://$VIP4/direct" >/dev/null
	tail -qn1 "$RUN"/backend?/access.log | awk -v vip="$VIP4" '$3 == vip { found = 1 } END { exit !found }'
}
