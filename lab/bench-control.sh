#!/usr/bin/env bash
# How long a change by REST takes until it is in the kernel, with 1000 backends and traffic on. About a minute.
# Called by bench.sh: bench-control.sh FILE
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

saw() { say "$*"; }

# Each backend host answers to a whole prefix, so that three nginx are a thousand servers: 10.88.1.0/24 to 10.88.4.0/24.
# They lie behind the host's own address, as the kernel's neighbour table is for all namespaces and holds 1024 by default.
servers_make() {
	local prefix host
	for prefix in 1 2 3 4; do
		host=${BACKENDS[$((prefix % 3))]}
		on "$host" ip route add local "10.88.$prefix.0/24" dev lo
		on balancer ip route add "10.88.$prefix.0/24" via "$(address4 "$host")"
	done
}

servers_configure() {
	cat <<-TEXT
		ebpf:
		  enabled: true
		  interface: eth0
		  xdp_mode: native
		  vips:
		    - {name: web, addresses: [$VIP4], protocol: tcp, ports: [80], algorithm: maglev, forwarding: nat, upstream: web}
		  health_integration: {enabled: true, upstream: web}
		upstreams:
		  - name: web
		    health_check: {type: tcp, interval: 5s, timeout: 2s, rise: 2, fall: 3}
		    servers:
	TEXT
	local server
	for server in 10.88.{1..4}.{1..250}; do
		say "      - {address: $server, port: 80}"
	done
}

trap bench_leave EXIT
trap 'exit 130' INT TERM
"$here/build.sh"
"$here/lab.sh" down
"$here/lab.sh" up
others_measure
servers_make
appliance_install
servers_configure >"$CONFIG"
appliance_start
retry 30 vip_answers || fail "the vip does not answer"
load_start "$VIP4"
on balancer /usr/bin/python3 "$here/bench_control.py" "$CHANGES" "$1" "$OTHERS"
load_end
