# Shared by ./loom and the scripts in lab/: messages, prerequisites, and the names that belong to one lab.
# Sourced, never run. Sets LOOM_ROOT unless the caller did, LAB, RUN and HOSTS.
# shellcheck shell=bash disable=SC2034 # what is set here is used by those who source it

LOOM_ROOT=${LOOM_ROOT:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)}
LAB=${LOOM_LAB:-lab}
RUN=/run/loom-lab/$LAB
BACKENDS=(backend1 backend2 backend3)
HOSTS=(client balancer "${BACKENDS[@]}")
ASSEMBLY=$LOOM_ROOT/karaf-assembly/target/assembly

# The Java that Maven takes is the Java that everything takes.
[ -z "${JAVA_HOME:-}" ] || PATH=$JAVA_HOME/bin:$PATH

say() { printf '%s\n' "$*"; }

die() {
	printf 'loom: %s\n' "$*" >&2
	exit 1
}

need_root() {
	[ "$(id -u)" -eq 0 ] || die "'$1' needs root (it installs packages, makes network namespaces or loads BPF programs): sudo ./loom $1"
}

need_tools() {
	local tool missing=()
	for tool in "$@"; do
		command -v "$tool" >/dev/null || missing+=("$tool")
	done
	[ ${#missing[@]} -eq 0 ] || die "not installed: ${missing[*]}; run ./loom setup"
}

need_assembly() {
	[ -x "$ASSEMBLY/bin/loomd" ] || die "$ASSEMBLY is not built; run ./loom build"
}

# The network namespace of a host of this lab. Lab names are short: they become part of every namespace's name.
netns_of() { printf 'loom-%s-%s' "$LAB" "$1"; }

# on HOST CMD...: runs a command on a host of the lab. Mounts made by the caller stay visible, /sys is the host's own.
on() {
	local host=$1
	shift
	ip netns exec "$(netns_of "$host")" "$@"
}

# retry SECONDS CMD...: until the command succeeds; fails after so many seconds. Output of failures is dropped.
retry() {
	local deadline=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		sleep 0.1
	done
}

# remove_empty DIRECTORY...: those that exist and that nobody else has put something into.
remove_empty() {
	local directory
	for directory in "$@"; do
		[ ! -d "$directory" ] || rmdir --ignore-fail-on-non-empty "$directory"
	done
}

mvn_loom() {
	local flags
	read -ra flags <<<"${LOOM_MVN_FLAGS:-}"
	(cd "$LOOM_ROOT" && mvn -B -ntp "${flags[@]}" "$@")
}
