#!/usr/bin/env bash
# Shows the appliance at work, from nothing, and checks every step: loom demo [--stay]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export LOOM_LAB=${LOOM_LAB:-demo}
# shellcheck source=lab/common.sh
source "$here/common.sh"
# shellcheck source=lab/hosts.sh
source "$here/hosts.sh"
# shellcheck source=lab/appliance.sh
source "$here/appliance.sh"
# shellcheck source=lab/load.sh
source "$here/load.sh"

STAY=false
STEP=0
FINISHED=false

step() {
	STEP=$((STEP + 1))
	printf '\n== %d. %s\n' "$STEP" "$*"
}

saw() { printf '   %s\n' "$*"; }

fail() {
	printf '\nFAILED in step %d: %s\n' "$STEP" "$*" >&2
	exit 1
}

# shows CMD...: the command, then what it says.
shows() {
	printf '   $ %s\n' "$*"
	"$@" 2>&1 | sed 's/^/     /'
}

leave() {
	local status=$?
	trap - EXIT
	if [ "$status" -ne 0 ] && [ -e "$LOG" ]; then
		printf -- '--- the end of %s\n' "$LOG" >&2
		tail -n 40 "$LOG" >&2
	fi
	if $FINISHED && $STAY; then
		stay_hints
	else
		"$here/lab.sh" down
		remove_empty "$HOME"/.cache/JNA/temp "$HOME"/.cache/JNA # by JNA for --detach
	fi
	exit "$status"
}

# spread ADDRESS REQUESTS: new connections; prints "backend1 100 backend2 98 ...". Fails unless all are answered.
spread() {
	local answers
	answers=$(on client curl -sS -m 10 -H 'Connection: close' "http://$1/?request=[1-$2]") ||
		fail "requests to $1 were not answered"
	[ "$(wc -l <<<"$answers")" -eq "$2" ] || fail "$1 answered $(wc -l <<<"$answers") of $2 requests"
	sort <<<"$answers" | uniq -c | awk '{ printf "%s %d ", $2, $1 }'
}

# expect_share COUNTS BACKEND PERCENT: its share is that, give or take 10 points.
expect_share() {
	awk -v who="$2" -v want="$3" '{
		for (i = 1; i < NF; i += 2) { all += $(i + 1); if ($i == who) mine = $(i + 1) }
		got = 100 * mine / all; exit !(got > want - 10 && got < want + 10) }' <<<"$1" ||
		fail "$2 should have got about $3 % of: $1"
}

show_start() {
	step "Loom starts on the balancer, from this file"
	sed 's/^/     /' "$CONFIG"
	appliance_start
	saw "$(grep -m1 '^loom ready' "$LOG")"
	shows on balancer ip -d link show eth0
	on balancer ip -d link show eth0 | grep -q 'prog/xdp id' || fail "no native XDP program on the balancer's eth0"
}

show_spread() {
	step "Requests to the vip are spread over the two backends of the file"
	local counts
	counts=$(spread "$VIP4" 400)
	saw "400 requests to $VIP4: $counts"
	expect_share "$counts" backend1 50
	counts=$(spread "[$VIP6]" 400)
	saw "400 requests to $VIP6: $counts"
	expect_share "$counts" backend1 50
}

show_rest() {
	step "A third backend is added by REST, and its weight is changed"
	local added id counts
	added=$(rest POST /ebpf/backends '{"address": "10.77.0.13", "port": 80, "weight": 100, "upstream": "web"}')
	saw "POST /ebpf/backends answers: $(jq -c . <<<"$added")"
	id=$(jq .id <<<"$added")
	counts=$(spread "$VIP4" 600)
	saw "600 requests: $counts"
	expect_share "$counts" backend3 33
	saw "PATCH /ebpf/backends/$id answers: $(rest PATCH "/ebpf/backends/$id" '{"weight": 300}' | jq -c .)"
	counts=$(spread "$VIP4" 600)
	saw "600 requests at weights 100, 100, 300: $counts"
	expect_share "$counts" backend3 60
	rest PATCH "/ebpf/backends/$id" '{"weight": 100}' >/dev/null
}

show_health() {
	step "nginx on backend2 is killed: it leaves, with the reason; started again, it returns"
	local counts took from=${EPOCHREALTIME/./}
	ip netns pids "$(netns_of backend2)" | xargs kill -KILL
	retry 5 backend_is 10.77.0.12 down || fail "backend2 is not down: $(rest GET /ebpf/backends)"
	took=$(((${EPOCHREALTIME/./} - from) / 1000))
	saw "down after $took ms: $(backend_field 10.77.0.12 reason)"
	[ "$took" -le 2500 ] || fail "that is more than interval x fall + 1 s"
	counts=$(spread "$VIP4" 300)
	saw "300 requests: $counts"
	[[ $counts != *backend2* ]] || fail "backend2 still gets requests"
	"$here/lab.sh" serve backend2
	retry 5 backend_is 10.77.0.12 up || fail "backend2 does not come back: $(rest GET /ebpf/backends)"
	counts=$(spread "$VIP4" 300)
	saw "back again; 300 requests: $counts"
	expect_share "$counts" backend2 33
}

