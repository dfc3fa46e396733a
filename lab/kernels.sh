#!/usr/bin/env bash
# Loads every object into each kernel that Loom is made for, and runs the packet tables there: loom test --kernels [SERIES...]
# Debian's kernels boot in a small virtual machine that consists of nothing but the kernel, a Java runtime and the tests; the
# kernel that runs is tried as it is. As many at a time as there are processors: each keeps one busy.
set -euo pipefail
# shellcheck source=lab/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=lab/packages.sh
source "$(dirname "${BASH_SOURCE[0]}")/packages.sh"

WORK=$LOOM_ROOT/target/kernels
PATIENCE=3600 # seconds for one virtual machine: a quarter of an hour where nothing else runs, and more than 1800 beside other work
MAIN=io.loom.itests.bpf.KernelReport

# fetch SERIES: puts its vmlinuz into the cache; what is there stays.
fetch() {
	local apt=$WORK/apt/$1
	[ ! -s "$CACHE/$1/vmlinuz" ] || return 0
	kernel_package "$1" cloud-amd64 "$apt"
	mkdir -p "$CACHE/$1"
	mv "$apt"/boot/vmlinuz-* "$CACHE/$1/vmlinuz"
	rm -rf "$apt"
}

java_runtime() {
	local home
	home=$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")
	[ -d "$WORK/java" ] || "$home/bin/jlink" --add-modules java.base,java.logging,java.management --strip-debug \
		--no-header-files --no-man-pages --output "$WORK/java"
	[ -e "$WORK/java/lib/server/classes.jsa" ] || "$WORK/java/bin/java" -Xshare:dump >/dev/null
	cp -a "$WORK/java" "$WORK/root/"
}

# The root file system: everything that runs in the virtual machine.
make_root() {
	local entry root=$WORK/root
	rm -rf "$root"
	mkdir -p "$root"/{proc,sys,dev,tmp,loom/lib,loom/bpf/test}
	java_runtime
	put_programs "$root" /bin/dash /bin/mount "$(ldconfig -p | awk '/libbpf.so.1 .*x86-64/ { print $NF; exit }')" \
		"$root"/java/bin/java "$root"/java/lib/*.so "$root"/java/lib/server/libjvm.so
	rm -rf "${root:?}$root"
	for entry in $(tr : ' ' <"$LOOM_ROOT/itests/bpf/target/test.classpath"); do
		cp "$entry" "$root/loom/lib/"
	done
	cp -r "$LOOM_ROOT/itests/bpf/target/test-classes" "$root/loom/tests"
	cp -r "$LOOM_ROOT/bpf-objects/test/packets" "$root/loom/bpf/test/"
	cat >"$root/init" <<-INIT
		#!/bin/dash
		mount -t proc proc /proc
		mount -t sysfs sysfs /sys
		mount -t devtmpfs dev /dev
		exec </dev/console >/dev/console 2>&1
		/java/bin/java -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dloom.bpf=/loom/bpf \\
			-cp '/loom/tests:/loom/lib/*' $MAIN
		echo o >/proc/sysrq-trigger
		while :; do read -r forever; done
	INIT
	chmod 755 "$root/init"
	(cd "$root" && find . | cpio --quiet -o -H newc) >"$WORK/initramfs"
}

# boot SERIES: its report on standard output. qemu ends well after a panic too, so only the report's end mark counts.
boot() {
	# cx16: 6.12 crashes on what software emulation makes of it. The check of the timer fails when the machine is busy.
	# Stays in its job's process group, for stop.
	timeout --foreground "$PATIENCE" nice -n 15 qemu-system-x86_64 -machine q35 -accel tcg,thread=multi -cpu max,-cx16 -smp 2 -m 4096 \
		-display none -nodefaults -no-reboot -serial stdio -kernel "$CACHE/$1/vmlinuz" -initrd "$WORK/initramfs" \
		-append 'console=ttyS0 quiet panic=-1 no_timer_check' </dev/null
}

here() {
	nice -n 10 java -Xmx512m -Dloom.bpf="$LOOM_ROOT/bpf-objects" \
		-cp "$LOOM_ROOT/itests/bpf/target/test-classes:$(cat "$LOOM_ROOT/itests/bpf/target/test.classpath")" $MAIN
}

# try NAME COMMAND...: its report's rows into NAME.rows, which say so if there is none or if something is not as expected.
try() {
	local name=$1 log=$WORK/$1.log begun=$SECONDS ended=0
	shift
	say "kernels: $name" >&2
	"$@" 2>&1 | sed -u 's/\r$//' >"$log" || ended=$?
	say "kernels: $name took $((SECONDS - begun)) s" >&2
	{
		sed -n '/^kernel report begins/,/^kernel report ends/{//!p}' "$log"
		grep -q '^kernel report ends' "$log" || {
			say "not as expected: $name ended without a report; $log ends with:"
			tail -n 5 "$log"
		}
		[ "$ended" -eq 0 ] || say "not as expected: $name ended with status $ended"
	} >"$WORK/$name.rows"
}

# stop: ends what still runs, with its children, when this script is ended.
stop() {
	trap - EXIT
	local job
	for job in $(jobs -rp); do
		kill -- "-$job"
	done
}

# try_all SERIES...: as many at a time as there are processors.
try_all() {
	local series
	set -m # each in a process group of its own
	trap stop EXIT
	for series in "$@"; do
		while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do
			sleep 1
		done
		if [ "$series" = here ]; then
			try here here &
		else
			try "$series" boot "$series" &
		fi
	done
	wait # how each one went is in its rows
}

main() {
	local series chosen=("$@")
	[ $# -gt 0 ] || chosen=(5.10 6.1 6.12 here)
	for series in "${chosen[@]}"; do
		[ "$series" = here ] || [ -n "${SUITES[$series]:-}" ] || die "usage: ./loom test --kernels [5.10] [6.1] [6.12] [here]"
	done
	[ "$(uname -m)" = x86_64 ] || die "the virtual machines are of amd64, and this machine is not: ./loom test --kernels here"
	mkdir -p "$WORK"
	for series in "${chosen[@]}"; do
		[ "$series" = here ] || fetch "$series"
	done
	# Compiles the tests, no more: KernelReport runs them, on each kernel.
	mvn_loom -q -DskipTests -pl itests/bpf -am package \
		dependency:build-classpath -Dmdep.includeScope=test -Dmdep.outputFile=target/test.classpath
	make_root
	rm -f "$WORK"/*.rows
	try_all "${chosen[@]}"
	{
		printf '%-26s %-10s %7s %11s %9s\n' kernel object loads cases verified
		for series in "${chosen[@]}"; do
			cat "$WORK/$series.rows"
		done
	} | tee "$WORK/report"
	! grep -q '^not as expected' "$WORK/report" || die "not every kernel does what is expected of it"
}

need_root "test --kernels"
main "$@"
