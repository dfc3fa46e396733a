#!/usr/bin/env bash
# The last step of booting the virtual machine of vm.sh, and all that runs there: one command after the other, as they come over a
# serial line that nothing else uses. A line is a number and a command; what it printed is followed by the number and its status.
export HOME=/root LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t bpf bpf /sys/fs/bpf
ip link set lo up
stty -F /dev/ttyS1 raw -echo
exec </dev/ttyS1 >/dev/ttyS1 2>&1
printf '\nloom-vm 0 0\n' # it listens
while read -r number line; do
	eval "$line" </dev/null
	printf '\nloom-vm %s %s\n' "$number" $?
done
