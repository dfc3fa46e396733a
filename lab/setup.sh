#!/usr/bin/env bash
# Installs what a stock Debian 12 with Java 17 and Maven lacks, and checks what only the kernel can give. Idempotent: asks
# the package manager for nothing if nothing is missing.
set -euo pipefail
# shellcheck source=lab/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

PACKAGES=(clang-19 llvm-19 libbpf-dev libbpf1 bpftool linux-libc-dev nginx-light wrk curl ethtool iproute2 jq
	openssh-client procps python3-scapy iperf3 dnsmasq-base bind9-dnsutils iputils-ping)
# Those that `bench peers` compares with, and its tools.
PEER_PACKAGES=(nftables haproxy libnginx-mod-stream)
# For ./loom test --kernels and --vm: the virtual machine, what packs its file system, and what knows a kernel's modules.
KERNEL_PACKAGES=(qemu-system-x86 cpio kmod)
# Services that their packages enable; those of nftables and iperf3 are off unless somebody wants them.
SERVICES=(nginx haproxy)
POLICY=/usr/sbin/policy-rc.d

missing_packages() {
	local package
	for package in "${PACKAGES[@]}"; do
		dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || printf '%s\n' "$package"
	done
}

# A package may start its service (nginx's would take port 80 of this machine): a policy file forbids that while we install.
forbid_service_starts() {
	[ -e "$POLICY" ] && return
	printf '#!/bin/sh\n# Put here by loom setup for the time of an installation.\nexit 101\n' >"$POLICY"
	chmod 755 "$POLICY"
	trap 'rm -f "$POLICY"' EXIT
}

install_packages() {
	local missing service new=()
	mapfile -t missing < <(missing_packages)
	[ ${#missing[@]} -gt 0 ] || return 0
	need_root setup
	command -v apt-get >/dev/null || die "missing packages: ${missing[*]}; this is no Debian: install them by hand"
	say "setup: installing ${missing[*]}"
	for service in "${SERVICES[@]}"; do
		[ -e "/etc/init.d/$service" ] || new+=("$service")
	done
	forbid_service_starts
	export DEBIAN_FRONTEND=noninteractive
	apt-get -q update
	apt-get -q -y install --no-install-recommends "${missing[@]}"
	keep_services_off "${new[@]}"
}

# The policy file holds for now only; the services that came with the packages would start with the machine the next time.
# The lab starts its own. What was there before belongs to the machine's owner.
keep_services_off() {
	local service
	for service in "$@"; do
		[ -e "/etc/init.d/$service" ] || continue # its package is not among the installed ones
		update-rc.d "$service" disable
		! command -v systemctl >/dev/null || systemctl --quiet disable "$service"
	done
}

check_java() {
	command -v mvn >/dev/null || die "Maven is missing: apt-get install maven"
	command -v javac >/dev/null || die "a JDK 17 is missing: apt-get install openjdk-17-jdk-headless"
	local version home fix='apt-get install openjdk-17-jdk-headless, and name it in JAVA_HOME'
	version=$(javac -version 2>&1 | sed -n 's/^javac \([0-9]*\).*/\1/p')
	[ "$version" != 17 ] || return 0
	home=$(find /usr/lib/jvm -maxdepth 1 -name 'java-17-openjdk-*' 2>/dev/null | head -n 1)
	[ -z "$home" ] || fix="export JAVA_HOME=$home"
	die "Java 17 is needed (Karaf 4.4 does not run on all later ones), but $(command -v javac) is version $version; $fix"
}

check_kernel() {
	[ -d /sys/fs/bpf ] || die "this kernel has no BPF file system (/sys/fs/bpf): BPF is needed, Linux 5.10 or later"
	if ! findmnt -n -t bpf /sys/fs/bpf >/dev/null; then
		mount -t bpf bpf /sys/fs/bpf || die "cannot mount the BPF file system on /sys/fs/bpf: root and CAP_SYS_ADMIN are needed"
	fi
	ip netns list >/dev/null || die "network namespaces are not available here"
}

[ "${1:-}" != --peers ] || PACKAGES+=("${PEER_PACKAGES[@]}")
[ "${1:-}" != --kernels ] || PACKAGES+=("${KERNEL_PACKAGES[@]}")
check_java
install_packages
case "${1:-}" in
'' | --peers | --kernels)
	need_root setup
	check_kernel
	;;
--packages) ;; # what compiles and runs unit tests, without root if nothing is missing
*) die "usage: ./loom setup [--packages|--peers|--kernels]" ;;
esac
say "setup: everything is there"
