#!/usr/bin/env bash
# Loom beside what else forwards TCP on Linux, in the same namespaces and with the same settings: offloads off, as XDP needs
# it. In rounds, each candidate in each; the medians count. Below five minutes. Called by bench.sh: bench-peers.sh FILE;
# the chart is FILE with .svg.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export LOOM_LAB=${LOOM_LAB:-bench}
# shellcheck source=lab/common.sh
source "$here/common.sh"
# shellcheck source=lab/hosts.sh
source "$here/hosts.sh"
# shellcheck source=lab/appliance.sh
source "$here/appliance.sh"
# shellcheck source=lab/bench-common.sh
source "$here/bench-common.sh"
# shellcheck source=lab/peers.sh
source "$here/peers.sh"

ROUNDS=3
SECONDS_EACH=2
METHODS=(nat ipip l2 gue)

# load CONNECTIONS [WRK OPTIONS...] -- [SCRIPT ARGUMENTS...]: wrk on the client against the candidate; its report.
load() {
	local options=(-t1 "-c$1" "-d${SECONDS_EACH}s" --timeout 5s -s "$here/bench.lua")
	shift
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	on client wrk "${options[@]}" "http://$PEER_ADDRESS/quiet" "$@" >"$RUN/wrk.out" 2>&1 || fail "wrk: $(cat "$RUN/wrk.out")"
	grep -o 'report .*' "$RUN/wrk.out" | cut -d' ' -f2- || fail "wrk has not reported: $(cat "$RUN/wrk.out")"
}

bulk() {
	on client iperf3 -J -t 1 -c "$PEER_ADDRESS" >"$RUN/iperf3.json" 2>&1 || fail "iperf3: $(cat "$RUN/iperf3.json")"
	jq .end.sum_received.bits_per_second "$RUN/iperf3.json"
}

# One line of JSON for each candidate and round.
measure() {
	local candidate=$1 before busy paced keepalive closing bulk
	peer_start "$candidate"
	keepalive=$(load 32 --)
	closing=$(load 32 -H 'Connection: close' --)
	before=$(busy)
	paced=$(load 16 -- paced)
	busy=$(($(busy) - before))
	bulk=$(bulk)
	jq -cn --arg candidate "$candidate" --argjson busy "$busy" --argjson keepalive "$keepalive" --argjson closing "$closing" \
		--argjson paced "$paced" --argjson bulk "$bulk" '$ARGS.named' >>"$RUN/samples.json"
	peer_stop "$candidate"
}

# Loom's methods one after the other, so that it starts once in a round.
round() {
	local candidate
	for candidate in direct routed "${METHODS[@]/#/loom-}"; do
		measure "$candidate"
	done
	loom_stop
	for candidate in nftables haproxy nginx; do
		measure "$candidate"
	done
}

trap bench_leave EXIT
trap 'exit 130' INT TERM
"$here/setup.sh" --peers
"$here/build.sh"
"$here/lab.sh" down
"$here/lab.sh" up
others_measure
peers_prepare
appliance_install
for number in $(seq "$ROUNDS"); do
	say "round $number of $ROUNDS"
	round
done
/usr/bin/python3 "$here/bench_chart.py" "$RUN/samples.json" "$1" "${1%.json}.svg" "$OTHERS"
say "chart: ${1%.json}.svg"
