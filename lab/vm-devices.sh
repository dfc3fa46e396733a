# Devices on devices in the virtual machine of vm.sh: what Linux makes of an attachment, and traffic over a bond and a VLAN. The lab's own
# kernel may have neither. All hosts but the balancer are one network namespace of the machine, `far`. Sourced by vm.sh.
# shellcheck shell=bash disable=SC2016,SC2154 # what the machine expands, in single quotes; RUN is from common.sh

STACKED_REQUESTS=100 # by each IP version

# What Linux makes of an attachment: the user guide says it.
devices_attach() {
	local mode
	guest "bpftool prog load $RUN/pass.bpf.o /sys/fs/bpf/pass type xdp && ip link add link eth0 name eth0.10 type vlan id 10"
	check "a VLAN device refuses native mode" refused xdpdrv eth0.10
	check "and takes generic mode" attach xdpgeneric eth0.10
	guest 'ip link delete eth0.10'
	for mode in active-backup balance-rr balance-xor 802.3ad; do
		bond "$mode"
		check "a bond of mode $mode takes native mode" attach xdpdrv bond1
	done
	for mode in balance-tlb balance-alb broadcast; do
		bond "$mode"
		check "a bond of mode $mode refuses native mode" refused xdpdrv bond1
	done
}

# attach MODE DEVICE: of a program that passes, and off again.
attach() { guest "bpftool net attach $1 pinned /sys/fs/bpf/pass dev $2 && bpftool net detach $1 dev $2"; }

refused() { ! attach "$@"; }

# bond MODE: bond1, made anew, of eth1.
bond() {
	guest '[ ! -e /sys/class/net/bond1 ] || ip link delete bond1'
	guest "ip link add bond1 type bond mode $1 && ip link set eth1 down && ip link set eth1 master bond1"
}

# Every backend says which of its addresses was asked.
far_serve() {
	guest 'ip netns add far && ip -n far link set lo up'
	guest "base64 -d <<<$(far_configuration | base64 -w 0) >/opt/far.conf && ip netns exec far nginx -c /opt/far.conf -e /opt/far.log"
}

far_configuration() {
	cat <<-'NGINX'
		user root;
		pid /opt/far.pid;
		events {}
		http {
			access_log off;
			server { listen 80; listen [::]:80; location / { return 200 "$server_addr\n"; } }
		}
	NGINX
}

# cable NEAR FAR: a veth whose frames are as they are on a wire, checksums and tags in place.
cable() {
	guest "ip link add $1 type veth peer name $2 netns far"
	guest "ethtool -K $1 tx off && ip netns exec far ethtool -K $2 tx off txvlan off" >/dev/null
}

# far_polls DEVICE: a veth takes what a program sends to it only when it has one itself.
far_polls() { guest "ip -n far link set dev $1 xdpdrv obj $RUN/pass.bpf.o sec xdp"; }

# addresses NUMBER NEAR FAR: of the network 10.NUMBER.0.0/24 and fdNUMBER::/64: the balancer has 2, the client 1, the backends 11 and 12.
addresses() {
	local host
	guest "ip addr add 10.$1.0.2/24 dev $2 && ip addr add fd$1::2/64 dev $2 nodad"
	for host in 1 11 12; do
		guest "ip -n far addr add 10.$1.0.$host/24 dev $3 && ip -n far addr add fd$1::$host/64 dev $3 nodad"
	done
}

# stacked_configure NUMBER INTERFACE: a vip of that network, by nat.
stacked_configure() {
	local server
	write_configuration <<-YAML
		ebpf:
		  enabled: true
		  interface: [$2]
		  xdp_mode: native
		  vips:
		    - {name: far, addresses: [10.$1.0.100, "fd$1::100"], protocol: tcp, ports: [80], algorithm: round_robin, forwarding: nat, upstream: far}
		upstreams:
		  - name: far
		    servers:
		$(for server in 10.$1.0.11 10.$1.0.12 fd$1::11 fd$1::12; do printf '      - {address: "%s", port: 80}\n' "$server"; done)
	YAML
}

