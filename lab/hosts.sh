# The segment and its hosts: namespaces, veths, addresses. Sourced by lab.sh.
# shellcheck shell=bash disable=SC2034 # the vips are for backends.sh and the demo

declare -A HOST_NUMBER=([client]=1 [balancer]=2 [backend1]=11 [backend2]=12 [backend3]=13)
VIP4=10.77.0.100
VIP6=fd77::100

# A host's IPv4 and IPv6 address.
address4() { printf '10.77.0.%s' "${HOST_NUMBER[$1]}"; }
address6() { printf 'fd77::%s' "${HOST_NUMBER[$1]}"; }

# Where the specification's examples have the backends: 10.0.1.10 and up; so they work in the lab as they are printed.
address_spec() {
	case $1 in
	balancer) printf '10.0.1.2' ;;
	*) printf '10.0.1.%s' $((HOST_NUMBER[$1] - 1)) ;;
	esac
}

segment_make() {
	local segment
	segment=$(netns_of segment)
	ip netns add "$segment"
	ip -n "$segment" link add br0 type bridge stp_state 0 mcast_snooping 0
	ip -n "$segment" link set br0 up
	on segment sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	"$LOOM_ROOT/bpf-objects/compile" "$LOOM_ROOT/bpf-objects/test/pass.bpf.c" "$RUN/pass.bpf.o"
	bpftool prog load "$RUN/pass.bpf.o" "$RUN/bpf/lab_pass" type xdp
}

# Its namespace, and a cable into the segment. Duplicate address detection is off, so that addresses work at once.
host_make() {
	local host=$1 namespace
	namespace=$(netns_of "$host")
	ip netns add "$namespace"
	on "$host" sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0 \
		net.ipv6.conf.default.accept_ra=0 net.ipv6.conf.all.accept_ra=0
	# No tail loss probes: where a retransmission is counted, a frame was lost, not a processor busy.
	on "$host" sysctl -qw net.ipv4.tcp_early_retrans=0
	ip -n "$namespace" link set lo up
	host_plug "$host"
	case $host in
	# Thousands of short connections: many ports, and those in TIME_WAIT may be used again.
	client) on client sysctl -qw net.ipv4.ip_local_port_range='1024 65535' net.ipv4.tcp_tw_reuse=1 ;;
	esac
}

# A host's cable has the same MAC address each time, as a network card has that comes back.
mac_of() { printf '02:00:0a:4d:00:%02x' "${HOST_NUMBER[$1]}"; }

# Its eth0, with addresses, in the segment.
host_plug() {
	local host=$1 namespace segment
	namespace=$(netns_of "$host")
	segment=$(netns_of segment)
	ip -n "$segment" link add "$host" type veth peer name eth0 address "$(mac_of "$host")" netns "$namespace"
	ip -n "$segment" link set "$host" master br0 up
	cable_prepare "$host"
	ip -n "$namespace" link set eth0 up
	host_address "$host"
}

# XDP sees frames as they are: no checksum that a NIC is to fill in, no segment larger than the MTU.
cable_prepare() {
	local host=$1 feature
	for feature in tx tso gso gro; do
		on "$host" ethtool -K eth0 "$feature" off >/dev/null
		on segment ethtool -K "$host" "$feature" off >/dev/null
	done
	on segment bpftool net attach xdpdrv pinned "$RUN/bpf/lab_pass" dev "$host"
}

# The connected routes are set by hand because the backends' must carry a smaller MSS: what clients then send still fits the
# MTU with the largest outer headers around it, the 48 bytes of gue over IPv6.
host_address() {
	local host=$1 namespace mss4='' mss6=''
	namespace=$(netns_of "$host")
	[[ $host != backend* ]] || { mss4='advmss 1412' mss6='advmss 1380'; }
	ip -n "$namespace" addr add "$(address4 "$host")/24" dev eth0 noprefixroute
	ip -n "$namespace" addr add "$(address6 "$host")/64" dev eth0 nodad noprefixroute
	[ "$host" = client ] || ip -n "$namespace" addr add "$(address_spec "$host")/24" dev eth0
	# shellcheck disable=SC2086 # a keyword and its value, or nothing
	ip -n "$namespace" route add 10.77.0.0/24 dev eth0 src "$(address4 "$host")" $mss4
	# shellcheck disable=SC2086
	ip -n "$namespace" route add fd77::/64 dev eth0 $mss6
}

# Every host must reach every other one's neighbour entry before tests start: a lab that is up works.
hosts_check() {
	local host
	for host in "${BACKENDS[@]}"; do
		retry 5 on balancer curl -sf -m 2 "http://$(address4 "$host")/" || die "balancer cannot reach $host over IPv4"
		retry 5 on balancer curl -gsf -m 2 "http://[$(address6 "$host")]:8080/" || die "balancer cannot reach $host over IPv6"
		retry 5 on client curl -sf -m 2 "http://$(address4 "$host"):8080/" || die "client cannot reach $host"
	done
}
