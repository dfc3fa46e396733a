#!/usr/bin/env bash
# Nanoseconds per packet of the program as attached, against a floor in the same run. Called by bench.sh: bench-packets.sh FILE [OPTION...]
# with options of io.loom.itests.bench.Arguments. It has a network namespace of its own, for the veth of the live frames.
set -euo pipefail
# shellcheck source=lab/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

mvn_loom -q -DskipTests -pl itests/bench -am package
unshare --net java -Xmx512m -cp "$LOOM_ROOT/itests/bench/target/classes:$LOOM_ROOT/itests/bench/target/lib/*" \
	io.loom.itests.bench.Bench --live --json "$1" "${@:2}"
