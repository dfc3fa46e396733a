#!/usr/bin/env bash
# How long the control plane takes for the sizes that it is made for: a start, a start that takes over, a change by REST until it
# is in the kernel, and each GET below /ebpf. About ten minutes, a minute or two a size. Called by bench.sh:
# bench-control.sh FILE [SIZE...], sizes as in bench_sizes.py, all of them by default.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export LOOM_LAB=${LOOM_LAB:-bench}
# shellcheck source=lab/common.sh
source "$here/common.sh"
# shellcheck source=lab/hosts.sh
source "$here/hosts.sh"
# shellcheck source=lab/appliance.sh
source "$here/appliance.sh"
# shellcheck source=lab/load.sh
source "$here/load.sh"
# shellcheck source=lab/bench-common.sh
source "$here/bench-common.sh"

CHANGES=200
# Seconds until a size is given up: far beyond the target, so that a miss is measured.
START_LIMIT=300

saw() { say "$*"; }

# Each backend host answers to whole prefixes, so that three nginx are 10,000 servers. They lie behind the host's own address, as
# the kernel's neighbour table is for all namespaces and holds 1024 by default.
servers_make() {
	local prefix host
	for prefix in {1..40}; do
		host=${BACKENDS[$((prefix % 3))]}
		on balancer ip route add "10.88.$prefix.0/24" via "$(address4 "$host")"
	done
	for prefix in {0..127}; do
		host=${BACKENDS[$((prefix % 3))]}
		on balancer ip -6 route add "fd88:0:0:$(printf %x "$prefix")::/64" via "$(address6 "$host")"
	done
	for host in "${BACKENDS[@]}"; do
		on "$host" ip route add local 10.88.0.0/16 dev lo
		on "$host" ip -6 route add local fd88::/32 dev lo
		ports_serve "$host"
	done
}

# A second nginx, with a hundred ports.
ports_serve() {
	local directory=$RUN/$1-ports port
	mkdir "$directory"
	{
		say "pid $directory/nginx.pid; error_log $directory/error.log warn; events { worker_connections 8192; }"
		say "http { access_log off; server {"
		for port in {9000..9099}; do
			say "listen $port backlog=4096; listen [::]:$port ipv6only=on backlog=4096;"
		done
		say "return 200; } }"
	} >"$directory/nginx.conf"
	on "$1" nginx -p "$directory" -c "$directory/nginx.conf" -e "$directory/error.log"
}

# start_timed NAME: sets it to milliseconds from the process's start to its ready line.
start_timed() {
	local -n taken=$1
	local begin=${EPOCHREALTIME/./}
	appliance_start "$START_LIMIT"
	taken=$(((${EPOCHREALTIME/./} - begin) / 1000))
}

stop() {
	local pid
	pid=$(cat "$PID")
	kill -TERM "$pid"
	retry 10 process_gone "$pid" || fail "loomd does not end"
}

size_measure() {
	local size=$1 file=$2 first again
	python3 "$here/bench_sizes.py" "$size" >"$CONFIG"
	start_timed first
	stop
	start_timed again
	case $size in
	thousand)
		retry 30 vip_answers || fail "the vip does not answer"
		load_start "$VIP4"
		;;
	esac
	on balancer /usr/bin/python3 "$here/bench_control.py" "$size" "$CHANGES" "$file" "$OTHERS" "$first" "$again"
	case $size in thousand) load_end ;; esac
	stop
	appliance_detach
	rm -rf "${RUN:?}/data"
}

file=$1
shift
[ $# -gt 0 ] || set -- thousand hosts grid grid6 vips dual
trap bench_leave EXIT
trap 'exit 130' INT TERM
"$here/build.sh"
"$here/lab.sh" down
"$here/lab.sh" up
others_measure
servers_make
appliance_install
rm -f "$file"
for size in "$@"; do
	size_measure "$size" "$file"
done
