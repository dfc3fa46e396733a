# A client far away: behind two routers and, between them, a hop that carries no more than 1400 bytes. What it downloads must be
# cut to that size by whoever sends it, and only the routers know: path MTU discovery (RFC 1191, RFC 8201). Sourced by lab.sh.
# shellcheck shell=bash
#
#   far 10.74.0.1 fd74::1 ── router1 ══ 1400 bytes ══ router2 10.77.0.253 fd77::fd ── segment

FAR_MTU=1400

far_make() {
	local host
	for host in far router1 router2; do
		far_host "$host"
	done
	far_cable far eth0 router1 eth0 1500
	far_cable router1 eth1 router2 eth1 "$FAR_MTU"
	ip -n "$(netns_of segment)" link add router2 type veth peer name eth0 netns "$(netns_of router2)"
	ip -n "$(netns_of segment)" link set router2 master br0 up
	cable_prepare router2
	far_address far eth0 10.74.0.1/24 fd74::1/64
	far_address router1 eth0 10.74.0.254/24 fd74::fe/64
	far_address router1 eth1 10.75.0.1/24 fd75::1/64
	far_address router2 eth1 10.75.0.2/24 fd75::2/64
	far_address router2 eth0 10.77.0.253/24 fd77::fd/64
	far_route far 0.0.0.0/0 ::/0 10.74.0.254 fd74::fe
	far_route router1 10.76.0.0/15 fd77::/64 10.75.0.2 fd75::2
	far_route router2 10.74.0.0/24 fd74::/64 10.75.0.1 fd75::1
	for host in balancer "${BACKENDS[@]}"; do
		far_route "$host" 10.74.0.0/24 fd74::/64 10.77.0.253 fd77::fd
	done
	for host in "${BACKENDS[@]}"; do
		on "$host" ip rule add from "$KEEP4.0/24" to 10.74.0.0/24 lookup 76
		on "$host" ip -6 rule add from "$KEEP6/64" to fd74::/64 lookup 76
	done
	retry 5 on far curl -sf -m 2 "http://$(address4 backend1)/" || die "far cannot reach backend1 over IPv4"
	retry 5 on far curl -gsf -m 2 "http://[$(address6 backend1)]/" || die "far cannot reach backend1 over IPv6"
}

far_host() {
	ip netns add "$(netns_of "$1")"
	on "$1" sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0 \
		net.ipv6.conf.default.accept_ra=0 net.ipv6.conf.all.accept_ra=0
	[ "$1" = far ] || on "$1" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	ip -n "$(netns_of "$1")" link set lo up
}

# far_cable HOST DEVICE HOST DEVICE MTU. A segment that is put together on the way would not be what a network carries.
far_cable() {
	local feature
	ip -n "$(netns_of "$1")" link add "$2" mtu "$5" type veth peer name "$4" mtu "$5" netns "$(netns_of "$3")"
	for feature in tx tso gso gro; do
		on "$1" ethtool -K "$2" "$feature" off >/dev/null
		on "$3" ethtool -K "$4" "$feature" off >/dev/null
	done
}

# far_address HOST DEVICE IPV4 IPV6
far_address() {
	ip -n "$(netns_of "$1")" link set "$2" up
	ip -n "$(netns_of "$1")" addr add "$3" dev "$2"
	ip -n "$(netns_of "$1")" addr add "$4" dev "$2" nodad
}

# far_route HOST NETWORK4 NETWORK6 GATEWAY4 GATEWAY6
far_route() {
	ip -n "$(netns_of "$1")" route add "$2" via "$4"
	ip -n "$(netns_of "$1")" route add "$3" via "$5"
}