show_crash() {
	step "The control plane is SIGKILLed under load, and started again"
	local before after from
	before=$(program_id)
	load_start "$VIP4"
	kill -KILL "$(cat "$PID")"
	saw "killed; without it: $(spread "$VIP4" 300)"
	from=${EPOCHREALTIME/./}
	appliance_start
	saw "ready again after $(((${EPOCHREALTIME/./} - from) / 1000)) ms"
	after=$(program_id)
	[ "$before" = "$after" ] || fail "the program was $before and is $after: not taken over"
	saw "the same program, id $after, goes on"
	load_end
}

show_forwarding() {
	step "Forwarding changes from nat to ipip (direct return) under load, by an edit of the file"
	load_start "$VIP4"
	sed 's/forwarding: nat/forwarding: ipip/' "$CONFIG" >"$CONFIG.new"
	mv "$CONFIG.new" "$CONFIG"
	retry 10 served_by_vip || fail "the backends do not see direct return: $(rest GET /ebpf/vips)"
	saw "the backends' nginx now sees the vip as its own address: they answer the client directly"
	saw "300 requests: $(spread "$VIP4" 300)"
	saw "300 requests: $(spread "[$VIP6]" 300)"
	load_end
}

show_bundle() {
	step "The ipip bundle, in use, is removed from deploy/ and put back, under load"
	load_start "$VIP4"
	mv "$INSTALLATION/deploy/loom-forward-ipip.jar" "$RUN/"
	retry 15 vip_degraded web || fail "nobody noticed: $(rest GET /ebpf/vips)"
	saw "removed; status says: $(rest GET /ebpf/vips | jq -r '.vips[] | select(.name == "web") | .degraded | join("; ")')"
	saw "and forwarding goes on: 300 requests: $(spread "$VIP4" 300)"
	mv "$RUN/loom-forward-ipip.jar" "$INSTALLATION/deploy/"
	retry 15 vip_well web || fail "still degraded: $(rest GET /ebpf/vips)"
	saw "put back; the vip is well again: $(spread "$VIP4" 300)"
	load_end
}

show_end() {
	step "SIGTERM ends the control plane, not the forwarding; --detach removes everything"
	local from=${EPOCHREALTIME/./} pid
	saw "resident memory of the control plane: $(awk '/VmRSS/ { printf "%d MiB", $2 / 1024 }' "/proc/$(cat "$PID")/status")"
	pid=$(cat "$PID")
	kill -TERM "$pid"
	retry 5 process_gone "$pid" || fail "loomd has not ended 5 s after SIGTERM"
	saw "ended after $(((${EPOCHREALTIME/./} - from) / 1000)) ms; without it: $(spread "$VIP4" 300)"
	appliance_detach | sed 's/^/   loomd --detach says: /'
	! on balancer ip -d link show eth0 | grep -q xdp || fail "an XDP program is still attached"
	[ ! -e "$RUN/bpf/loom/default" ] || fail "pins are left: $(find "$RUN/bpf/loom")"
	saw "no program, no pin, no address of the vip is left"
}

stay_hints() {
	cat <<-TEXT

		The lab stays. Try:
		  export LOOM_LAB=$LAB
		  ./loom lab status
		  ./loom lab exec client curl -s http://$VIP4/
		  ./loom lab exec balancer curl -s http://localhost:9091/ebpf/backends
		  ./loom lab exec balancer $INSTALLATION/bin/loom --data $RUN/data loom:status
		  ./loom lab exec balancer bpftool net show
		  edit $CONFIG; the log is $LOG
		  ./loom lab down          ends it
	TEXT
}

case "${1:-}" in
'') ;;
--stay) STAY=true ;;
*) die "usage: ./loom demo [--stay]" ;;
esac
need_root demo
trap leave EXIT
trap 'exit 130' INT TERM
step "What is missing is installed, everything is built, the lab is raised"
"$here/setup.sh"
"$here/build.sh"
"$here/lab.sh" down
"$here/lab.sh" up
appliance_install
"$here/lab.sh" status | sed 's/^/   /'
show_start
show_spread
show_rest
show_health
show_crash
show_forwarding
show_bundle
$STAY || show_end
FINISHED=true
printf '\nAll %d steps hold.\n' "$STEP"
