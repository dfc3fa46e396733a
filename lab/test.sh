#!/usr/bin/env bash
# Runs one level of tests, or all. Ends with the counts of every module that ran tests.
#   unit   no root needed, seconds         bpf    packet tables, compiled, loaded and run in the kernel
#   lab    namespaces and real traffic     karaf  Pax Exam boots the assembly
# --full: ten million random packets and races, where else it is one, and as many more connections.
# --kernels: every object and every packet table on Debian's kernels, in virtual machines, see lab/kernels.sh.
# --vm: cpu_affinity on network cards that have interrupts, in a virtual machine, see lab/vm.sh.
# Level mutation is no part of all: lab/mutation.sh changes the data path and counts what the BPF tests notice, lab/mutation-java.sh
# the Java code and what the unit tests notice.
set -euo pipefail
# shellcheck source=lab/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# Labs that another checkout on this machine has raised.
labs_of_others() {
	local checkout
	for checkout in /run/loom-lab/*/checkout; do
		[ ! -e "$checkout" ] || [ "$(cat "$checkout")" = "$LOOM_ROOT" ] || basename "$(dirname "$checkout")"
	done
}

# What a test of these levels could leave behind. Compared before and after; processes are told by the paths they run with.
leftovers() {
	{
		ip netns list | awk '/^loom/ { print "namespace " $1 }'
		findmnt -n -t bpf -o TARGET | while read -r mount; do
			find "$mount" -mindepth 1 -path '*loom*' 2>/dev/null | sed 's/^/pin /'
		done
		pgrep -af "$LOOM_ROOT/|/run/loom-lab/it" | sed 's/^[0-9]* /process /' | cut -c1-120 || true
	} | grep -vF -f <(echo /no-such-lab/ && labs_of_others | sed -n 's#.*#loom-&-\n/loom-lab/&/#p') | sort -u # this script is there as often as it has subshells
}

run_level() {
	case $1 in
	unit) mvn_loom verify -DskipITs ;;
	bpf | karaf) mvn_loom verify "${full[@]}" -pl "itests/$1" -am ;; # with the unit tests of what they need
	lab)
		mvn_loom -q -DskipTests package
		mvn_loom verify -pl itests/lab
		;;
	all) mvn_loom verify "${full[@]}" -Dloom.everything --fail-at-end ;;
	*) die "usage: ./loom test [--full] [unit|bpf|lab|karaf|mutation|all]" ;;
	esac
}

# Which tests failed and why, a line each, those of the modules that others are built of first.
causes() {
	find "$LOOM_ROOT" -path '*/target/*-reports/TEST-*.xml' -newer "$1" -print0 | sort -z |
		xargs -0 -r /usr/bin/python3 "$(dirname "${BASH_SOURCE[0]}")/test_causes.py" "$LOOM_ROOT"
}

counts() {
	say "tests that ran, by module (tests, failures, errors, skipped):"
	find "$LOOM_ROOT" -path '*/target/*-reports/TEST-*.xml' -newer "$1" -print0 |
		xargs -0 -r grep -ho '<testsuite [^>]*' -H |
		sed -E "s#^$LOOM_ROOT/(.*)/target/[^:]*:.* tests=\"([0-9]+)\".* errors=\"([0-9]+)\".* skipped=\"([0-9]+)\".* failures=\"([0-9]+)\".*#\1 \2 \5 \3 \4#" |
		awk '{ t[$1] += $2; f[$1] += $3; e[$1] += $4; s[$1] += $5; T += $2; F += $3; E += $4; S += $5 }
			END { for (m in t) printf "  %-34s %5d %3d %3d %3d\n", m, t[m], f[m], e[m], s[m] | "sort"; close("sort")
			      printf "  %-34s %5d %3d %3d %3d\n", "all", T, F, E, S }'
}

# Labs of tests that could not clean up, because their process was ended from outside.
finish() {
	rm -f "$started" "$before" "$after"
	remove_empty "$HOME"/.pax/exam "$HOME"/.pax "$HOME"/.cache/JNA/temp "$HOME"/.cache/JNA # by Pax Exam and JNA
	local lab
	for lab in /run/loom-lab/it*; do
		[ "$(cat "$lab/checkout" 2>/dev/null)" != "$LOOM_ROOT" ] || LOOM_LAB=${lab##*/} "$LOOM_ROOT/lab/lab.sh" down
	done
}

full=()
if [ "${1:-}" = --full ]; then
	full=(-Dloom.full=true -Dloom.patience=7200)
	shift
fi
if [ "${1:-}" = --kernels ]; then
	"$(dirname "${BASH_SOURCE[0]}")/setup.sh" --kernels
	exec "$(dirname "${BASH_SOURCE[0]}")/kernels.sh" "${@:2}"
fi
if [ "${1:-}" = --vm ]; then
	[ $# -eq 1 ] || die "usage: ./loom test --vm"
	"$(dirname "${BASH_SOURCE[0]}")/setup.sh" --kernels
	exec "$(dirname "${BASH_SOURCE[0]}")/vm.sh"
fi
level=${1:-all}
if [ "$level" = mutation ] && [ "${2:-}" = java ]; then
	exec "$(dirname "${BASH_SOURCE[0]}")/mutation-java.sh" "${@:3}"
fi
[ "$level" != mutation ] || exec "$(dirname "${BASH_SOURCE[0]}")/mutation.sh" "${@:2}"
if [ "$level" = unit ]; then
	"$LOOM_ROOT/lab/setup.sh" --packages
else
	need_root test
	"$LOOM_ROOT/lab/setup.sh"
fi
started=$(mktemp)
before=$(mktemp)
after=$(mktemp)
trap finish EXIT
trap 'exit 130' INT TERM
leftovers >"$before"
status=0
run_level "$level" || status=$?
counts "$started"
[ "$status" -eq 0 ] || causes "$started"
leftovers >"$after"
if ! comm -13 "$before" "$after" | sed 's/^/left behind: /' | grep .; then
	say "no namespace, pin or process is left"
else
	[ "$status" -ne 0 ] || status=1
fi
[ "$status" -eq 0 ] || die "tests failed"
