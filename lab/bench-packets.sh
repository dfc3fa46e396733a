#!/usr/bin/env bash
# Nanoseconds per packet of the program as attached, against a floor in the same run: loom bench [--json FILE]
set -euo pipefail
# shellcheck source=lab/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

json=$LOOM_ROOT/itests/bench/target/bench.json
case "$#:${1:-}" in
0:) ;;
2:--json) json=$(realpath -m "$2") ;;
*) die "usage: ./loom bench [--json FILE]" ;;
esac
need_root bench
mvn_loom -q -DskipTests -pl itests/bench -am package
mkdir -p "$(dirname "$json")"
java -cp "$LOOM_ROOT/itests/bench/target/classes:$LOOM_ROOT/itests/bench/target/lib/*" \
	io.loom.itests.bench.Bench --json "$json"
say "written to $json"
