# What `bench peers` compares: how each is put on the balancer and taken off again. Only one is there at a time. All forward
# the vip's ports 80 (three servers) and 5201 (iperf3 on backend1). Sourced by bench-peers.sh.
# shellcheck shell=bash disable=SC2034 # used by bench-peers.sh

PEER_ADDRESS=$VIP4
ROUTED=10.88.0.1

# What holds for all of them: one hop that forwards, ports enough, and a server that is a route away.
peers_prepare() {
	on balancer sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth0.send_redirects=0 \
		net.ipv4.ip_local_port_range='1024 65535'
	on backend1 ip route add local "$ROUTED/32" dev lo
	on balancer ip route add "$ROUTED/32" via "$(address4 backend1)"
	on client ip route add "$ROUTED/32" via "$(address4 balancer)"
	on backend1 iperf3 -s -D --logfile "$RUN/iperf3.log"
}

peer_start() {
	PEER_ADDRESS=$VIP4
	case $1 in
	direct) PEER_ADDRESS=$(address4 backend1) ;;
	routed) PEER_ADDRESS=$ROUTED ;;
	loom-*) loom_forward_by "${1#loom-}" ;;
	nftables | haproxy | nginx)
		on balancer ip addr add "$VIP4/32" dev eth0
		"${1}_start"
		;;
	*) die "no such candidate: $1" ;;
	esac
	retry 10 on client curl -sf -m 2 "http://$PEER_ADDRESS/quiet" || fail "$1 does not forward"
}

peer_stop() {
	case $1 in
	nftables | haproxy | nginx)
		"${1}_stop"
		on balancer ip addr del "$VIP4/32" dev eth0
		;;
	esac
}

nftables_start() {
	on balancer nft -f - <<-TEXT
		table ip peer {
			chain in {
				type nat hook prerouting priority dstnat
				ip daddr $VIP4 tcp dport 80 dnat to numgen inc mod 3 map {
					0 : $(address4 backend1), 1 : $(address4 backend2), 2 : $(address4 backend3) }
				ip daddr $VIP4 tcp dport 5201 dnat to $(address4 backend1)
			}
			chain out {
				type nat hook postrouting priority srcnat
				ct status dnat masquerade
			}
		}
	TEXT
}

nftables_stop() { on balancer nft delete table ip peer; }

haproxy_start() {
	cat >"$RUN/haproxy.cfg" <<-TEXT
		global
			maxconn 4000
		defaults
			mode tcp
			timeout connect 5s
			timeout client 60s
			timeout server 60s
		listen web
			bind $VIP4:80 backlog 4096
			balance roundrobin
			server backend1 $(address4 backend1):80
			server backend2 $(address4 backend2):80
			server backend3 $(address4 backend3):80
		listen bulk
			bind $VIP4:5201
			server backend1 $(address4 backend1):5201
	TEXT
	on balancer haproxy -D -f "$RUN/haproxy.cfg" -p "$RUN/haproxy.pid"
}

haproxy_stop() { peer_end "$RUN/haproxy.pid"; }

nginx_start() {
	cat >"$RUN/stream.conf" <<-TEXT
		load_module /usr/lib/nginx/modules/ngx_stream_module.so;
		user root;
		worker_processes auto;
		pid $RUN/stream.pid;
		error_log $RUN/stream.log warn;
		events { worker_connections 16384; }
		stream {
			upstream web {
				server $(address4 backend1):80;
				server $(address4 backend2):80;
				server $(address4 backend3):80;
			}
			server { listen $VIP4:80 backlog=4096 reuseport; proxy_pass web; }
			server { listen $VIP4:5201 reuseport; proxy_pass $(address4 backend1):5201; }
		}
	TEXT
	on balancer nginx -p "$RUN" -c "$RUN/stream.conf" -e "$RUN/stream.log"
}

nginx_stop() { peer_end "$RUN/stream.pid"; }

# The pid file's process and its children, which may be the ones that hold the sockets.
peer_end() {
	local pid pids=("$(cat "$1")")
	mapfile -t -O 1 pids < <(pgrep -P "${pids[0]}")
	for pid in "${pids[@]}"; do
		kill -TERM "$pid" 2>/dev/null || process_gone "$pid" || fail "$1: process $pid cannot be ended"
	done
	for pid in "${pids[@]}"; do
		retry 5 process_gone "$pid" || fail "$1: process $pid does not end"
	done
}

loom_configure() {
	cat <<-TEXT
		ebpf:
		  enabled: true
		  interface: eth0
		  xdp_mode: native
		  vips:
		    - {name: web, addresses: [$VIP4], protocol: tcp, ports: [80], algorithm: maglev, forwarding: $1, upstream: web}
		    - {name: bulk, addresses: [$VIP4], protocol: tcp, ports: [5201], algorithm: maglev, forwarding: $1, upstream: bulk}
		upstreams:
		  - name: web
		    servers:
		      - {address: $(address4 backend1), port: 80}
		      - {address: $(address4 backend2), port: 80}
		      - {address: $(address4 backend3), port: 80}
		  - name: bulk
		    servers:
		      - {address: $(address4 backend1), port: 5201}
	TEXT
}

# Starts Loom if it does not run; then the method is changed as an administrator would, by an edit of the file.
loom_forward_by() {
	loom_configure "$1" >"$CONFIG.new"
	mv "$CONFIG.new" "$CONFIG"
	[ -e "$PID" ] || appliance_start
	retry 15 loom_forwards_by "$1" || fail "Loom does not forward by $1: $(rest GET /ebpf/vips)"
}

loom_forwards_by() {
	rest GET /ebpf/vips | jq -e --arg m "$1" '.vips | length == 2 and
		all(.forwarding == $m and .backends_usable > 0 and (.degraded | length == 0))'
}

# The others must not pay for its program: it is gone from the interface before they begin.
loom_stop() {
	local pid
	pid=$(cat "$PID")
	kill -TERM "$pid"
	retry 5 process_gone "$pid" || fail "loomd has not ended 5 s after SIGTERM"
	rm "$PID"
	appliance_detach >/dev/null
	! on balancer ip -d link show eth0 | grep -q prog/xdp || fail "an XDP program is still attached"
}
