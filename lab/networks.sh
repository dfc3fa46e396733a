# More than one segment, for tests of several interfaces and of routers. Sourced by lab.sh.
#
#   outer 10.77.0.0/24 fd77::/64   client eth0   balancer eth0   backend3              router eth0, standby eth0
#   inner 10.0.1.0/24  fd78::/64                 balancer eth1   backend1, backend2    router eth1, standby eth1
#   remote 10.79.0.0/24 fd79::/64  client eth1                                         router eth2, standby eth2
#
# Each segment is a bridge in the namespace "segment". Router and standby have the same addresses, the gateways .254 and ::fe, and
# MAC addresses of their own: the standby's cables are unplugged until `takeover standby` plugs them in instead of the router's;
# it announces itself then as VRRP routers do. Without these the lab has one segment, and its hosts work as before.
# shellcheck shell=bash

declare -A ROUTER_NETWORK=([eth0]='10.77.0.254/24 fd77::fe/64' [eth1]='10.0.1.254/24 fd78::fe/64' [eth2]='10.79.0.254/24 fd79::fe/64')
declare -A ROUTER_BRIDGE=([eth0]=br0 [eth1]=br1 [eth2]=br2)

networks_make() {
	local segment bridge router
	segment=$(netns_of segment)
	for bridge in br1 br2; do
		ip -n "$segment" link add "$bridge" type bridge stp_state 0 mcast_snooping 0
		ip -n "$segment" link set "$bridge" up
	done
	for router in router standby; do
		router_make "$router"
		router_unplug "$router"
	done
	router_plug router
	cable_make balancer eth1 br1
	balancer_enter_inner
	backend_enter_inner backend1
	backend_enter_inner backend2
	client_enter_remote
	ip -n "$(netns_of backend3)" addr del "$(address_spec backend3)/24" dev eth0
	ip -n "$(netns_of backend3)" route add default via 10.77.0.254 advmss 1412
	ip -n "$(netns_of backend3)" route add default via fd77::fe advmss 1380
	retry 5 on balancer curl -sf -m 2 http://10.0.1.10/ || die "balancer does not reach backend1 through eth1"
	retry 5 on balancer curl -gsf -m 2 'http://[fd78::12]/' || die "balancer does not reach backend2 through eth1"
	retry 5 on client curl -sf -m 2 --interface 10.79.0.1 http://10.0.1.11/ || die "client does not reach backend2 through the router"
}

# cable_make HOST DEVICE BRIDGE: one more cable; XDP passes at the bridge's end as on the others.
cable_make() {
	local host=$1 device=$2 bridge=$3 segment feature
	segment=$(netns_of segment)
	ip -n "$segment" link add "$host-$device" type veth peer name "$device" netns "$(netns_of "$host")"
	ip -n "$segment" link set "$host-$device" master "$bridge" up
	for feature in tx tso gso gro; do
		on "$host" ethtool -K "$device" "$feature" off >/dev/null
		on segment ethtool -K "$host-$device" "$feature" off >/dev/null
	done
	on segment bpftool net attach xdpdrv pinned "$RUN/bpf/lab_pass" dev "$host-$device"
	ip -n "$(netns_of "$host")" link set "$device" up
}

router_make() {
	local router=$1 namespace device address
	namespace=$(netns_of "$router")
	ip netns add "$namespace"
	on "$router" sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0 net.ipv4.ip_forward=1 \
		net.ipv6.conf.all.forwarding=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 \
		net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.default.send_redirects=0 \
		net.ipv4.conf.default.arp_notify=1 net.ipv6.conf.default.ndisc_notify=1
	ip -n "$namespace" link set lo up
	for device in "${!ROUTER_NETWORK[@]}"; do
		cable_make "$router" "$device" "${ROUTER_BRIDGE[$device]}"
		for address in ${ROUTER_NETWORK[$device]}; do
			ip -n "$namespace" addr add "$address" dev "$device"
		done
	done
}

# Plugs its cables in, and gives it MAC addresses that nobody has seen: the kernel announces those together with the addresses
# (arp_notify, ndisc_notify), which it would do in vain before the cable works.
router_plug() {
	local device
	for device in "${!ROUTER_NETWORK[@]}"; do
		ip -n "$(netns_of segment)" link set "$1-$device" master "${ROUTER_BRIDGE[$device]}"
		ip -n "$(netns_of "$1")" link set "$device" address "$(printf '02:%02x:%02x:%02x:00:%02x' $((RANDOM % 256)) $((RANDOM % 256)) \
			$((RANDOM % 256)) "${device: -1}")"
	done
}

# It falls silent at once, as if it had lost its power.
router_unplug() {
	local device
	for device in "${!ROUTER_NETWORK[@]}"; do
		ip -n "$(netns_of segment)" link set "$1-$device" nomaster
	done
}

# router_takeover ROUTER: this one gets the addresses, and the other one is gone.
router_takeover() {
	case $1 in
	router) router_unplug standby ;;
	standby) router_unplug router ;;
	*) die "takeover: router or standby, please" ;;
	esac
	router_plug "$1"
}

# The addresses of the specification's examples, and those for client_address: keep, are on the inner segment.
balancer_enter_inner() {
	local namespace
	namespace=$(netns_of balancer)
	ip -n "$namespace" addr del 10.0.1.2/24 dev eth0
	ip -n "$namespace" addr add 10.0.1.2/24 dev eth1
	ip -n "$namespace" addr add fd78::2/64 dev eth1 nodad
	ip -n "$namespace" addr flush dev eth0 to "$KEEP4.0/24"
	ip -n "$namespace" addr flush dev eth0 to "$KEEP6/64"
	keep_address balancer eth1
	ip -n "$namespace" route add 10.79.0.0/24 via 10.77.0.254
	ip -n "$namespace" route add fd79::/64 via fd77::fe
}

backend_enter_inner() {
	local host=$1 namespace
	namespace=$(netns_of "$host")
	ip -n "$(netns_of segment)" link set "$host" master br1
	ip -n "$namespace" addr del "$(address4 "$host")/24" dev eth0
	ip -n "$namespace" addr del "$(address6 "$host")/64" dev eth0
	ip -n "$namespace" route flush 10.77.0.0/24
	ip -n "$namespace" -6 route flush fd77::/64
	ip -n "$namespace" addr add "fd78::${HOST_NUMBER[$host]}/64" dev eth0 nodad
	ip -n "$namespace" route add default via 10.0.1.254 advmss 1412
	ip -n "$namespace" route add default via fd78::fe advmss 1380
}

client_enter_remote() {
	local namespace
	namespace=$(netns_of client)
	cable_make client eth1 br2
	ip -n "$namespace" addr add 10.79.0.1/24 dev eth1
	ip -n "$namespace" addr add fd79::1/64 dev eth1 nodad
	# What comes from these addresses takes the router; the rest stays on the segment.
	ip -n "$namespace" rule add from 10.79.0.1 lookup 79
	ip -n "$namespace" -6 rule add from fd79::1 lookup 79
	ip -n "$namespace" route add default via 10.79.0.254 dev eth1 table 79
	ip -n "$namespace" -6 route add default via fd79::fe dev eth1 table 79
}
