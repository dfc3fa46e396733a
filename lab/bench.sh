#!/usr/bin/env bash
# Measures: loom bench [packets|peers|tables|control] [--json FILE]. What each does is in lab/bench-*.sh.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=lab/common.sh
source "$here/common.sh"

usage() { die "usage: ./loom bench [packets|peers|tables|control] [--json FILE]"; }

subject=packets
case ${1:-} in
packets | peers | tables | control)
	subject=$1
	shift
	;;
esac
json=$LOOM_ROOT/itests/bench/target/bench-$subject.json
case "$#:${1:-}" in
0:) ;;
2:--json) json=$(realpath -m "$2") ;;
*) usage ;;
esac
need_root bench
mkdir -p "$(dirname "$json")"
"$here/bench-$subject.sh" "$json"
say "written to $json"
