#!/usr/bin/env bash
# Loads every object into each kernel that Loom is made for, and runs the packet tables there: loom test --kernels [SERIES...]
# Debian's kernels boot in a small virtual machine that consists of nothing but the kernel, a Java runtime and the tests; the
# kernel that runs is tried as it is. What a kernel lacks is written down in itests/bpf/src/test/resources/kernels.
set -euo pipefail
# shellcheck source=lab/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# Where Debian has them; 5.10 is the oldest that the specification promises.
declare -A SUITES=([5.10]=bullseye-security [6.1]=bookworm-security [6.12]=bookworm-backports)
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/loom/kernels
WORK=$LOOM_ROOT/target/kernels
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
PATIENCE=1800 # seconds for one virtual machine
MAIN=io.loom.itests.bpf.KernelReport

# archive SUITE: from where this machine takes packages of that kind, as its own apt is configured.
archive() {
	local codename kind
	codename=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
	[[ $1 != *-security ]] || kind=-security
	# shellcheck disable=SC2016 # apt's own placeholders
	apt-get indextargets --format '$(SITE) $(RELEASE)' 'Created-By: Packages' |
		awk -v release="$codename${kind:-}" '$2 == release { print $1; exit }'
}

# fetch SERIES: puts its vmlinuz into the cache, without installing anything; what is there stays.
fetch() {
	local series=$1 suite=${SUITES[$1]} site package apt=$WORK/apt/$1
	[ ! -s "$CACHE/$series/vmlinuz" ] || return 0
	site=$(archive "$suite")
	[ -n "$site" ] || die "apt is not configured for Debian's archive: no place is known to take Linux $series from"
	rm -rf "$apt"
	mkdir -p "$apt"/{lists/partial,archives/partial} "$CACHE/$series"
	: >"$apt/status"
	printf 'deb [signed-by=%s] %s %s main\n' "$KEYRING" "$site" "$suite" >"$apt/sources.list"
	cat >"$apt/conf" <<-CONF
		Dir::State::lists "$apt/lists";
		Dir::State::status "$apt/status";
		Dir::Cache "$apt";
		Dir::Cache::archives "$apt/archives";
		Dir::Etc::sourcelist "$apt/sources.list";
		Dir::Etc::sourceparts "-";
		APT::Sandbox::User "root";
	CONF
	say "kernels: fetching Linux $series from $suite"
	APT_CONFIG=$apt/conf apt-get -q -q update
	package=$(APT_CONFIG=$apt/conf apt-cache pkgnames "linux-image-$series." |
		grep -E 'cloud-amd64$' | sort -V | tail -n 1)
	[ -n "$package" ] || die "$suite has no kernel $series for amd64 clouds"
	(cd "$apt" && APT_CONFIG=$apt/conf apt-get -q -q download "$package")
	dpkg-deb --fsys-tarfile "$apt/$package"_*.deb | tar -x -C "$apt" --wildcards './boot/vmlinuz-*'
	mv "$apt"/boot/vmlinuz-* "$CACHE/$series/vmlinuz"
	rm -rf "$apt"
}

# The files of a program, and those that it needs, at the same paths below the root of the virtual machine.
put_programs() {
	local file
	for file in "$@" $(ldd "$@" | grep -o '/[^ :)]*' | sort -u); do
		[ -e "$WORK/root$file" ] || install -D "$(readlink -f "$file")" "$WORK/root$file"
	done
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
	put_programs /bin/dash /bin/mount "$(ldconfig -p | awk '/libbpf.so.1 .*x86-64/ { print $NF; exit }')" \
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
	timeout "$PATIENCE" nice -n 15 qemu-system-x86_64 -machine q35 -accel tcg,thread=multi -cpu max,-cx16 -smp 2 -m 2048 \
		-display none -nodefaults -no-reboot -serial stdio -kernel "$CACHE/$1/vmlinuz" -initrd "$WORK/initramfs" \
		-append 'console=ttyS0 quiet panic=-1 no_timer_check' </dev/null
}

here() {
	nice -n 10 java -Xmx512m -Dloom.bpf="$LOOM_ROOT/bpf-objects" \
		-cp "$LOOM_ROOT/itests/bpf/target/test-classes:$(cat "$LOOM_ROOT/itests/bpf/target/test.classpath")" $MAIN
}

# try NAME COMMAND...: prints the rows of its report; fails if it has none, if something in it is not as expected, or with COMMAND.
try() {
	local name=$1 log=$WORK/$1.log begun=$SECONDS ended=0
	shift
	say "kernels: $name" >&2
	"$@" 2>&1 | sed -u 's/\r$//' >"$log" || ended=$?
	sed -n '/^kernel report begins/,/^kernel report ends/{//!p}' "$log"
	grep -q '^kernel report ends' "$log" || {
		say "not as expected: $name ended without a report; $log ends with:"
		tail -n 5 "$log"
	}
	[ "$ended" -eq 0 ] || say "not as expected: $name ended with status $ended"
	say "kernels: $name took $((SECONDS - begun)) s" >&2
	[ "$ended" -eq 0 ] && grep -q '^kernel report ends with 0$' "$log"
}

main() {
	local series chosen=("$@") status=0
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
	printf '%-26s %-10s %7s %11s %9s  %s\n' kernel object loads cases verified lacks >"$WORK/report"
	for series in "${chosen[@]}"; do
		if [ "$series" = here ]; then
			try here here >>"$WORK/report" || status=1
		else
			try "$series" boot "$series" >>"$WORK/report" || status=1
		fi
	done
	cat "$WORK/report"
	[ "$status" -eq 0 ] || die "not every kernel does what is expected of it"
}

need_root "test --kernels"
main "$@"
