# What only the backends have: the vip on lo, decapsulation, nginx. Sourced by lab.sh.
# shellcheck shell=bash

backend_make() {
	backend_hold_vip "$1"
	backend_decapsulate "$1"
	backend_serve "$1"
}

# Direct server return: a backend accepts packets to the vip and answers from it, but never says on the segment that it has
# it. ARP answers and asks with eth0's own address only; IPv6 does so by itself for addresses on lo.
backend_hold_vip() {
	local host=$1 namespace
	namespace=$(netns_of "$host")
	on "$host" sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2 \
		net.ipv4.conf.eth0.arp_ignore=1 net.ipv4.conf.eth0.arp_announce=2 \
		net.core.somaxconn=4096 net.ipv4.tcp_max_syn_backlog=4096
	backend_hold "$namespace" "$VIP4" "$VIP6"
}

# backend_hold NAMESPACE IPV4 IPV6
backend_hold() {
	ip -n "$1" addr add "$2/32" dev lo
	ip -n "$1" addr add "$3/128" dev lo nodad preferred_lft 0
}

# The kernel may have no tunnel module: a program of Loom's takes the outer headers of ipip and gue off.
backend_decapsulate() {
	[ -e "$RUN/decap.bpf.o" ] ||
		"$LOOM_ROOT/bpf-objects/compile" "$LOOM_ROOT/bpf-objects/decap/decap.bpf.c" "$RUN/decap.bpf.o"
	on "$1" ip link set dev eth0 xdpdrv obj "$RUN/decap.bpf.o" sec xdp
}

# nginx with a directory, pid file and log of its own, answering with its name on 80 and 8080.
backend_serve() {
	local host=$1 directory=$RUN/$1
	mkdir -p "$directory/tmp" "$directory/put"
	nginx_configuration "$host" "$directory" >"$directory/nginx.conf"
	backend_start "$host"
}

backend_start() {
	on "$1" nginx -p "$RUN/$1" -c "$RUN/$1/nginx.conf" -e "$RUN/$1/error.log"
}

nginx_configuration() {
	local host=$1 directory=$2
	cat <<-TEXT
		# One request a line in access.log: time, client, local address and port, connection number and request in it.
		user root;
		worker_processes 1;
		pid $directory/nginx.pid;
		error_log $directory/error.log warn;
		events { worker_connections 8192; }
		http {
			log_format lab '\$msec \$remote_addr \$server_addr \$server_port \$connection \$connection_requests';
			access_log $directory/access.log lab;
			client_body_temp_path $directory/tmp;
			proxy_temp_path $directory/tmp;
			fastcgi_temp_path $directory/tmp;
			uwsgi_temp_path $directory/tmp;
			scgi_temp_path $directory/tmp;
			keepalive_requests 100000000;
			keepalive_timeout 300s;
			default_type text/plain;
			server {
				listen 80 backlog=4096;
				listen 8080 backlog=4096;
				listen [::]:80 ipv6only=on backlog=4096;
				listen [::]:8080 ipv6only=on backlog=4096;
				location = /quiet { access_log off; return 200 "$host\n"; }
				location = /large { root $directory; try_files /large.txt =404; }
				location = /bulk { root $RUN; add_header X-Backend $host; limit_rate \$arg_rate; }
				location /put/ { root $directory; dav_methods PUT; client_max_body_size 0; }
				location / { return 200 "$host\n"; }
			}
		}
	TEXT
	head -c 10000000 /dev/zero | tr '\0' "${host: -1}" >"$directory/large.txt"
}
