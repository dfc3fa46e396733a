#!/usr/bin/env bash
# Mutants of the BPF sources against the packet tests: loom test mutation [--sample N] [--seed S] [--only FILE] [--minutes M]
set -euo pipefail
# shellcheck source=lab/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

need_root "test mutation"
mvn_loom -q -DskipTests -pl itests/bpf -am package \
	dependency:build-classpath -Dmdep.includeScope=test -Dmdep.outputFile=target/test.classpath
exec /usr/bin/python3 -B "$LOOM_ROOT/bpf-objects/test/mutation.py" "$@"
