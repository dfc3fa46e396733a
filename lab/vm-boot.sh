# A small virtual machine with one of Debian's kernels. Its root is this machine's file system: it reads that, and writes into its
# own memory, so that nothing has to be installed in it. Emulated in software: KVM is not everywhere. Sourced by vm.sh.
# shellcheck shell=bash disable=SC2034,SC2154 # VM is for vm.sh, vm, its process, is from there

VM_SERIES=6.12
VM_KERNEL=$CACHE/vm-$VM_SERIES
VM_MODULES=(9pnet_virtio 9p overlay virtio_net veth 8021q bonding)

# vm_kernel WORK: puts kernel and modules into the cache; those that are there stay.
vm_kernel() {
	[ "$(cat "$VM_KERNEL/complete" 2>/dev/null)" != "${VM_MODULES[*]}" ] || return 0
	local work=$1 release
	kernel_package "$VM_SERIES" amd64 "$work"
	release=$(basename "$work"/lib/modules/*)
	depmod -b "$work" "$release"
	rm -rf "$VM_KERNEL"
	mkdir -p "$VM_KERNEL/modules"
	vm_modules "$work" "$release"
	mv "$work/boot/vmlinuz-$release" "$VM_KERNEL/vmlinuz"
	printf '%s\n' "${VM_MODULES[*]}" >"$VM_KERNEL/complete"
	rm -rf "$work"
}

# vm_modules FROM RELEASE: the modules with those that they need, and the order in which to load them.
vm_modules() {
	local name kind path
	for name in "${VM_MODULES[@]}"; do
		modprobe -C /dev/null -d "$1" -S "$2" --show-depends "$name" | while read -r kind path; do
			# Some are part of the kernel.
			if [ "$kind" = insmod ] && [ ! -e "$VM_KERNEL/modules/${path##*/}" ]; then
				cp "$path" "$VM_KERNEL/modules/"
				printf '%s\n' "${path##*/}" >>"$VM_KERNEL/modules/order"
			fi
		done
	done
}

# vm_initramfs DIRECTORY FILE: made in the directory, of programs of this machine.
vm_initramfs() {
	mkdir -p "$1"/{proc,sys,dev,lower,upper,root}
	put_programs "$1" /bin/dash /bin/mount /bin/mkdir /sbin/insmod /sbin/switch_root
	cp -r "$VM_KERNEL/modules" "$1/"
	vm_init >"$1/init"
	chmod 755 "$1/init"
	(cd "$1" && find . | cpio --quiet -o -H newc) >"$2"
}

# The first process: mounts the root and becomes the program that loom.run= names on the kernel's command line. If it ends, the
# kernel panics, and the machine with it.
vm_init() {
	cat <<'INIT'
#!/bin/dash
fail() {
	echo "loom vm: $1"
	exit 1
}
export PATH=/bin:/sbin
mount -t proc proc /proc && mount -t sysfs sysfs /sys && mount -t devtmpfs dev /dev || fail 'no /proc, /sys, /dev'
exec </dev/console >/dev/console 2>&1
while read -r module; do insmod "/modules/$module" || fail "module $module"; done </modules/order
mount -t 9p -o ro,trans=virtio,version=9p2000.L,cache=loose,msize=512000 root /lower || fail 'no root'
mount -t tmpfs -o size=75% upper /upper && mkdir /upper/written /upper/work || fail 'no memory'
mount -t overlay -o lowerdir=/lower,upperdir=/upper/written,workdir=/upper/work root /root || fail 'no overlay'
read -r line </proc/cmdline
run=${line##*loom.run=}
exec switch_root /root "${run%% *}"
INIT
}

# vm_command INITRAMFS PROGRAM LOG: sets VM, a command to which more of qemu's options can be added, and which runs until the machine
# is off. Its status says nothing about what ran in it.
vm_command() {
	# cx16: 6.12 crashes on what software emulation makes of it. The check of the timer fails when the machine is busy.
	VM=(nice -n 10 qemu-system-x86_64 -machine q35 -accel "tcg,thread=multi" -cpu "max,-cx16" -smp 2 -m 3072
		-display none -nodefaults -no-reboot -serial "file:$3" -kernel "$VM_KERNEL/vmlinuz" -initrd "$1"
		-append "console=ttyS0 quiet panic=-1 no_timer_check net.ifnames=0 loom.run=$2"
		-virtfs "local,path=/,mount_tag=root,security_model=none,readonly=on,multidevs=remap")
}

# guest COMMAND: runs the line in the machine, prints what it printed, returns its status; 124 after ten minutes, or if the machine
# has ended.
guest() {
	local mark=${EPOCHREALTIME/./}
	printf '%s %s\n' "$mark" "$1" >&8
	guest_answer "$mark"
}

# What a command left that was given up is not of this one.
guest_answer() {
	local line output='' deadline=$((SECONDS + 600))
	while [ "$SECONDS" -lt "$deadline" ] && kill -0 "$vm" 2>/dev/null; do
		IFS= read -r -t 5 line <&9 || continue
		case $line in
		"loom-vm $1 "*)
			printf '%s' "$output"
			return "${line##* }"
			;;
		'loom-vm '*) output='' ;;
		?*) output+=$line$'\n' ;;
		esac
	done
	return 124
}