# far_visit NUMBER: so many requests by each IP version, the answers counted by backend.
far_visit() {
	local address
	for address in "10.$1.0.100" "\\[fd$1::100\\]"; do
		guest "ip netns exec far curl -sS --fail-early -m 20 -H 'Connection: close' 'http://$address/?[1-$STACKED_REQUESTS]' | sort | uniq -c"
	done
}

# halves COUNTS: all were answered, by each of the four backends as many.
halves() {
	awk -v half=$((STACKED_REQUESTS / 2)) '{ if ($1 < half - 5 || $1 > half + 5) exit 1; sum += $1 } END { exit !(NR == 4 && sum == 4 * half) }' <<<"$1"
}

# visited NUMBER WHAT
visited() {
	local answers
	check "$2: requests are answered" retry 60 guest "ip netns exec far curl -gsS -m 2 http://10.$1.0.100/ http://[fd$1::100]/"
	answers=$(far_visit "$1") || : # what is missing, halves sees
	check "$2: $((2 * STACKED_REQUESTS)) requests, answered by: $(xargs <<<"$answers")" halves "$answers"
}

received() { guest "cat /sys/class/net/$1/statistics/rx_packets"; }

# Two cards in turns, in both directions; then one of them alone.
devices_bond() {
	local end card before=()
	cable b0 p0
	cable b1 p1
	for end in 'ip' 'ip -n far'; do
		guest "$end link add pair type bond mode balance-rr miimon 100"
	done
	for card in 0 1; do
		guest "ip link set b$card master pair && ip -n far link set p$card master pair"
	done
	far_polls pair
	guest 'ip link set pair up && ip -n far link set pair up'
	addresses 80 pair pair
	stacked_configure 80 pair
	check "the program is on a bond in native mode" retry 60 native pair
	before=("$(received b0)" "$(received b1)")
	visited 80 "over a bond"
	for card in 0 1; do
		check "card $card of the bond has taken its part" [ $(($(received "b$card") - before[card])) -ge "$STACKED_REQUESTS" ]
	done
	guest 'ip -n far link set p0 down'
	visited 80 "over what is left of it"
}

# The program is below the VLAN device, where the host has its addresses; vips of IPv6 must be there too to be found.
devices_vlan() {
	local dropped vlan
	cable trunk0 t0
	for vlan in 10 20; do
		guest "ip link add link trunk0 name trunk0.$vlan type vlan id $vlan && ip -n far link add link t0 name t0.$vlan type vlan id $vlan"
	done
	far_polls t0
	guest 'ip link set trunk0 up && ip -n far link set t0 up'
	for vlan in 10 20; do
		guest "ip link set trunk0.$vlan up && ip -n far link set t0.$vlan up"
	done
	addresses 81 trunk0.10 t0.10
	guest 'ip addr add fd81::100/128 dev trunk0.10 nodad preferred_lft 0'
	guest 'ip addr add 10.82.0.2/24 dev trunk0.20 && ip -n far addr add 10.82.0.1/24 dev t0.20'
	stacked_configure 81 trunk0
	check "the program is below a VLAN device in native mode" retry 60 native trunk0
	visited 81 "over a VLAN"
	guest 'ip -n far rule add from 10.82.0.1 table 82 && ip -n far route add default via 10.82.0.2 table 82'
	guest 'ip netns exec far curl -sS -m 3 --interface 10.82.0.1 http://10.81.0.100/' >/dev/null 2>&1 || : # the counter says why
	dropped=$(guest 'curl -sS -m 60 localhost:9091/metrics' | awk '/loom_ebpf_verdicts_total.*drop_other_vlan/ { print int($NF) }')
	check "a client in another VLAN is refused, and counted: ${dropped:-none}" [ "${dropped:-0}" -gt 0 ]
}
