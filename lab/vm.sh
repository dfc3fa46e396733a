#!/usr/bin/env bash
# loom test --vm: a virtual machine with Debian's kernel and two virtio network cards, which shows what the lab's veths cannot: cards
# with interrupts. Client and backends are those of a lab, on two segments; the balancer between them is the machine, and runs this
# checkout's build. Takes minutes, as its processors are emulated.
# shellcheck disable=SC2016 # what the machine expands, in single quotes
set -euo pipefail
export LOOM_LAB=vm
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=lab/common.sh
source "$here/common.sh"
# shellcheck source=lab/hosts.sh
source "$here/hosts.sh"
# shellcheck source=lab/packages.sh
source "$here/packages.sh"
# shellcheck source=lab/vm-boot.sh
source "$here/vm-boot.sh"
# shellcheck source=lab/vm-devices.sh
source "$here/vm-devices.sh"

WORK=$LOOM_ROOT/target/vm
REQUESTS=400 # in each phase
STARTING=600 # seconds for loomd, which takes 3 where nothing is emulated
QUEUES=4     # of each card: one for each CPU to receive, and one for XDP to transmit
failed=0
vm=     # its process
CARDS=  # the numbers of eth0 and eth1 on the virtio bus, as a pattern
rows=() # of the table

# Two segments: the client's br0, and the backends' br1. Direct answers reach the client without the balancer: it has a leg in both.
vm_lab() {
	local segment card host
	segment=$(netns_of segment)
	ip -n "$segment" link add br1 type bridge stp_state 0 mcast_snooping 0
	ip -n "$segment" link set br1 up
	for host in "${BACKENDS[@]}"; do
		ip -n "$segment" link set "$host" master br1
		ip -n "$(netns_of "$host")" addr add "fd78::${HOST_NUMBER[$host]}/64" dev eth0 nodad
	done
	ip -n "$segment" link delete balancer
	ip -n "$segment" link add client1 type veth peer name eth1 netns "$(netns_of client)"
	ip -n "$segment" link set client1 master br1 up
	ip -n "$(netns_of client)" link set eth1 up
	for host in "${BACKENDS[@]}"; do
		neighbour "$host" client eth1
	done
	for card in 0 1; do
		ip -n "$segment" tuntap add "tap$card" mode tap multi_queue
		ip -n "$segment" link set "tap$card" master "br$card" up
	done
}

# neighbour HOST OTHER INTERFACE: where the host finds the other one's addresses; it need not ask, and would not be told.
neighbour() {
	local address mac
	mac=$(on "$2" ip -j link show "$3" | jq -r '.[0].address')
	for address in "$(address4 "$2")" "$(address6 "$2")"; do
		ip -n "$(netns_of "$1")" neighbour replace "$address" lladdr "$mac" dev eth0
	done
}

vm_start() {
	local card options=()
	for card in 0 1; do
		options+=(-netdev "tap,id=n$card,ifname=tap$card,script=no,downscript=no,queues=$QUEUES"
			-device "virtio-net-pci,netdev=n$card,mq=on,vectors=$((2 * QUEUES + 2))")
	done
	mkfifo "$RUN/vm.in" "$RUN/vm.out"
	vm_command "$WORK/initramfs" "$here/vm-guest.sh" "$RUN/vm.log"
	exec 8<>"$RUN/vm.in" 9<>"$RUN/vm.out"
	ip netns exec "$(netns_of segment)" "${VM[@]}" "${options[@]}" -chardev "pipe,id=c,path=$RUN/vm" -serial chardev:c \
		</dev/null 2>"$RUN/qemu.log" &
	vm=$!
	guest_answer 0 || die "the machine does not boot; it says: $(head -n 20 "$RUN/qemu.log" "$RUN/vm.log")"
	guest "export PATH='$PATH' ${JAVA_HOME:+JAVA_HOME='$JAVA_HOME'}"
}

# check WHAT CMD...: one line of the report.
check() {
	local what=$1 output
	shift
	if output=$("$@" 2>&1); then
		say "ok      $what"
	else
		say "FAILED  $what: $output"
		failed=1
	fi
}

