#!/usr/bin/env bash
# Nanoseconds per packet of the program as attached, against a floor in the same run. Called by bench.sh: bench-packets.sh FILE
set -euo pipefail
# shellcheck source=lab/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

mvn_loom -q -DskipTests -pl itests/bench -am package
java -cp "$LOOM_ROOT/itests/bench/target/classes:$LOOM_ROOT/itests/bench/target/lib/*" \
	io.loom.itests.bench.Bench --json "$1"
