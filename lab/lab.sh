#!/usr/bin/env bash
# The lab: hosts as network namespaces on one Ethernet segment. Traffic never leaves them.
#
#   client 10.77.0.1 fd77::1    balancer .2    backend1..3 .11 .12 .13    vip 10.77.0.100 fd77::100
#
# Each host has eth0, a veth whose other end is a port of a bridge in a namespace of its own ("segment"). Every bridge port
# runs an XDP program that passes: a veth drops what its peer transmits by XDP_TX unless it runs XDP itself.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=lab/common.sh
source "$here/common.sh"
# shellcheck source=lab/hosts.sh
source "$here/hosts.sh"
# shellcheck source=lab/backends.sh
source "$here/backends.sh"
# shellcheck source=lab/services.sh
source "$here/services.sh"
# shellcheck source=lab/networks.sh
source "$here/networks.sh"
# shellcheck source=lab/far.sh
source "$here/far.sh"

usage() {
	die "usage: ./loom lab up|status|down, ./loom lab exec HOST CMD..., ./loom lab serve BACKEND (nginx again), ./loom lab services (DNS, iperf3), ./loom lab far (a client behind a hop of 1400 bytes), ./loom lab networks (routers, two more segments), ./loom lab takeover router|standby, ./loom lab replug HOST (a new eth0)"
}

lab_up() {
	need_tools ip nginx ethtool bpftool clang-19
	[[ $LAB =~ ^[a-z0-9]{1,20}$ ]] || die "LOOM_LAB=$LAB: 1 to 20 lower-case letters and digits, please"
	if [ -e "$RUN/up" ]; then
		say "lab $LAB is up already"
		return
	fi
	lab_down
	trap lab_up_failed EXIT
	mkdir -p "$RUN/bpf"
	printf '%s\n' "$LOOM_ROOT" >"$RUN/checkout"
	mount -t bpf bpf "$RUN/bpf"
	segment_make
	local i=0 host
	for host in "${HOSTS[@]}"; do
		host_make "$host"
	done
	for host in "${BACKENDS[@]}"; do
		i=$((i + 1))
		backend_make "$host"
	done
	hosts_check
	touch "$RUN/up"
	trap - EXIT
	say "lab $LAB is up: ${HOSTS[*]} ($RUN)"
}

lab_up_failed() {
	trap - EXIT
	lab_down
	die "lab $LAB did not come up; what was made is removed again"
}

# Removes all that `up` makes, and what runs inside, however far it came. Says nothing if there is nothing.
lab_down() {
	local namespaces namespace
	mapfile -t namespaces < <(ip netns list | awk -v prefix="loom-$LAB-" 'index($1, prefix) == 1 { print $1 }')
	if [ ${#namespaces[@]} -gt 0 ]; then
		processes_end TERM 6 "${namespaces[@]}" || processes_end KILL 5 "${namespaces[@]}" ||
			say "loom: some processes in ${namespaces[*]} do not end" >&2
		for namespace in "${namespaces[@]}"; do
			ip netns delete "$namespace"
		done
	fi
	if findmnt -n -t bpf "$RUN/bpf" >/dev/null; then
		umount "$RUN/bpf"
	fi
	rm -rf "$RUN"
	rmdir /run/loom-lab 2>/dev/null || true # other labs may be there
}

# processes_end SIGNAL SECONDS NAMESPACE...: everything that runs in the namespaces belongs to this lab.
processes_end() {
	local signal=$1 deadline=$((SECONDS + $2)) pids
	shift 2
	pids=$(namespace_pids "$@")
	[ -n "$pids" ] || return 0
	# shellcheck disable=SC2086 # a list of numbers
	kill -s "$signal" $pids 2>/dev/null || true # some may have gone since
	while [ -n "$(namespace_pids "$@")" ]; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		sleep 0.1
	done
}

namespace_pids() {
	local namespace
	for namespace in "$@"; do
		ip netns pids "$namespace"
	done | sort -u | tr '\n' ' ' | sed 's/^ *$//'
}

lab_status() {
	[ -e "$RUN/up" ] || {
		say "lab $LAB is down"
		return 1
	}
	say "lab $LAB is up; run directory $RUN"
	local host state
	for host in "${HOSTS[@]}"; do
		state=$(on "$host" ip -br link show eth0 | awk '{ print $2 }')
		printf '%-9s eth0 %-4s %s\n' "$host" "$state" "$(on "$host" ip -o addr show | awk '
			$2 != "lo" || $4 !~ /^(127|::1)/ { if ($4 !~ /^fe80/) printf "%s ", $4 }')"
		host_services "$host"
	done
}

host_services() {
	on "$1" ip -d link show eth0 | awk '/prog\/xdp/ { print "          xdp: " $0 }' | tr -s ' ' | sed 's/^/         /'
	local pid
	for pid in $(ip netns pids "$(netns_of "$1")"); do
		printf '          %s: %s\n' "$pid" "$(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | cut -c1-90)"
	done
}

lab_exec() {
	[ $# -ge 2 ] || usage
	[ -e "$RUN/up" ] || die "lab $LAB is down; raise it with ./loom lab up"
	local host=$1
	shift
	[[ " ${HOSTS[*]} segment router standby far router1 router2 " == *" $host "* ]] || die "no host $host; there are: ${HOSTS[*]}"
	exec ip netns exec "$(netns_of "$host")" "$@"
}

need_root "lab ${1:-}"
command=${1:-}
[ $# -eq 0 ] || shift
case $command in
up) lab_up ;;
down) lab_down ;;
status) lab_status ;;
exec) lab_exec "$@" ;;
serve) backend_start "${1:?which backend}" ;;
services) services_make ;;
networks) networks_make ;;
replug) host_plug "${1:?which host}" ;;
takeover) router_takeover "${1:?router or standby}" ;;
far) far_make ;;
*) usage ;;
esac