# configuration METHOD CPUS
configuration() {
	cat <<-YAML
		ebpf:
		  enabled: true
		  interface: [eth0, eth1]
		  xdp_mode: native
		  xdp:
		    cpu_affinity: $2
		  vips:
		    - {name: web, addresses: [$VIP4, "$VIP6"], protocol: tcp, ports: [80], algorithm: round_robin, forwarding: $1, upstream: web}
		upstreams:
		  - name: web
		    servers:
		      - {address: 10.0.1.10, port: 80}
		      - {address: 10.0.1.11, port: 80}
		      - {address: "fd78::11", port: 80}
		      - {address: "fd78::12", port: 80}
	YAML
}

# configure METHOD CPUS
configure() { configuration "$@" | write_configuration; }

# Loom sees a new version of the file at once.
write_configuration() { guest "base64 -d <<<$(base64 -w 0) >/opt/loom.new && mv /opt/loom.new /opt/loom.yaml"; }

guest_network() {
	guest 'ip link set eth0 up && ip addr add 10.77.0.2/24 dev eth0 && ip addr add fd77::2/64 dev eth0 nodad' &&
		guest 'ip link set eth1 up && ip addr add 10.0.1.2/24 dev eth1 && ip addr add fd78::2/64 dev eth1 nodad'
}

# Until it says that it is ready, or has ended.
guest_appliance() {
	local began=$SECONDS
	configure nat '[1]'
	guest "setsid $ASSEMBLY/bin/loomd --config /opt/loom.yaml --data /opt/data >/opt/log 2>&1 & loomd=\$!"
	until guest "grep -q '^loom ready' /opt/log || ! kill -0 \$loomd"; do
		[ $((SECONDS - began)) -lt "$STARTING" ] || die "loomd is not ready after $STARTING s: $(guest 'tail /opt/log')"
		[ $(((SECONDS - began) % 30)) -lt 25 ] || say "        loomd starts, for $((SECONDS - began)) s so far"
		sleep 5
	done
	guest "grep '^loom ready' /opt/log" || die "loomd has ended: $(guest 'tail /opt/log')"
}

# Whether the interface has the program in native mode, as REST says.
native() { rest status | jq -e --arg d "$1" '.program.attachments[] | select(.device == $d) | .mode == "native"' >/dev/null; }

rest() { guest "curl -sS --fail-with-body -m 60 localhost:9091/ebpf/$1"; }

# The kernel's table of the interrupts of queues that receive, the count on CPU 0 and that on CPU 1, added up.
interrupts() { guest "awk '/ virtio($CARDS)-input/ { zero += \$2; one += \$3 } END { print zero, one }' /proc/interrupts"; }

# Packets that the program has handled, on CPU 0 and on CPU 1: its counters in the kernel, as REST adds them up.
packets() { rest stats | jq -r '[.cpus[] | .packets] | join(" ")'; }

# Where each interrupt of the queues that receive may go, on one line.
bound() {
	guest "for i in /proc/irq/*/virtio*-input.*; do [[ \$i =~ /virtio($CARDS)- ]] && cat \${i%/*}/smp_affinity_list; done" | xargs
}

# A connection for each request, half of them over IPv6; counts the answers by backend.
visit() {
	local address
	for address in "$VIP4" "\\[$VIP6\\]"; do
		on client curl -sS -m 20 -H 'Connection: close' "http://$address/?request=[1-$((REQUESTS / 2))]"
	done | sort | uniq -c
}

# by_both COUNTS: all requests were answered, and each backend had between 40 and 60 % of them.
by_both() {
	awk -v all="$REQUESTS" '{ sum += $1; if ($1 < 0.4 * all || $1 > 0.6 * all) exit 1 } END { exit !(NR == 2 && sum == all) }' <<<"$1"
}

# where_wanted CPUS ZERO ONE: of what CPU 0 and CPU 1 did. A single CPU has all but 2 %: a queue's interrupt may still come where it
# was when it is moved. Two have a fifth each, at least: connections are dealt out to queues by chance.
where_wanted() {
	local all=$(($2 + $3))
	[ "$all" -gt "$REQUESTS" ] || return 1
	case $1 in
	'[0]') [ $(($3 * 50)) -le "$all" ] ;;
	'[1]') [ $(($2 * 50)) -le "$all" ] ;;
	'[0, 1]') [ $(($2 * 5)) -ge "$all" ] && [ $(($3 * 5)) -ge "$all" ] ;;
	all) ;; # as the driver has it
	esac
}

