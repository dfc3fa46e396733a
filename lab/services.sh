# What the backends serve beyond nginx's few lines: DNS on 53, iperf3 on 5201, a file of 100 MB (/bulk) and a place for
# uploads (/put/); and the vips and networks that several forwarding methods at a time need. Sourced by lab.sh.
# shellcheck shell=bash

# The backends hold 10.77.0.101 to .105 and fd77::101 to ::105, as direct server return wants it.
DIRECT_VIPS=(101 102 103 104 105)
# Addresses of the balancer and the backends whose replies to the client go through the balancer, as client_address: keep wants it.
KEEP4=10.76.0
KEEP6=fd76::

services_make() {
	local host
	need_tools dnsmasq iperf3
	head -c 100000000 /dev/urandom >"$RUN/bulk"
	keep_address balancer eth0
	for host in "${BACKENDS[@]}"; do
		keep_address "$host" eth0
		keep_route "$host"
		dns_serve "$host"
		iperf_serve "$host"
	done
}

# keep_address HOST DEVICE
keep_address() {
	on "$1" ip addr add "$KEEP4.${HOST_NUMBER[$1]}/24" dev "$2"
	on "$1" ip addr add "$KEEP6${HOST_NUMBER[$1]}/64" dev "$2" nodad
}

keep_route() {
	on "$1" ip rule add from "$KEEP4.0/24" to "$(address4 client)" lookup 76
	on "$1" ip route add default via "$KEEP4.${HOST_NUMBER[balancer]}" dev eth0 table 76
	on "$1" ip -6 rule add from "$KEEP6/64" to "$(address6 client)" lookup 76
	on "$1" ip -6 route add default via "$KEEP6${HOST_NUMBER[balancer]}" dev eth0 table 76
}

# Answers the question for the text of whoami.lab with the backend's name, and that for large.lab with it and 3.9 kB more, which
# is in fragments over UDP.
dns_serve() {
	local text
	text=$(printf ",$(printf 'x%.0s' {1..240})%.0s" {1..16})
	on "$1" dnsmasq --conf-file=/dev/null --user=root --no-resolv --no-hosts --pid-file="$RUN/$1/dnsmasq.pid" \
		--log-facility="$RUN/$1/dnsmasq.log" --edns-packet-max=8192 \
		--txt-record="whoami.lab,$1" --txt-record="large.lab,$1$text"
}

# One server for each address: over UDP iperf3 answers from the address that it is bound to, and else from any.
iperf_serve() {
	local host=$1 number address
	for number in "${DIRECT_VIPS[@]}"; do
		backend_hold "$(netns_of "$host")" "10.77.0.$number" "fd77::$number"
	done
	for address in "$(address4 "$host")" "$(address6 "$host")" "$KEEP4.${HOST_NUMBER[$host]}" "$KEEP6${HOST_NUMBER[$host]}" \
		"${DIRECT_VIPS[@]/#/10.77.0.}" "${DIRECT_VIPS[@]/#/fd77::}"; do
		on "$host" iperf3 -s -D -B "$address" --logfile "$RUN/$host/iperf3.log"
	done
}
