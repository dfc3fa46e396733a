#!/usr/bin/env bash
# Measures: loom bench [packets|peers|tables|control] [--json FILE] [OPTION...]. What each does is in lab/bench-*.sh; what follows
# the file's are options of packets, and sizes of control.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=lab/common.sh
source "$here/common.sh"

usage() { die "usage: ./loom bench [packets|peers|tables|control] [--json FILE] [OPTION of packets, SIZE of control...]"; }

subject=packets
case ${1:-} in
packets | peers | tables | control)
	subject=$1
	shift
	;;
esac
json=$LOOM_ROOT/itests/bench/target/bench-$subject.json
if [ "${1:-}" = --json ] && [ $# -ge 2 ]; then
	json=$(realpath -m "$2")
	shift 2
fi
[ $# -eq 0 ] || [[ $subject = packets || $subject = control ]] || usage
need_root bench
mkdir -p "$(dirname "$json")"
"$here/bench-$subject.sh" "$json" "$@"
say "written to $json"