# in_force METHOD CPUS: the interrupts may go there, and requests arrive as that method sends them: backends see the vip as their own
# address, or do not.
in_force() {
	[ "$(bound)" = "$2" ] && on client curl -sS -m 2 "http://$VIP4/" &&
		tail -qn 1 "$RUN"/backend?/access.log | sort -n | tail -n 1 |
		awk -v vip="$VIP4" -v method="$1" '{ exit ($3 == vip) != (method == "ipip") }'
}

# phase METHOD CPUS BOUND: brings a configuration into force, which lets the interrupts go to the CPUs in BOUND; sends requests, and
# holds what each CPU did against it.
phase() {
	local method=$1 cpus=$2 bound=$3 answers before after i did=()
	say "        $method, cpu_affinity: $cpus"
	configure "$method" "$cpus"
	check "the interrupts of the queues go to CPUs $bound" retry 120 in_force "$method" "$bound"
	read -ra before <<<"$(interrupts) $(packets)"
	answers=$(visit) || : # what is missing, by_both sees
	read -ra after <<<"$(interrupts) $(packets)"
	for i in 0 1 2 3; do
		did+=($((after[i] - before[i])))
	done
	check "$REQUESTS requests, answered by: $(xargs <<<"$answers")" by_both "$answers"
	check "interrupts on CPU 0 and 1: ${did[0]}, ${did[1]}" where_wanted "$cpus" "${did[0]}" "${did[1]}"
	check "packets in the program on CPU 0 and 1: ${did[2]}, ${did[3]}" where_wanted "$cpus" "${did[2]}" "${did[3]}"
	rows+=("$(printf '%-13s %-7s %9d %9d %9d %9d %9d' "$cpus" "$method" "$REQUESTS" "${did[@]}")")
}

detached() {
	guest 'kill $loomd && while kill -0 $loomd 2>/dev/null; do sleep 1; done'
	guest "$ASSEMBLY/bin/loomd --detach --data /opt/data" && [ "$(bound)" = "$1" ] && guest '! bpftool net show | grep -q loom'
}

table() {
	local row
	printf '\n%-13s %-7s %9s %19s %19s\n' cpu_affinity method requests 'interrupts, CPU 0/1' 'packets, CPU 0/1'
	for row in "${rows[@]}"; do
		say "$row"
	done
}

vm_end() {
	trap - EXIT
	exec 8>&- 9>&-
	[ -z "$vm" ] || { kill "$vm" && wait "$vm"; } 2>/dev/null || : # it may be off
	"$here/lab.sh" down
	rm -rf "$WORK"
}

prepare() {
	[ "$(cat "$RUN/checkout" 2>/dev/null || echo "$LOOM_ROOT")" = "$LOOM_ROOT" ] || die "$(cat "$RUN/checkout") runs this test at the moment"
	"$here/build.sh"
	trap vm_end EXIT
	trap 'exit 130' INT TERM
	mkdir -p "$WORK"
	vm_kernel "$WORK/apt"
	vm_initramfs "$WORK/root" "$WORK/initramfs"
	"$here/lab.sh" down
	"$here/lab.sh" up
	vm_lab
}

main() {
	local untouched device
	prepare
	vm_start
	say "        boots Linux $(guest 'uname -r')"
	guest_network
	CARDS=$(guest 'readlink /sys/class/net/eth[01]/device' | sed 's/.*virtio//' | paste -sd '|')
	untouched=$(bound)
	guest_appliance
	for device in eth0 eth1; do
		check "the program is on $device in native mode" native $device
	done
	phase nat '[1]' '1 1 1 1 1 1 1 1'
	phase nat '[0]' '0 0 0 0 0 0 0 0'
	phase nat '[0, 1]' '0 1 0 1 0 1 0 1'
	phase nat all "$untouched"
	phase ipip '[1]' '1 1 1 1 1 1 1 1'
	far_serve
	devices_bond
	devices_vlan
	check "loomd --detach leaves no program, and the interrupts where they were" detached "$untouched"
	devices_attach
	table
	[ "$failed" -eq 0 ] || die "not everything is as expected in the virtual machine"
}

need_root "test --vm"
[ "$(uname -m)" = x86_64 ] || die "the virtual machine is of amd64, and this machine is not"
main
